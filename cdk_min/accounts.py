"""The path of the connected accounts in Parameter Store, which the dashboard writes."""

from aws_cdk import Stack


class AccountsPath:
    """The path and its ARNs. The stack creates no parameter, because it must not hold credentials."""

    def __init__(self, stack: Stack) -> None:
        self.name = f"/punctual/{stack.stack_name}/accounts"
        below = self.name.removeprefix("/")
        self.arn = stack.format_arn(service="ssm", resource="parameter", resource_name=below)
        """The resource of listing the accounts."""
        self.parameters_arn = stack.format_arn(service="ssm", resource="parameter", resource_name=f"{below}/*")
        """The resources of reading and writing single accounts."""
