"""What the dashboard's principal may do, and no more: attach this policy to the user or role it runs as."""

from accounts import AccountsPath
from aws_cdk import Acknowledgment, Validations
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_secretsmanager as secretsmanager
from aws_cdk import aws_sqs as sqs
from constructs import Construct
from ledger import INDEXES
from media import MEDIA, named_by_content
from schedule_group import ScheduleGroup


class DashboardPolicy(iam.ManagedPolicy):
    """Least privilege over this one stack: each method allows one thing that the dashboard does."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name, description="For the principal that Punctual's dashboard runs as.")
        self._allow("ConnectByStackName", ["cloudformation:DescribeStacks"], self.stack.stack_id)
        self._allow("ListSchedules", ["scheduler:ListSchedules"], "*")
        self._allow(
            "WarnOfQuotas",
            ["cloudwatch:GetMetricStatistics", "lambda:GetAccountSettings", "servicequotas:ListServiceQuotas"],
            "*",
        )
        self._allow("CheckRedelivery", ["lambda:ListEventSourceMappings"], "*")
        self._acknowledge("*", "These actions read alone, and take no resource or none that is ours to name.")

    def schedule_posts(self, group: ScheduleGroup) -> None:
        """Make, read, change and delete the schedules of one group, which run as its role."""
        one = ["CreateSchedule", "GetSchedule", "UpdateSchedule", "DeleteSchedule"]
        self._allow("Schedules", [f"scheduler:{action}" for action in one], group.schedules_arn)
        self._acknowledge(
            f"arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:schedule/{group.name}/*",
            "Schedules are named after their posts, when these are written.",
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

    def post_now(self, function: lambda_.Function) -> None:
        """Invoke the relay without a schedule, and look at how it is configured, and how much of it may run."""
        looks = ["GetFunctionConfiguration", "GetFunctionConcurrency", "GetFunctionEventInvokeConfig"]
        self._allow(
            "PostNow",
            ["lambda:InvokeFunction", *(f"lambda:{action}" for action in looks)],
            function.function_arn,
        )

    def look_at_posting_server(self, function: lambda_.Function) -> None:
        """Look at how the posting server is configured, and how much of it may run; never invoke it."""
        self._allow(
            "CheckPostingServer",
            ["lambda:GetFunctionConfiguration", "lambda:GetFunctionConcurrency"],
            function.function_arn,
        )

    def keep_the_ledger(self, table: dynamodb.Table) -> None:
        """Read and write the table and its index; never scan, never change the table itself."""
        self._allow(
            "Ledger",
            [f"dynamodb:{action}" for action in ("BatchGetItem", "Query", "PutItem", "DescribeTable")],
            table.table_arn,
            *(f"{table.table_arn}/index/{name}" for name in INDEXES),
        )

    def keep_media(self, bucket: s3.Bucket) -> None:
        """Put, read and delete pictures and videos, and list what there is."""
        objects = bucket.arn_for_objects(MEDIA)
        self._allow("Media", ["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], objects)
        self._allow("ListMedia", ["s3:ListBucket"], bucket.bucket_arn)
        Validations.of(self).acknowledge(named_by_content(bucket))

    def keep_accounts(self, path: AccountsPath) -> None:
        """Keep the accounts that people connect, with their credentials, and read them back."""
        self._allow("ListAccounts", ["ssm:GetParametersByPath"], path.arn)
        self._allow("Accounts", ["ssm:PutParameter", "ssm:DeleteParameters"], path.parameters_arn)
        self._acknowledge(
            f"arn:<AWS::Partition>:ssm:<AWS::Region>:<AWS::AccountId>:parameter{path.name}/*",
            "Accounts are named when people connect them.",
        )

    def verify_signatures(self, secret: secretsmanager.Secret) -> None:
        """Read the signing secret: the dashboard's own server verifies what the relay signed."""
        self._allow("SigningSecret", ["secretsmanager:GetSecretValue"], secret.secret_arn)

    def sort_out_failures(self, failures: sqs.Queue, dead_letters: list[sqs.Queue]) -> None:
        """See how much lies in every queue; read and delete what lies in those of dead letters."""
        self._allow(
            "CountFailures", ["sqs:GetQueueAttributes"], *(queue.queue_arn for queue in [failures, *dead_letters])
        )
        self._allow(
            "DeadLetters",
            ["sqs:ReceiveMessage", "sqs:ChangeMessageVisibility", "sqs:DeleteMessage"],
            *(queue.queue_arn for queue in dead_letters),
        )

    def _allow(self, sid: str, actions: list[str], *resources: str) -> None:
        self.add_statements(iam.PolicyStatement(sid=sid, actions=actions, resources=list(resources)))

    def _acknowledge(self, resource: str, reason: str) -> None:
        """Tell cdk-nag why a wildcard stands in this policy."""
        Validations.of(self).acknowledge(Acknowledgment(id=f"AwsSolutions-IAM5[Resource::{resource}]", reason=reason))
