"""The state of an occurrence, derived from its receipts in any order of arrival."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from core.ledger.port import Occurrence, Receipt
from core.posts.destinations import Destination
from core.posts.payload import Payload
from core.time.instants import utc_text

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
"""The state of an occurrence is the first of these that one of its destinations has."""

_DESTINATION_STATES: dict[str, PublicationState] = {
    "waiting": "retrying",
    "superseded": "superseded",
    "refused": "refused",
    "unconfirmed": "unconfirmed",
}
"""Among the receipts of one attempt at a destination, the kind later in this list counts."""

_OCCURRENCE_STATES: dict[str, PublicationState] = {
    "attempt_failed": "retrying",
    "missed": "missed",
    "failed": "failed",
    "handed_over": "handed over",
}
"""Among the relay's receipts, the kind later in this list counts: another attempt does not change `handed_over`."""


@dataclass(frozen=True, kw_only=True)
class DestinationOutcome:
    """The state of one destination of an occurrence. `set_aside`: a person has put this result away."""

    destination: Destination
    state: PublicationState
    at: datetime | None
    url: str | None
    reason: str | None
    set_aside: bool = False

    @property
    def result_id(self) -> str:
        """The id of the result: another one when something new happens at the destination."""
        return f"{self.state} {utc_text(self.at) if self.at else ''}"


@dataclass(frozen=True, kw_only=True)
class OccurrenceOutcome:
    """The state of an occurrence and of each of its destinations."""

    state: PublicationState
    destinations: tuple[DestinationOutcome, ...]
    attempts: int
    reason: str | None

    @property
    def published_at(self) -> datetime | None:
        """The instant of the first publication."""
        return min((each.at for each in self.destinations if each.state == "published" and each.at), default=None)

    @property
    def in_progress(self) -> bool:
        """Whether Punctual still tries a destination by itself."""
        return any(each.state in ("going out", "retrying") for each in self.destinations)

    @property
    def url(self) -> str | None:
        """The first permalink."""
        return next((each.url for each in self.destinations if each.url), None)


def outcome(occurrence: Occurrence) -> OccurrenceOutcome:
    """Derive the state of an occurrence from its receipts.

    `published` always counts. Other receipts do not count if they are of an earlier revision, or from before a user's
    retry that has a result. The end that a relay records after the late limit (without one, after the due instant)
    counts in any revision: the relay that delivers the newest revision may have been invoked with an earlier one. A
    result is set aside if the last receipt `set_aside` names it; a later result is not.
    """
    counted = [receipt for receipt in occurrence.receipts if _counts(receipt, occurrence.payload)]
    found = [_destination_outcome(each, counted) for each in occurrence.payload.destinations]
    aside = last_set_aside(occurrence.receipts)
    named = aside.detail["results"] if aside else {}
    destinations = tuple(
        replace(each, set_aside=True) if named.get(each.destination) == each.result_id else each for each in found
    )
    states = {each.state for each in destinations}
    return OccurrenceOutcome(
        state=next(state for state in WORST_FIRST if state in states),
        destinations=destinations,
        attempts=max((receipt.attempt for receipt in occurrence.receipts), default=0),
        reason=next((each.reason for each in destinations if each.reason), None),
    )


def last_set_aside(receipts: Sequence[Receipt]) -> Receipt | None:
    """Return the last receipt `set_aside`: the one with the highest number, because clocks may differ."""
    found = [receipt for receipt in receipts if receipt.kind == "set_aside"]
    return max(found, key=lambda receipt: (receipt.detail["number"], _instant(receipt)), default=None)


def _counts(receipt: Receipt, payload: Payload) -> bool:
    if receipt.kind == "published" or receipt.revision == payload.revision:
        return True
    is_late = receipt.at > payload.due + timedelta(minutes=payload.late_after_minutes or 0)
    return is_late and receipt.kind in ("missed", "failed")


def _destination_outcome(destination: Destination, counted: Sequence[Receipt]) -> DestinationOutcome:
    published = [receipt for receipt in counted if receipt.kind == "published" and receipt.destination == destination]
    if published:
        return _outcome(destination, "published", min(published, key=_instant))
    own, whole = _since_retry(destination, counted)
    last = max(own, key=lambda receipt: (receipt.attempt, *_rank(receipt, _DESTINATION_STATES)), default=None)
    if last is not None and last.kind != "waiting":
        return _outcome(destination, _DESTINATION_STATES[last.kind], last)
    relayed = max(whole, key=lambda receipt: _rank(receipt, _OCCURRENCE_STATES), default=None)
    if relayed is not None:
        return _outcome(destination, _OCCURRENCE_STATES[relayed.kind], last or relayed)
    return _outcome(destination, "retrying" if last else "going out", last)


def _since_retry(destination: Destination, counted: Sequence[Receipt]) -> tuple[list[Receipt], list[Receipt]]:
    """Return the receipts of a destination and of the whole occurrence: those since the last retry, if there are any.

    Attempts separate a destination's receipts, because clocks may differ; instants separate the relay's.
    """
    own = [receipt for receipt in counted if receipt.destination == destination and receipt.kind in _DESTINATION_STATES]
    whole = [receipt for receipt in counted if receipt.destination is None and receipt.kind in _OCCURRENCE_STATES]
    retries = [receipt for receipt in counted if receipt.destination == destination and receipt.kind == "retried"]
    if not retries:
        return own, whole
    last = max(retries, key=_instant)
    own_since = [receipt for receipt in own if receipt.attempt > last.attempt]
    whole_since = [receipt for receipt in whole if receipt.at >= last.at]
    return (own_since, whole_since) if own_since or whole_since else (own, whole)


def _rank(receipt: Receipt, order: dict[str, PublicationState]) -> tuple[int, datetime, str]:
    return list(order).index(receipt.kind), *_instant(receipt)


def _instant(receipt: Receipt) -> tuple[datetime, str]:
    """Return the sort key of receipts of one kind: the instant, then the content, never the order of arrival."""
    return receipt.at, repr(sorted(receipt.detail.items()))


def _outcome(destination: Destination, state: PublicationState, receipt: Receipt | None) -> DestinationOutcome:
    detail = receipt.detail if receipt else {}
    return DestinationOutcome(
        destination=destination,
        state=state,
        at=receipt.at if receipt else None,
        url=detail.get("url"),
        reason=detail.get("reason"),
    )
