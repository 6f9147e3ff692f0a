"""What the receipts of an occurrence say, taken together, in whatever order they arrived."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.ledger.port import Occurrence, Receipt
from core.posts.destinations import Destination

PublicationState = Literal[
    "going out", "retrying", "handed over", "published", "refused", "failed", "unconfirmed", "superseded", "missed"
]

WORST_FIRST: tuple[PublicationState, ...] = (
    "unconfirmed",
    "failed",
    "refused",
    "missed",
    "retrying",
    "going out",
    "handed over",
    "superseded",
    "published",
)
"""The state of an occurrence is the first of these that one of its destinations is in."""

_OF_A_DESTINATION: dict[str, PublicationState] = {
    "waiting": "retrying",
    "superseded": "superseded",
    "refused": "refused",
    "unconfirmed": "unconfirmed",
}
"""Of receipts of the same attempt at one destination, the later in this list counts."""

_OF_THE_WHOLE: dict[str, PublicationState] = {
    "attempt_failed": "retrying",
    "missed": "missed",
    "failed": "failed",
    "handed_over": "handed over",
}
"""Of what the relay says, the later in this list counts: once it was handed over, another attempt changes nothing."""


@dataclass(frozen=True, kw_only=True)
class DestinationOutcome:
    """What became of one destination of an occurrence."""

    destination: Destination
    state: PublicationState
    at: datetime | None
    url: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class OccurrenceOutcome:
    """What became of an occurrence: the state as a whole, and that of each destination."""

    state: PublicationState
    destinations: tuple[DestinationOutcome, ...]
    attempts: int
    reason: str | None

    @property
    def published_at(self) -> datetime | None:
        """When the first destination had it."""
        return min((each.at for each in self.destinations if each.state == "published" and each.at), default=None)

    @property
    def under_way(self) -> bool:
        """Whether a destination is still to be tried, without anybody doing anything."""
        return any(each.state in ("going out", "retrying") for each in self.destinations)

    @property
    def url(self) -> str | None:
        """The first permalink there is."""
        return next((each.url for each in self.destinations if each.url), None)


def outcome(occurrence: Occurrence) -> OccurrenceOutcome:
    """Derive the state of an occurrence from its receipts alone.

    Receipts of earlier revisions do not count, nor, once something came of a person's retry, those from before it;
    that something was published always does.
    """
    counted = [
        receipt
        for receipt in occurrence.receipts
        if receipt.kind == "published" or receipt.revision == occurrence.payload.revision
    ]
    destinations = tuple(_destination(name, counted) for name in occurrence.payload.destinations)
    states = {each.state for each in destinations}
    return OccurrenceOutcome(
        state=next(state for state in WORST_FIRST if state in states),
        destinations=destinations,
        attempts=max((receipt.attempt for receipt in occurrence.receipts), default=0),
        reason=next((each.reason for each in destinations if each.reason), None),
    )


def _destination(name: Destination, counted: Sequence[Receipt]) -> DestinationOutcome:
    published = [receipt for receipt in counted if receipt.kind == "published" and receipt.destination == name]
    if published:
        return _told(name, "published", min(published, key=_when))
    own, whole = _since_retried(name, counted)
    decided = max(own, key=lambda receipt: (receipt.attempt, *_rank(receipt, _OF_A_DESTINATION)), default=None)
    if decided is not None and decided.kind != "waiting":
        return _told(name, _OF_A_DESTINATION[decided.kind], decided)
    said = max(whole, key=lambda receipt: _rank(receipt, _OF_THE_WHOLE), default=None)
    if said is not None:
        return _told(name, _OF_THE_WHOLE[said.kind], decided or said)
    return _told(name, "retrying" if decided else "going out", decided)


def _since_retried(name: Destination, counted: Sequence[Receipt]) -> tuple[list[Receipt], list[Receipt]]:
    """Return what is said of a destination and of the whole: since a person's retry, if anything came of it yet."""
    own = [receipt for receipt in counted if receipt.destination == name and receipt.kind in _OF_A_DESTINATION]
    whole = [receipt for receipt in counted if receipt.destination is None and receipt.kind in _OF_THE_WHOLE]
    retries = [receipt for receipt in counted if receipt.destination == name and receipt.kind == "retried"]
    if not retries:
        return own, whole
    last = max(retries, key=_when)
    own_since = [receipt for receipt in own if receipt.attempt > last.attempt]
    whole_since = [receipt for receipt in whole if receipt.at >= last.at]
    return (own_since, whole_since) if own_since or whole_since else (own, whole)


def _rank(receipt: Receipt, order: dict[str, PublicationState]) -> tuple[int, datetime, str]:
    return list(order).index(receipt.kind), *_when(receipt)


def _when(receipt: Receipt) -> tuple[datetime, str]:
    """Order receipts of one kind by their instants, and alike ones by what they say: never by their arrival."""
    return receipt.at, repr(sorted(receipt.detail.items()))


def _told(name: Destination, state: PublicationState, receipt: Receipt | None) -> DestinationOutcome:
    detail = receipt.detail if receipt else {}
    return DestinationOutcome(
        destination=name,
        state=state,
        at=receipt.at if receipt else None,
        url=detail.get("url"),
        reason=detail.get("reason"),
    )
