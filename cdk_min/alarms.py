"""The alarms that a mail reports."""

from aws_cdk import Acknowledgment, Duration, Stack, Validations
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_cloudwatch_actions as actions
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from schedule_group import ScheduleGroup

PERIOD = Duration.minutes(5)
STUCK_SECONDS = 1800
"""The age of a failed post that raises the alarm.

SQS leaves a message out of the age that it delivered three times without success, which here is after 45 minutes.
"""


class Alarms(Construct):
    """A topic that mails to one address when an alarm goes off. AWS first asks the owner of the address to confirm."""

    def __init__(self, scope: Construct, name: str, email: str) -> None:
        super().__init__(scope, name)
        topic = sns.Topic(self, "Topic", display_name="Punctual")
        topic.add_subscription(subscriptions.EmailSubscription(email))
        Validations.of(topic).acknowledge(
            Acknowledgment(
                id="AwsSolutions-SNS3",
                reason="Only CloudWatch of this account publishes, with TLS. A policy would replace the default one.",
            )
        )
        self._mail = actions.SnsAction(topic)

    def watch_posts(self, group: ScheduleGroup) -> None:
        """Report posts that never reached the relay, and those that its log counts as missed or failed."""
        self._report("Dropped", group.dropped(PERIOD), 1, "EventBridge Scheduler could not deliver posts to the relay.")
        self._report("Missed", self._counted("Missed"), 1, "Posts were missed: it was too late to publish them.")
        self._report("Failed", self._counted("Failed"), 1, "Posts failed, and it is too late to try again.")

    def watch_function(self, name: str, function: lambda_.Function, *, errors: int) -> None:
        """Report this many errors of a function within 15 minutes, and any request beyond its concurrency."""
        failed = function.metric_errors(period=Duration.minutes(15), statistic="Sum")
        self._report(f"{name}Errors", failed, errors, f"Punctual's function {name} failed. Its log names the reason.")
        throttled = function.metric_throttles(period=PERIOD, statistic="Sum")
        reason = f"Posts wait, because Punctual's function {name} needs more concurrency: raise the account's quota."
        self._report(f"{name}Throttles", throttled, 1, reason)

    def watch_retries(self, relay: lambda_.Function) -> None:
        """Report posts that Lambda gave up after its retries, of a relay without an on-failure queue."""
        dropped = relay.metric("AsyncEventsDropped", period=PERIOD, statistic="Sum")
        self._report("GivenUp", dropped, 1, "Posts failed three times. History names them.")

    def watch_redelivery(self, queue: sqs.Queue) -> None:
        """Report posts that keep failing, of a relay with an on-failure queue."""
        age = queue.metric_approximate_age_of_oldest_message(period=PERIOD, statistic="Maximum")
        self._report("Stuck", age, STUCK_SECONDS, "A post has failed for half an hour. History names the reason.")

    def report(self, alarm: cloudwatch.Alarm) -> None:
        """Mail when another construct's alarm goes off."""
        alarm.add_alarm_action(self._mail)

    def _counted(self, name: str) -> cloudwatch.Metric:
        """Return a metric that the relay's log carries."""
        stack = {"Stack": Stack.of(self).stack_name}
        return cloudwatch.Metric(
            namespace="Punctual", metric_name=name, dimensions_map=stack, statistic="Sum", period=PERIOD
        )

    def _report(self, name: str, metric: cloudwatch.IMetric, threshold: int, description: str) -> None:
        alarm = cloudwatch.Alarm(
            self,
            name,
            metric=metric,
            threshold=threshold,
            evaluation_periods=1,
            comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
            treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
            alarm_description=description,
        )
        self.report(alarm)
