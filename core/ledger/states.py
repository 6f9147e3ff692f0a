"""What the receipts of an occurrence say, taken together, in whatever order they arrived."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from core.ledger.port import Occurrence, Receipt

State = Literal[
    "going out", "retrying", "handed over", "published", "refused", "failed", "unconfirmed", "superseded", "missed"
]

_PRECEDENCE = ("waiting", "superseded", "refused", "unconfirmed")
"""Of receipts of the same attempt at one destination, the later in this list counts. Published always counts."""


@dataclass(frozen=True, kw_only=True)
class DestinationOutcome:
    """What became of one destination of an occurrence."""

    destination: str
    state: State
    at: datetime | None
    url: str | None
    reason: str | None


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What became of an occurrence: the state as a whole, and that of each destination."""

    state: State
    destinations: tuple[DestinationOutcome, ...]
    attempts: int
    reason: str | None

    @property
    def published_at(self) -> datetime | None:
        """When the first destination had it."""
        return min((each.at for each in self.destinations if each.state == "published" and each.at), default=None)

    @property
    def url(self) -> str | None:
        """The first permalink there is."""
        return next((each.url for each in self.destinations if each.url), None)


def outcome(occurrence: Occurrence) -> Outcome:
    """Derive the state of an occurrence from its receipts alone.

    Receipts of earlier revisions, and those from before a person asked for another try, no longer count; that
    something was published always does.
    """
    retried = max((receipt.at for receipt in occurrence.receipts if receipt.kind == "retried"), default=None)
    counted = [
        receipt
        for receipt in occurrence.receipts
        if receipt.kind == "published"
        or (receipt.revision == occurrence.payload.revision and (retried is None or receipt.at >= retried))
    ]
    destinations = tuple(_destination(name, counted) for name in occurrence.payload.destinations)
    states = {each.state for each in destinations}
    return Outcome(
        state=next(state for state in _WORST_FIRST if state in states),
        destinations=destinations,
        attempts=max((receipt.attempt for receipt in occurrence.receipts), default=0),
        reason=next((each.reason for each in destinations if each.reason), None),
    )


_WORST_FIRST: tuple[State, ...] = (
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


def _destination(name: str, receipts: list[Receipt]) -> DestinationOutcome:
    own = [receipt for receipt in receipts if receipt.destination == name]
    published = [receipt for receipt in own if receipt.kind == "published"]
    if published:
        first = min(published, key=lambda receipt: receipt.at)
        return _told(name, "published", first)
    decided = max(own, key=lambda receipt: (receipt.attempt, _PRECEDENCE.index(receipt.kind)), default=None)
    match decided:
        case Receipt(kind="unconfirmed" | "refused" | "superseded" as state):
            return _told(name, state, decided)
    return _undecided(name, decided, [receipt for receipt in receipts if receipt.destination is None])


def _undecided(name: str, waiting: Receipt | None, whole: list[Receipt]) -> DestinationOutcome:
    """The state of a destination that has not said yes or no: what the relay says of the occurrence as a whole."""
    order: tuple[tuple[str, State], ...] = (
        ("failed", "failed"),
        ("missed", "missed"),
        ("handed_over", "handed over"),
        ("attempt_failed", "retrying"),
    )
    kinds = {receipt.kind: receipt for receipt in whole}
    for kind, state in order:
        if kind in kinds:
            return _told(name, state, waiting or kinds[kind])
    return _told(name, "retrying", waiting) if waiting else _told(name, "going out", None)


def _told(name: str, state: State, receipt: Receipt | None) -> DestinationOutcome:
    detail = receipt.detail if receipt else {}
    return DestinationOutcome(
        destination=name,
        state=state,
        at=receipt.at if receipt else None,
        url=detail.get("url"),
        reason=detail.get("reason"),
    )
