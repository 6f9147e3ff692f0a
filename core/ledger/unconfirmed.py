"""Marks publications as unconfirmed: they may be published although no result is recorded, and a person decides."""

from collections.abc import Sequence
from datetime import datetime

from core.ledger.port import ClaimTerms, Ledger, Receipt
from core.posts.destinations import Destination
from core.posts.payload import Payload


def mark_unconfirmed(
    ledger: Ledger, payload: Payload, reason: str, *, destinations: Sequence[Destination], now: datetime
) -> None:
    """Record destinations as unconfirmed, in the fence too, so that no further attempt publishes the post there.

    A destination with a result, and one that another attempt has claimed, stay as they are.
    """
    for destination in destinations:
        claim = ledger.claim(payload, destination, ClaimTerms(lease_until=now, now=now))
        if claim.verdict in ("granted", "waiting"):
            receipt = Receipt(
                kind="unconfirmed",
                at=now,
                revision=payload.revision,
                attempt=claim.attempt,
                destination=destination,
                detail={"reason": reason},
            )
            ledger.finish(payload, receipt)
