"""The relay function."""

from pathlib import Path

from aws_cdk import Duration, IgnoreMode
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_event_sources as event_sources
from constructs import Construct
from python_function import PythonFunction
from queues import DeadLetterQueue, OnFailureQueue

REPOSITORY = Path(__file__).resolve().parent.parent
MAX_WAIT_SECONDS, MAX_REQUEST_SECONDS, REPORTING_SECONDS = 90, 50, 10
"""The longest wait and the longest request of the relay, and the time left to record the result."""


class Relay(PythonFunction):
    """lambda_pkg as a function. Lambda repeats a failed event twice."""

    def __init__(self, scope: Construct, name: str, *, environment: dict[str, str]) -> None:
        super().__init__(
            scope,
            name,
            description="Waits for a post's due instant, signs the post and sends it to the posting server.",
            handler="lambda_pkg.handler.handle",
            code=self._code(),
            memory_size=128,
            timeout=Duration.seconds(MAX_WAIT_SECONDS + MAX_REQUEST_SECONDS + REPORTING_SECONDS),
            environment=environment,
        )
        self._retries = lambda_.EventInvokeConfig(
            self.function,
            "EventInvokeConfig",
            function=self.function,
            retry_attempts=2,
            max_event_age=Duration.seconds(900),
        ).node.default_child

    def keep_receipts(self, table: dynamodb.ITable) -> None:
        """Record the result of each attempt in a table, and count the attempts there."""
        self.set_environment(TABLE_NAME=table.table_name)
        self.role.allow(["dynamodb:PutItem", "dynamodb:Query"], table.table_arn)

    def redeliver(self, failures: OnFailureQueue, dead_letters: DeadLetterQueue) -> None:
        """Send an event that failed three times to `failures`, which invokes the relay with it again.

        An unreadable event goes to `dead_letters` at once.
        """
        self._retries.destination_config = lambda_.CfnEventInvokeConfig.DestinationConfigProperty(
            on_failure=lambda_.CfnEventInvokeConfig.OnFailureProperty(destination=failures.queue_arn)
        )
        self.function.add_event_source(event_sources.SqsEventSource(failures, batch_size=1))
        self.set_environment(DEAD_LETTER_URL=dead_letters.queue_url)
        self.role.allow(["sqs:SendMessage"], failures.queue_arn, dead_letters.queue_arn)
        self.role.allow(["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], failures.queue_arn)

    @staticmethod
    def _code() -> lambda_.Code:
        """Return a zip with the folder lambda_pkg, whose modules import each other by that name."""
        return lambda_.Code.from_asset(
            str(REPOSITORY),
            exclude=["/*", "!/lambda_pkg", "/lambda_pkg/*", "!/lambda_pkg/*.py"],
            ignore_mode=IgnoreMode.GIT,
        )
