"""A Python function on AWS Lambda, with its role and its log group."""

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from constructs import Construct


class PythonFunction(Construct):
    """A construct for one function. Its role may write to its log group, which keeps logs for three months."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self._log_group = logs.LogGroup(
            self, "Log", retention=logs.RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = iam.Role(self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
        self._log_group.grant_write(self.role)

    def add_function(self, **options: object) -> lambda_.Function:
        """Create the function on ARM, with logs in JSON and further options of `aws_lambda.Function`."""
        return lambda_.Function(
            self,
            "Function",
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            role=self.role,
            log_group=self._log_group,
            logging_format=lambda_.LoggingFormat.JSON,
            **options,
        )
