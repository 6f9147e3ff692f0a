"""What hands failed posts to the relay again: Lambda's event source mapping on the on-failure queue."""

from typing import Any

from core.aws_errors import PartGone, translated
from core.backends.aws import Aws
from core.health.aws.role import DEPLOY
from core.health.findings import Finding, Visit, bad, good, unknown, warning


def mapping(aws: Aws, visit: Visit) -> Finding:
    """Whether Lambda reads the on-failure queue, and hands each post over alone."""
    queue = on_failure_queue(aws)
    if queue is None:
        return unknown("There is no on-failure queue.", "See the check of the relay's failures.")
    with translated():
        listed = aws.brief_client("lambda").list_event_source_mappings(EventSourceArn=queue)["EventSourceMappings"]
    ours = [each for each in listed if _function(each["FunctionArn"]) == _function(aws.target.function_arn)]
    if not ours:
        return bad(f"Nothing hands what lies in {queue} to the relay again: it stays there until SQS drops it.", DEPLOY)
    return _verdict(ours[0])


def on_failure_queue(aws: Aws) -> str | None:
    """Return the ARN of what Lambda sends the relay's failures to; None where it sends them nowhere."""
    try:
        with translated():
            found = aws.brief_client("lambda").get_function_event_invoke_config(FunctionName=aws.target.function_arn)
    except PartGone:
        return None
    destination: str | None = found.get("DestinationConfig", {}).get("OnFailure", {}).get("Destination")
    return destination


def _verdict(found: dict[str, Any]) -> Finding:
    update = f"Run: aws lambda update-event-source-mapping --uuid {found['UUID']}"
    state, size = found["State"], found["BatchSize"]
    if state in ("Creating", "Enabling", "Updating"):
        return warning(f"It is in state {state}.", "Look again in a minute.")
    if state != "Enabled":
        return bad(f"It is in state {state}: what failed three times is not tried again.", f"{update} --enabled")
    if size != 1:
        return bad(
            f"It hands over up to {size} posts at once; the relay reads one, and gives up several as unreadable.",
            f"{update} --batch-size 1",
        )
    return good("What lies in the on-failure queue is handed to the relay again, each post alone.")


def _function(arn: str) -> list[str]:
    """Return the parts of an ARN that name the function, without those that name a version or an alias of it."""
    return arn.split(":")[:7]


LOOKS = {"Redelivery": mapping}
