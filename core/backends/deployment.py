"""The resources of a deployment on AWS: read from a stack's outputs, or configured one by one."""

from collections.abc import Callable, Mapping
from typing import Any

from botocore.exceptions import ClientError

from core.aws_errors import translate_aws_errors
from core.errors import PunctualError
from core.posts.models import FrozenModel

OUTPUT_NAMES = {
    "group": "GroupName",
    "function_arn": "RelayFunctionArn",
    "role_arn": "ExecutionRoleArn",
    "posting_function_arn": "PostingFunctionArn",
    "table": "TableName",
    "media_bucket": "MediaBucketName",
    "accounts_path": "AccountsPath",
    "signing_secret_parameter": "SigningSecretParameter",
    "dead_letter_arn": "UndeliveredQueueArn",
    "undelivered_url": "UndeliveredQueueUrl",
    "failures_url": "FailuresQueueUrl",
    "dead_letters_url": "DeadLettersQueueUrl",
}
"""The stack's output for each member of a Deployment."""

READY_STATES = {
    "CREATE_COMPLETE",
    "UPDATE_COMPLETE",
    "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS",
    "UPDATE_ROLLBACK_COMPLETE",
    "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS",
    "IMPORT_COMPLETE",
    "IMPORT_ROLLBACK_COMPLETE",
}
"""The states of a usable stack. During a clean-up, AWS only deletes replaced resources."""


class StackNotFound(PunctualError):
    """No stack has this name in this account and region."""

    def __init__(self, stack: str, region: str) -> None:
        super().__init__(f"There is no stack {stack} in {region}.")
        self.hint = "Deploy it (cdk_min/README.md), or correct PUNCTUAL_STACK, AWS_PROFILE or AWS_DEFAULT_REGION."


class StackNotReady(PunctualError):
    """The stack's deployment is under way, or has failed."""

    def __init__(self, stack: str, status: str) -> None:
        super().__init__(f"The stack {stack} is in state {status}.")
        if status.startswith("DELETE_"):
            self.hint = "It is being deleted, or its deletion failed. Deploy it again, or correct PUNCTUAL_STACK."
        elif status.endswith("_IN_PROGRESS") and "ROLLBACK" not in status:
            self.hint = "Its deployment is under way. Wait until it is complete, then try again."
        else:
            events = f"aws cloudformation describe-stack-events --stack-name {stack}"
            self.hint = (
                f"Its deployment failed. For the reason run: {events}. Then deploy it again (cdk_min/README.md)."
            )


class IncompleteDeployment(PunctualError):
    """The configuration names too few resources to schedule posts."""

    def __init__(self, members: list[str]) -> None:
        names = " and ".join(f"PUNCTUAL_{member.upper()}" for member in members)
        super().__init__(f"Punctual runs on AWS, but these settings are missing: {names}.")
        self.hint = "Set PUNCTUAL_STACK to the name of the deployed stack, or set these variables."


class OutputsMissing(PunctualError):
    """The stack is not Punctual's, or its template was changed."""

    def __init__(self, stack: str, members: list[str]) -> None:
        names = " and ".join(OUTPUT_NAMES[member] for member in members)
        super().__init__(f"The stack {stack} has no output {names}.")
        self.hint = "Correct PUNCTUAL_STACK if this is another stack; else deploy it again (cdk_min/README.md)."


class Deployment(FrozenModel):
    """The resources of one deployment. Ledger, media and accounts without a resource stay on this machine.

    `function_of_stack` is whether a stack's outputs name the function. `group` is None without a stack and a setting.
    `posting_function_arn` is None unless the stack's posting function publishes the posts.
    """

    function_arn: str
    function_of_stack: bool = False
    role_arn: str
    group: str | None = None
    posting_function_arn: str | None = None
    table: str | None = None
    media_bucket: str | None = None
    accounts_path: str | None = None
    signing_secret_parameter: str | None = None
    dead_letter_arn: str | None = None
    undelivered_url: str | None = None
    failures_url: str | None = None
    dead_letters_url: str | None = None

    @property
    def is_small(self) -> bool:
        """Whether the relay has no table, so that it records no results."""
        return self.table is None

    @property
    def dead_letter_urls(self) -> dict[str, str]:
        """The URLs of the dead-letter queues, by the service that fills them."""
        queues = {"the scheduler": self.undelivered_url, "the relay": self.dead_letters_url}
        return {source: url for source, url in queues.items() if url}

    @property
    def account(self) -> str:
        """The AWS account of the relay."""
        return self.function_arn.split(":")[4]

    @property
    def region(self) -> str:
        """The region of the relay, and so of every resource."""
        return self.function_arn.split(":")[3]


def find_deployment(configured: Mapping[str, str], stack: str | None, cloudformation: Callable[[], Any]) -> Deployment:
    """Return the deployment that a stack's outputs describe. Members in `configured` take precedence.

    Calls `cloudformation` for a client only if a stack is given.
    Raises StackNotFound, StackNotReady, OutputsMissing, IncompleteDeployment, or the errors of `core.aws_errors`.
    """
    outputs = read_outputs(stack, cloudformation()) if stack else {}
    found = {**outputs, **configured}
    missing = [member for member in ("function_arn", "role_arn") if not found.get(member)]
    if missing:
        raise OutputsMissing(stack, missing) if stack else IncompleteDeployment(missing)
    of_stack = found["function_arn"] == outputs.get("function_arn")
    return Deployment(function_of_stack=of_stack, **found)


def read_outputs(stack: str, cloudformation: Any) -> dict[str, str]:
    """Return the members of a Deployment that a stack's outputs name."""
    with translate_aws_errors():
        try:
            description = cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
        except ClientError as error:
            if error.response["Error"]["Code"] == "ValidationError":
                raise StackNotFound(stack, cloudformation.meta.region_name) from error
            raise
    status = description["StackStatus"]
    if status not in READY_STATES:
        raise StackNotReady(stack, status)
    outputs = {output["OutputKey"]: output["OutputValue"] for output in description.get("Outputs", [])}
    return {member: outputs[key] for member, key in OUTPUT_NAMES.items() if key in outputs}
