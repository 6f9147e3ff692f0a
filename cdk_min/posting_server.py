"""The posting server as a Lambda function: it publishes posts while all your machines are off."""

from pathlib import Path

from accounts import AccountsPath
from aws_cdk import Duration
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from constructs import Construct
from media import MEDIA_KEYS, acknowledge_media_keys
from posting_package import ENTRY
from python_function import PythonFunction
from relay import Relay

TIMEOUT_SECONDS = 900
"""The longest timeout of Lambda. The deadline of a network is 25 s, and the relay waits for 45 s.

The function publishes the parts of a thread one after another, and a part that a timeout interrupts is unconfirmed. So
the function continues after the relay's deadline, and the relay repeats its request later.
"""
MEMORY_MB = 1024
"""Lambda gives less memory a smaller share of a processor, and the function then takes seconds to start."""


class PostingServer(PythonFunction):
    """The posting function behind a function URL. AWS refuses every request but the relay's."""

    def __init__(
        self, scope: Construct, name: str, *, package: Path, concurrency: int | None, environment: dict[str, str]
    ) -> None:
        """Create the function. It reserves `concurrency` of the account's quota, or nothing if that is None."""
        super().__init__(
            scope,
            name,
            description="Publishes the posts that the relay sends, once per destination.",
            handler=f"{ENTRY}.handle",
            code=lambda_.Code.from_asset(str(package)),
            memory_size=MEMORY_MB,
            timeout=Duration.seconds(TIMEOUT_SECONDS),
            reserved_concurrent_executions=concurrency,
            environment=environment,
        )
        self.url = self.function.add_function_url(auth_type=lambda_.FunctionUrlAuthType.AWS_IAM).url

    def admit(self, relay: Relay) -> None:
        """Let the relay invoke the function, through its URL only. Since October 2025, a URL needs both actions."""
        relay.set_environment(POSTING_AUTH="aws_iam")
        arn = self.function.function_arn
        with_iam = {"StringEquals": {"lambda:FunctionUrlAuthType": "AWS_IAM"}}
        relay.role.allow(["lambda:InvokeFunctionUrl"], arn, conditions=with_iam)
        through_url = {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}}
        relay.role.allow(["lambda:InvokeFunction"], arn, conditions=through_url)

    def allow_ledger(self, table: dynamodb.ITable) -> None:
        """Allow reading and writing claims, results and the outbox."""
        self.role.allow(["dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:PutItem"], table.table_arn)

    def allow_media(self, bucket: s3.IBucket) -> None:
        """Allow reading the media of posts, and listing the bucket, which tells a missing object from a denied one."""
        self.role.allow(["s3:GetObject"], bucket.arn_for_objects(MEDIA_KEYS))
        self.role.allow(["s3:ListBucket"], bucket.bucket_arn)
        acknowledge_media_keys(self.role, bucket)

    def allow_accounts(self, path: AccountsPath) -> None:
        """Allow reading the connected accounts with their credentials."""
        self.role.allow(["ssm:GetParametersByPath"], path.arn)
