"""The relay function, and the queues that keep its failed events."""

from pathlib import Path

from aws_cdk import Acknowledgment, Duration, IgnoreMode, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_lambda_destinations as destinations
from aws_cdk import aws_lambda_event_sources as event_sources
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from python_function import PythonFunction

REPOSITORY = Path(__file__).resolve().parent.parent
MAX_WAIT_SECONDS, MAX_REQUEST_SECONDS, REPORTING_SECONDS = 90, 50, 10
"""The longest wait and the longest request of the relay, and the time left to record the result."""
REDELIVERIES = 192
"""One every 15 minutes for two days. A moved event keeps its age: the dead-letter queue holds it 12 more days."""

TLS_ONLY = Acknowledgment(
    id="AwsSolutions-SQS4",
    reason="Only roles of this account may use the queue, and AWS's services and SDKs use TLS only.",
)


def dead_letter_queue(scope: Construct, name: str) -> sqs.Queue:
    """Create a queue of undeliverable events, with an alarm that is on while the queue holds any."""
    queue = sqs.Queue(scope, name, encryption=sqs.QueueEncryption.SQS_MANAGED, retention_period=Duration.days(14))
    cloudwatch.Alarm(
        scope,
        f"{name}Alarm",
        metric=queue.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum"),
        threshold=1,
        evaluation_periods=1,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
        alarm_description="Punctual could not deliver or read these posts. See them on the Health page.",
    )
    Validations.of(queue).acknowledge(
        Acknowledgment(id="AwsSolutions-SQS3", reason="It is the dead-letter queue of another queue."),
        TLS_ONLY,
    )
    return queue


class Relay(PythonFunction):
    """lambda_pkg as a function. Lambda retries a failed event twice; then the on-failure queue redelivers it."""

    def __init__(self, scope: Construct, name: str, *, environment: dict[str, str]) -> None:
        super().__init__(scope, name)
        self.dead_letters = dead_letter_queue(self, "DeadLetters")
        self.failures = self._create_on_failure_queue()
        self.dead_letters.grant_send_messages(self.role)
        self.function = self.add_function(
            description="Waits for a post's due instant, signs the post and sends it to the posting server.",
            handler="lambda_pkg.handler.handle",
            code=self._code(),
            memory_size=128,
            timeout=Duration.seconds(MAX_WAIT_SECONDS + MAX_REQUEST_SECONDS + REPORTING_SECONDS),
            retry_attempts=2,
            max_event_age=Duration.seconds(900),
            on_failure=destinations.SqsDestination(self.failures),
            environment={**environment, "DEAD_LETTER_URL": self.dead_letters.queue_url},
        )
        self.function.add_event_source(event_sources.SqsEventSource(self.failures, batch_size=1))

    def _create_on_failure_queue(self) -> sqs.Queue:
        """Create the on-failure queue. It redelivers each event every 15 minutes until the relay finishes it."""
        queue = sqs.Queue(
            self,
            "Failures",
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            delivery_delay=Duration.seconds(900),
            visibility_timeout=Duration.seconds(900),
            retention_period=Duration.days(14),
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters, max_receive_count=REDELIVERIES),
        )
        Validations.of(queue).acknowledge(TLS_ONLY)
        return queue

    @staticmethod
    def _code() -> lambda_.Code:
        """Return a zip with the folder lambda_pkg, whose modules import each other by that name."""
        return lambda_.Code.from_asset(
            str(REPOSITORY),
            exclude=["/*", "!/lambda_pkg", "/lambda_pkg/*", "!/lambda_pkg/*.py"],
            ignore_mode=IgnoreMode.GIT,
        )
