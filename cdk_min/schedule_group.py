"""The schedule group of Punctual, and the role of its schedules."""

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct


class ScheduleGroup(Construct):
    """An empty group, in which the dashboard creates the schedules. Deleting the group deletes them."""

    def __init__(
        self, scope: Construct, name: str, *, group_name: str, target: lambda_.Function, dead_letters: sqs.Queue
    ) -> None:
        super().__init__(scope, name)
        scheduler.ScheduleGroup(self, "Group", schedule_group_name=group_name, removal_policy=RemovalPolicy.DESTROY)
        stack = Stack.of(self)
        self.name = group_name
        self.arn = stack.format_arn(service="scheduler", resource="schedule-group", resource_name=group_name)
        self.schedules_arn = stack.format_arn(service="scheduler", resource="schedule", resource_name=f"{group_name}/*")
        self.execution_role = self._execution_role(target, dead_letters)

    def _execution_role(self, target: lambda_.Function, dead_letters: sqs.Queue) -> iam.Role:
        """Return the role that only schedules of this group may assume, to invoke one function.

        The trust policy names the group, because the scheduler rejects a role that names a schedule.
        """
        only_this_group = {"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID, "aws:SourceArn": self.arn}}
        role = iam.Role(
            self,
            "ExecutionRole",
            description="The role of Punctual's schedules.",
            assumed_by=iam.ServicePrincipal("scheduler.amazonaws.com", conditions=only_this_group),
        )
        role.add_to_policy(iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[target.function_arn]))
        role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[dead_letters.queue_arn]))
        return role
