"""What the function is invoked with: a payload as it is, or one that comes back from the on-failure queue."""

import json
from collections.abc import Mapping
from typing import Any

from lambda_pkg.event import UnreadableEvent


def payload_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the payload that the scheduler or a person sent, unwrapped if the on-failure queue redelivers it.

    The queue's message is Lambda's record of a failed asynchronous invocation, which keeps the payload as
    `requestPayload` (docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html).
    Raises UnreadableEvent.
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
    return payload_of(payload)
