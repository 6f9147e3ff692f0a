"""The posting server as a function, so that posts go out with every machine of one's own switched off."""

from pathlib import Path

from accounts import AccountsPath
from aws_cdk import Duration, RemovalPolicy, Validations
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from constructs import Construct
from media import MEDIA, named_by_content
from posting_package import ENTRY

LONGEST_THREAD = 900
"""Seconds, the most there is. A network is given up after 25, and the relay waits for 45; but the parts of a thread go
out one after the other, and one that is cut off while it is published would be unconfirmed. So the function goes on
after the relay has hung up, and is asked again later.
"""
MEMORY = 1024
"""MB. With less, the processor's share is so small that the first post after a pause takes seconds to start."""


class PostingServer(Construct):
    """core.publishing behind a function URL. Anybody may call it, and only what the relay signed is published."""

    def __init__(
        self, scope: Construct, name: str, *, package: Path, concurrency: int, environment: dict[str, str]
    ) -> None:
        """`concurrency` is taken from what the account has, and is as much as strangers' requests can take up."""
        super().__init__(scope, name)
        log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description="Publishes the posts that the relay hands over, each once.",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"{ENTRY}.handle",
            code=lambda_.Code.from_asset(str(package)),
            role=self.role,
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            memory_size=MEMORY,
            timeout=Duration.seconds(LONGEST_THREAD),
            reserved_concurrent_executions=concurrency,
            environment=environment,
        )
        # Also grants everybody lambda:InvokeFunctionUrl, and lambda:InvokeFunction by way of the URL alone: both are
        # needed since October 2025.
        self.url = self.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE).url

    def read_media(self, bucket: s3.Bucket) -> None:
        """Let it fetch the pictures and videos that posts refer to, and tell a missing one from a forbidden one."""
        self._allow("s3:GetObject", bucket.arn_for_objects(MEDIA))
        self._allow("s3:ListBucket", bucket.bucket_arn)
        Validations.of(self.role).acknowledge(named_by_content(bucket))

    def read_accounts(self, path: AccountsPath) -> None:
        """Let it read the connected accounts, with their credentials."""
        self._allow("ssm:GetParametersByPath", path.arn)

    def _allow(self, action: str, resource: str) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
