"""Lambda's settings of a function, and the problems that keep it from running."""

from typing import Any

from core.aws_errors import AwsResourceNotFound, translate_aws_errors
from core.backends.aws import AwsBackend
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, bad


def configuration(aws: AwsBackend, arn: str) -> dict[str, Any]:
    """Return the response of GetFunctionConfiguration. Raises AwsResourceNotFound or another AWS error."""
    with translate_aws_errors():
        found: dict[str, Any] = aws.quick_client("lambda").get_function_configuration(FunctionName=arn)
        return found


def invoke_config(aws: AwsBackend) -> dict[str, Any] | None:
    """Return the relay's settings for asynchronous invocation; None if it has none."""
    try:
        with translate_aws_errors():
            found: dict[str, Any] = aws.quick_client("lambda").get_function_event_invoke_config(
                FunctionName=aws.target.function_arn
            )
            return found
    except AwsResourceNotFound:
        return None


def on_failure_queue(invoke_config: dict[str, Any] | None) -> str | None:
    """Return the ARN of the queue that receives the relay's failed events; None if there is none."""
    destination: str | None = (invoke_config or {}).get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return destination


def runtime_problem(found: dict[str, Any], min_seconds: float, task: str) -> Finding | None:
    """Return a finding if the function is not ready, or its timeout is shorter than `task` takes; else None."""
    if found.get("State", "Active") not in ("Active", "Inactive"):
        reason = found.get("StateReason", "no reason given")
        return bad(f"The function is in state {found['State']}: {reason}.", DEPLOY)
    if found["Timeout"] < min_seconds:
        return bad(f"Its timeout is {found['Timeout']} s; {task} takes up to {min_seconds:.0f} s.", DEPLOY)
    return None
