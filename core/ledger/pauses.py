"""How long a network asked to be left alone: kept with the claim, in the detail of what ended its last attempt."""

from datetime import datetime
from typing import Any

from core.ledger.port import Claim
from core.time.instants import from_utc_text


def standing(attempt: int, detail: dict[str, Any], now: datetime) -> Claim | None:
    """Return the answer to a claim on what waits, while the network is to be left alone; None where it is not."""
    until = from_utc_text(detail["until"]) if "until" in detail else None
    if until is None or until <= now:
        return None
    return Claim(verdict="waiting", attempt=attempt, until=until, detail=detail)
