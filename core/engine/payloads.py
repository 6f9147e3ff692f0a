"""What a function is invoked with."""

import json
from typing import Any

from core.engine.timing import Definition, instant_of


def payload_of(definition: Definition, occurrence: int, execution_id: str) -> bytes:
    """Return a schedule's Input with its placeholders replaced, or AWS's own event where it has no Input."""
    time = f"{instant_of(occurrence):%Y-%m-%dT%H:%M:%SZ}"
    text: str | None = definition["Target"].get("Input")
    if text is None:
        return json.dumps(_scheduled_event(definition["Arn"], time, execution_id)).encode()
    if "<aws.scheduler." in text:
        text = text.replace("<aws.scheduler.schedule-arn>", definition["Arn"])
        text = text.replace("<aws.scheduler.scheduled-time>", time)
        text = text.replace("<aws.scheduler.execution-id>", execution_id)
        text = text.replace("<aws.scheduler.attempt-number>", "1")  # handing over to the function never fails here
    return text.encode()


def _scheduled_event(arn: str, time: str, execution_id: str) -> dict[str, Any]:
    region, account = arn.split(":")[3:5]
    return {
        "version": "0",
        "id": execution_id,
        "detail-type": "Scheduled Event",
        "source": "aws.scheduler",
        "account": account,
        "time": time,
        "region": region,
        "resources": [arn],
        "detail": "{}",
    }
