"""The event of an invocation: a post's payload, or the on-failure queue's message that wraps it."""

import json
from collections.abc import Mapping
from typing import Any

from lambda_pkg.event import UnreadableEvent


def unwrap_payload(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the payload of an event, unwrapped if the on-failure queue redelivers it. Raises UnreadableEvent.

    The queue's message is Lambda's record of a failed asynchronous invocation, which holds the payload as
    `requestPayload` (docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
    """
    if not isinstance(event, Mapping):
        raise UnreadableEvent("content", "is not a JSON object")
    if "Records" not in event:
        return event
    try:
        [message] = event["Records"]
        payload = json.loads(message["body"])["requestPayload"]
    except (TypeError, KeyError, ValueError, RecursionError) as error:
        raise UnreadableEvent("Records", "are not one failure record of Lambda") from error
    return unwrap_payload(payload)
