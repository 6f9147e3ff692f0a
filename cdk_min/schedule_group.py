"""The schedule group of Punctual, and the role of its schedules."""

from aws_cdk import Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from role import InlineRole


class ScheduleGroup(Construct):
    """An empty group, in which the dashboard creates the schedules. Deleting the group deletes them.

    Only schedules of the group may assume the execution role, to invoke one function. Its trust policy names the group,
    because the scheduler rejects a role that names a schedule.
    """

    def __init__(self, scope: Construct, name: str, *, group_name: str, target: lambda_.Function) -> None:
        super().__init__(scope, name)
        self._group = scheduler.ScheduleGroup(
            self, "Group", schedule_group_name=group_name, removal_policy=RemovalPolicy.DESTROY
        )
        stack = Stack.of(self)
        self.name = group_name
        self.arn = stack.format_arn(service="scheduler", resource="schedule-group", resource_name=group_name)
        self.schedules_arn = stack.format_arn(service="scheduler", resource="schedule", resource_name=f"{group_name}/*")
        only_this_group = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self.arn}}
        self.execution_role = InlineRole(
            self,
            "ExecutionRole",
            principal=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=only_this_group),
            description="The role of Punctual's schedules.",
        )
        self.execution_role.allow(["lambda:InvokeFunction"], target.function_arn)

    def dropped(self, period: Duration) -> cloudwatch.Metric:
        """Return how many events the scheduler could not deliver in a period."""
        return self._group.metric_dropped(period=period, statistic="Sum")

    def keep_undelivered(self, queue: sqs.IQueue) -> None:
        """Let the schedules send the events that the scheduler cannot deliver to a queue."""
        self.execution_role.allow(["sqs:SendMessage"], queue.queue_arn)
