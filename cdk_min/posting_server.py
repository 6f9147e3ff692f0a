"""The posting server as a Lambda function: it publishes posts while all your machines are off."""

from pathlib import Path

from accounts import AccountsPath
from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct
from media import MEDIA_KEYS, acknowledge_media_keys
from posting_package import ENTRY
from python_function import PythonFunction

TIMEOUT_SECONDS = 900
"""The longest timeout of Lambda. The deadline of a network is 25 s, and the relay waits for 45 s.

The function publishes the parts of a thread one after another, and a part that a timeout interrupts is unconfirmed. So
the function continues after the relay's deadline, and the relay repeats its request later.
"""
MEMORY_MB = 1024
"""Lambda gives less memory a smaller share of a processor, and the function then takes seconds to start."""


class PostingServer(PythonFunction):
    """The posting function behind a public function URL. It publishes only requests that the relay signed."""

    def __init__(
        self, scope: Construct, name: str, *, package: Path, concurrency: int, environment: dict[str, str]
    ) -> None:
        """Create the function. It reserves `concurrency` of the account's quota, and strangers cannot use more."""
        super().__init__(scope, name)
        self.function = self.add_function(
            description="Publishes the posts that the relay sends, once per destination.",
            handler=f"{ENTRY}.handle",
            code=lambda_.Code.from_asset(str(package)),
            memory_size=MEMORY_MB,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
            reserved_concurrent_executions=concurrency,
            environment=environment,
        )
        # add_function_url also grants everyone lambda:InvokeFunctionUrl, and lambda:InvokeFunction through the URL
        # only. Since October 2025, a public URL needs both.
        self.url = self.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.NONE).url

    def grant_media(self, bucket: s3.Bucket) -> None:
        """Allow reading the media of posts, and listing the bucket, which tells a missing object from a denied one."""
        self._allow("s3:GetObject", bucket.arn_for_objects(MEDIA_KEYS))
        self._allow("s3:ListBucket", bucket.bucket_arn)
        acknowledge_media_keys(self.role, bucket)

    def grant_accounts(self, path: AccountsPath) -> None:
        """Allow reading the connected accounts with their credentials."""
        self._allow("ssm:GetParametersByPath", path.arn)

    def _allow(self, action: str, resource: str) -> None:
        self.role.add_to_policy(iam.PolicyStatement(actions=[action], resources=[resource]))
