"""The policy of the dashboard: attach it to the user or role that the dashboard runs as."""

from accounts import AccountsPath
from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from ledger import arns
from media import MEDIA_KEYS, acknowledge_media_keys
from schedule_group import ScheduleGroup


class DashboardPolicy(iam.ManagedPolicy):
    """Least privilege over one stack. Each method allows one task of the dashboard."""

    def __init__(self, scope: Construct, name: str) -> None:
        # A new description would replace the policy, which users attached to their roles.
        super().__init__(scope, name, description="For the principal that Punctual's dashboard runs as.")
        self._allow_connecting()
        self._allow("ListSchedules", ["scheduler:ListSchedules"], "*")
        self._allow("CheckTheSecretIsStored", ["ssm:DescribeParameters"], "*")
        self._allow(
            "WarnOfQuotas",
            ["cloudwatch:GetMetricStatistics", "lambda:GetAccountSettings", "servicequotas:ListServiceQuotas"],
            "*",
        )
        self._acknowledge("*", "These actions only read, and take no resource or none of this stack.")

    def allow_schedules(self, group: ScheduleGroup) -> None:
        """Allow creating, reading, updating and deleting the schedules of the group, which run as its role."""
        operations = ["CreateSchedule", "GetSchedule", "UpdateSchedule", "DeleteSchedule"]
        self._allow("Schedules", [f"scheduler:{operation}" for operation in operations], group.schedules_arn)
        self._acknowledge(
            f"arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/{group.name}/*",
            "A schedule's name holds the id of its post, which is unknown at deployment.",
        )
        self._allow("ScheduleGroup", ["scheduler:GetScheduleGroup"], group.arn)
        self.add_statements(
            iam.PolicyStatement(
                sid="LetSchedulesRun",
                actions=["iam:PassRole"],
                resources=[group.execution_role.role_arn],
                conditions={"StringEquals": {"iam:PassedToService": "scheduler.amazonaws.com"}},
            )
        )
        self._allow("CheckTheRole", ["iam:GetRole", "iam:SimulatePrincipalPolicy"], group.execution_role.role_arn)

    def allow_post_now(self, function: lambda_.Function) -> None:
        """Allow invoking the relay without a schedule, and reading its configuration and concurrency."""
        reads = ["GetFunctionConfiguration", "GetFunctionConcurrency", "GetFunctionEventInvokeConfig"]
        self._allow(
            "PostNow",
            ["lambda:InvokeFunction", *(f"lambda:{operation}" for operation in reads)],
            function.function_arn,
        )

    def allow_posting_server_checks(self, function: lambda_.Function) -> None:
        """Allow reading the posting function's configuration and concurrency, but not invoking it."""
        self._allow(
            "CheckPostingServer",
            ["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"],
            function.function_arn,
        )

    def allow_ledger(self, table: dynamodb.ITable) -> None:
        """Allow reading and writing the table and its indexes, but neither scanning nor changing the table."""
        operations = ("BatchGetItem", "Query", "PutItem", "ConditionCheckItem", "DescribeTable")
        self._allow("Ledger", [f"dynamodb:{operation}" for operation in operations], *arns(table))

    def allow_media(self, bucket: s3.IBucket) -> None:
        """Allow storing, reading, deleting and listing pictures and videos."""
        objects = bucket.arn_for_objects(MEDIA_KEYS)
        self._allow("Media", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], objects)
        self._allow("ListMedia", ["s3:ListBucket"], bucket.bucket_arn)
        acknowledge_media_keys(self, bucket)

    def allow_accounts(self, path: AccountsPath) -> None:
        """Allow storing, reading and deleting connected accounts with their credentials."""
        self._allow("ListAccounts", ["ssm:GetParametersByPath"], path.arn)
        self._allow("Accounts", ["ssm:PutParameter", "ssm:DeleteParameters"], path.parameters_arn)
        self._acknowledge(
            f"arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter{path.name}/*",
            "People name the accounts when they connect them.",
        )

    def allow_failure_queues(self, failures: sqs.Queue, dead_letters: list[sqs.Queue]) -> None:
        """Allow counting the messages of every queue, reading and deleting dead letters, and checking redelivery."""
        self._allow("CheckRedelivery", ["lambda:ListEventSourceMappings"], "*")
        self._allow(
            "CountFailures", ["sqs:GetQueueAttributes"], *(queue.queue_arn for queue in [failures, *dead_letters])
        )
        self._allow(
            "DeadLetters",
            ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"],
            *(queue.queue_arn for queue in dead_letters),
        )

    def _allow_connecting(self) -> None:
        """Allow reading the stack's outputs by its name. AWS checks `stack/<name>/*` until it knows the stack's id."""
        stack = self.stack
        named = stack.format_arn(service="cloudformation", resource="stack", resource_name=f"{stack.stack_name}/*")
        self._allow("ConnectByStackName", ["cloudformation:DescribeStacks"], named)
        self._acknowledge(
            f"arn:<AWS::Partition>:cloudformation:<AWS::Region>:<AWS::AccountId>:stack/{stack.stack_name}/*",
            "The dashboard knows the stack's name, and not the id at the end of its ARN.",
        )

    def _allow(self, sid: str, actions: list[str], *resources: str) -> None:
        self.add_statements(iam.PolicyStatement(sid=sid, actions=actions, resources=list(resources)))

    def _acknowledge(self, resource: str, reason: str) -> None:
        """Give cdk-nag the reason of a wildcard in this policy."""
        Validations.of(self).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason))
