"""A Python function on AWS Lambda, with its role and its log group."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct
from role import InlineRole


class PythonFunction(Construct):
    """A construct for one function on ARM. Its role may write to its log group, which keeps logs for three months."""

    def __init__(self, scope: Construct, name: str, **options: object) -> None:
        """Create the function with further options of `aws_lambda.Function`."""
        super().__init__(scope, name)
        log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = InlineRole(
            self,
            "Role",
            principal=iam.ServicePrincipal("lambda.amazonaws.com"),
            description=f"The role of Punctual's function {name}.",
        )
        self.role.allow(["logs:CreateLogStream", "logs:PutLogEvents"], log_group.log_group_arn)
        self.function = lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            role=self.role.without_policy_updates(),
            log_group=log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            **options,
        )

    def set_environment(self, **variables: str) -> None:
        """Set further environment variables."""
        for name, value in variables.items():
            self.function.add_environment(name, value)
