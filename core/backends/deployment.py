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
    "signing_secret_arn": "SigningSecretArn",
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
    """The stack's deployment is incomplete."""

    def __init__(self, stack: str, status: str) -> None:
        super().__init__(f"The stack {stack} is in state {status}.")
        self.hint = "Wait until its deployment is complete, or deploy it again; then restart Punctual."


class IncompleteDeployment(PunctualError):
    """The configuration names too few resources to schedule posts."""

    def __init__(self, members: list[str]) -> None:
        names = " and ".join(f"PUNCTUAL_{member.upper()}" for member in members)
        super().__init__(f"Punctual runs on AWS, but these settings are missing: {names}.")
        self.hint = "Set PUNCTUAL_STACK to the name of the deployed stack, or set these variables."


class Deployment(FrozenModel):
    """The resources of one deployment. Ledger, media and accounts without a resource stay on this machine.

    `posting_function_arn` is None unless the stack's posting function publishes the posts.
    """

    function_arn: str
    role_arn: str
    group: str = "punctual"
    posting_function_arn: str | None = None
    table: str | None = None
    media_bucket: str | None = None
    accounts_path: str | None = None
    signing_secret_arn: str | None = None
    dead_letter_arn: str | None = None
    undelivered_url: str | None = None
    failures_url: str | None = None
    dead_letters_url: str | None = None

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
    Raises StackNotFound, StackNotReady, IncompleteDeployment, or the errors of `core.aws_errors`.
    """
    found = {**(read_outputs(stack, cloudformation()) if stack else {}), **configured}
    missing = [member for member in ("function_arn", "role_arn") if not found.get(member)]
    if missing:
        raise IncompleteDeployment(missing)
    return Deployment.model_validate(found)


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
