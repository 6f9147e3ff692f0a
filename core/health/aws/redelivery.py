"""Health check of the event source mapping that returns failed posts from the on-failure queue to the relay."""

from typing import Any

from core.aws_errors import translate_aws_errors
from core.backends.aws import AwsBackend
from core.health.aws.lambda_functions import invoke_config, on_failure_queue
from core.health.aws.remedies import DEPLOY
from core.health.findings import Finding, HealthContext, bad, good, unknown, warning


def check_redelivery(aws: AwsBackend, context: HealthContext) -> Finding:
    """Check that Lambda reads the on-failure queue, one post at a time."""
    queue = on_failure_queue(invoke_config(aws))
    if queue is None:
        return unknown("There is no on-failure queue.", "See the check of the relay's retries.")
    with translate_aws_errors():
        mappings = aws.quick_client("lambda").list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"]
    ours = [each for each in mappings if _function(each["FunctionArn"]) == _function(aws.target.function_arn)]
    if not ours:
        return bad(f"Nothing returns posts from {queue} to the relay; SQS drops them in the end.", DEPLOY)
    return _mapping_finding(ours[0])


def _mapping_finding(mapping: dict[str, Any]) -> Finding:
    update = f"Run: aws lambda update-event-source-mapping --uuid {mapping['UUID']}"
    state, size = mapping["State"], mapping["BatchSize"]
    if state in ("Creating", "Enabling", "Updating"):
        return warning(f"The mapping is in state {state}.", "Check again in a minute.")
    if state != "Enabled":
        return bad(f"The mapping is in state {state}: failed posts are not retried.", f"{update} --enabled")
    if size != 1:
        return bad(
            f"The mapping sends up to {size} posts at once; the relay reads one, and gives up a larger batch.",
            f"{update} --batch-size 1",
        )
    return good("Lambda returns each post of the on-failure queue to the relay.")


def _function(arn: str) -> list[str]:
    """Return the parts of a function's ARN without its version or alias."""
    return arn.split(":")[:7]


CHECKS = {"Redelivery": check_redelivery}
