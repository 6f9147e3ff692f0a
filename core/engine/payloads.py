"""The payload of an invocation."""

import json
from typing import Any

from core.engine.next_occurrence import Definition
from core.time.instants import from_epoch_ms


def payload_of(definition: Definition, occurrence: int, execution_id: str) -> bytes:
    """Return a schedule's Input with its placeholders replaced. Without Input, return the default event of AWS."""
    time = from_epoch_ms(occurrence).isoformat(timespec="seconds").replace("+00:00", "Z")
    text: str | None = definition["Target"].get("Input")
    if text is None:
        return json.dumps(_scheduled_event(definition["Arn"], time, execution_id)).encode()
    if "<aws.scheduler." in text:
        text = text.replace("<aws.scheduler.schedule-arn>", definition["Arn"])
        text = text.replace("<aws.scheduler.scheduled-time>", time)
        text = text.replace("<aws.scheduler.execution-id>", execution_id)
        text = text.replace("<aws.scheduler.attempt-number>", "1")  # the engine needs no second attempt to dispatch
    return text.encode()


def _scheduled_event(arn: str, time: str, execution_id: str) -> dict[str, Any]:
    """Return the event that AWS sends for a schedule without Input."""
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
