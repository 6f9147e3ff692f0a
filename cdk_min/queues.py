"""The queues of posts that failed: the on-failure queue of the relay, and dead-letter queues."""

from aws_cdk import Acknowledgment, Duration, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_sqs as sqs
from constructs import Construct

KEPT = Duration.days(14)
REDELIVERED_EVERY = Duration.seconds(900)
REDELIVERIES = 192
"""One every 15 minutes for two days. A moved event keeps its age: the dead-letter queue holds it 12 more days."""

TLS_ONLY = Acknowledgment(
    id="AwsSolutions-SQS4",
    reason="Only roles of this account may use the queue, and AWS's services and SDKs use TLS only.",
)


class DeadLetterQueue(sqs.Queue):
    """A queue of undeliverable events, with an alarm that is on while the queue holds any."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name, encryption=sqs.QueueEncryption.SQS_MANAGED, retention_period=KEPT)
        self.alarm = cloudwatch.Alarm(
            self,
            "Alarm",
            metric=self.metric_approximate_number_of_messages_visible(period=Duration.minutes(1), statistic="Maximum"),
            threshold=1,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description="Punctual could not deliver or read these posts. See them on the Health page.",
        )
        Validations.of(self).acknowledge(
            Acknowledgment(id="AwsSolutions-SQS3", reason="It is the dead-letter queue of another queue."),
            TLS_ONLY,
        )


class OnFailureQueue(sqs.Queue):
    """A queue that delivers each event every 15 minutes until its consumer finishes it."""

    def __init__(self, scope: Construct, name: str, dead_letters: DeadLetterQueue) -> None:
        super().__init__(
            scope,
            name,
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            delivery_delay=REDELIVERED_EVERY,
            visibility_timeout=REDELIVERED_EVERY,
            retention_period=KEPT,
            dead_letter_queue=sqs.DeadLetterQueue(queue=dead_letters, max_receive_count=REDELIVERIES),
        )
        Validations.of(self).acknowledge(TLS_ONLY)
