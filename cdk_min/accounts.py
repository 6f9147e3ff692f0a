"""Where the connected accounts lie: in Parameter Store, below one path, put there by the dashboard."""

from aws_cdk import Stack


class AccountsPath:
    """The path, and what IAM calls it. The stack makes no parameter itself: it must not know any credentials."""

    def __init__(self, stack: Stack) -> None:
        self.name = f"/punctual/{stack.stack_name}/accounts"
        below = self.name.removeprefix("/")
        self.arn = stack.format_arn(service="ssm", resource="parameter", resource_name=below)
        """What listing the path is allowed on."""
        self.parameters_arn = stack.format_arn(service="ssm", resource="parameter", resource_name=f"{below}/*")
        """What reading and writing single accounts is allowed on."""
