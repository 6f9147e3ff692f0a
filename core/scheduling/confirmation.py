"""The receipt of a publication that a person has seen."""

from datetime import datetime
from typing import Any

from core.ledger.port import Occurrence, Receipt
from core.ledger.states import outcome
from core.posts.destinations import Destination
from core.posts.payload import Payload


def confirmation(
    occurrence: Occurrence | None, payload: Payload, destination: Destination, found: dict[str, Any], *, now: datetime
) -> Receipt:
    """Return the receipt, at the instant of the attempt, or now if that is not known."""
    outcomes = outcome(occurrence).destinations if occurrence else ()
    attempted_at = next((each.at for each in outcomes if each.destination == destination and each.at), None)
    return Receipt(
        kind="published",
        at=attempted_at or now,
        revision=payload.revision,
        destination=destination,
        detail={"confirmed": "by hand", **found},
    )
