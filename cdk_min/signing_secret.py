"""The parameter of the signing secret, which the deployment writes and the functions read."""

from aws_cdk import Stack
from python_function import PythonFunction


class SigningSecretParameter:
    """The name and the ARN. CloudFormation cannot create an encrypted parameter, so the stack creates none.

    The parameter is encrypted with the account's own key for Parameter Store. That key's policy lets every principal
    decrypt that may read the parameter, so a reader needs no permission of KMS.
    """

    def __init__(self, stack: Stack) -> None:
        self.name = f"/{stack.stack_name}/signing-secret"
        self.arn = stack.format_arn(service="ssm", resource="parameter", resource_name=self.name.removeprefix("/"))

    def allow_reading(self, function: PythonFunction) -> None:
        """Let a function read the secret, and name the parameter in its environment."""
        function.set_environment(SIGNING_SECRET_PARAMETER=self.name)
        function.role.allow(["ssm:GetParameter"], self.arn)
