"""The rules for claims, as pure functions: every ledger stores a claim as they return it."""

from datetime import datetime
from typing import Any, Literal, NamedTuple, cast

from core.ledger.port import ClaimResult, ClaimTerms, FinalState, Receipt
from core.posts.destinations import Destination
from core.posts.payload import Payload
from core.time.instants import from_utc_text

ClaimState = Literal["claimed", "waiting"] | FinalState

STOPPED_WHILE_PUBLISHING = (
    "Punctual stopped while it was publishing, and this network cannot report whether the post arrived."
)
"""The reason of a claim that became unconfirmed because its owner did not record a result."""
STOPPED_BEFORE_SENDING = "Punctual was stopped for a while before it sent the post. Nothing was sent."
"""The reason of an attempt that had no time left to end within its lease."""


_NO_CALL = "no_call"
"""The member of a claim's detail that marks a claim without a call to the network."""


class StoredClaim(NamedTuple):
    """The stored claim on one publication. Attempt 0 is a user's retry before any attempt.

    `owner` is the presence token of the process that holds the claim, or empty if the lease alone ends it.
    """

    state: ClaimState = "waiting"
    attempt: int = 0
    owner: str = ""
    lease_until: datetime | None = None
    prepared: dict[str, Any] | None = None
    detail: dict[str, Any] = {}


class ClaimFacts(NamedTuple):
    """The facts that decide a claim.

    `superseded`: the post is not active at this revision. A run that has begun at another destination is not superseded
    while its active series has the run. `run_begun`: this run of a repeating post already has a claim on the
    destination, or on part 1 of its thread. `owner_alive`: the process that holds the stored claim may still run.
    `deduplicates` is that of ClaimTerms.
    """

    stored: StoredClaim | None
    superseded: bool
    run_begun: bool
    owner_alive: bool
    deduplicates: bool
    now: datetime


def refusal(facts: ClaimFacts) -> ClaimResult | None:
    """Return the reason to refuse a claim, or None to grant it.

    A superseded revision is refused before its first attempt and while it waits; a run of a repeating post that has
    begun continues. A claim whose lease has ended, or whose owner is dead, is granted again if the network
    deduplicates, or if it was no claim to call the network; otherwise it becomes unconfirmed.
    """
    stored = facts.stored
    if (stored is None or stored.state == "waiting") and facts.superseded and not facts.run_begun:
        return ClaimResult(verdict="superseded")
    if stored is None or stored.state != "claimed":
        return ended_or_paused(stored, facts.now)
    if stored.lease_until is not None and stored.lease_until > facts.now and facts.owner_alive:
        return ClaimResult(verdict="busy", attempt=stored.attempt, until=stored.lease_until)
    if facts.deduplicates or stored.detail.get(_NO_CALL):
        return None
    return ClaimResult(verdict="unconfirmed", attempt=stored.attempt, detail={"reason": STOPPED_WHILE_PUBLISHING})


def ended_or_paused(stored: StoredClaim | None, now: datetime) -> ClaimResult | None:
    """Return the final state, or `waiting` during the pause that the network asked for, or None."""
    if stored is None or stored.state == "claimed":
        return None
    if stored.state != "waiting":
        return ClaimResult(verdict=stored.state, attempt=stored.attempt, detail=stored.detail)
    until = from_utc_text(stored.detail["until"]) if "until" in stored.detail else None
    if until is None or until <= now:
        return None
    return ClaimResult(verdict="waiting", attempt=stored.attempt, until=until, detail=stored.detail)


def refusal_receipt(
    refusal: ClaimResult, stored: StoredClaim | None, payload: Payload, destination: Destination, now: datetime
) -> Receipt | None:
    """Return the receipt of a refusal as `superseded`, or of a claim that became `unconfirmed`; else None."""
    abandoned = refusal.verdict == "unconfirmed" and stored is not None and stored.state == "claimed"
    if refusal.verdict != "superseded" and not abandoned:
        return None
    return Receipt(
        kind="unconfirmed" if abandoned else "superseded",
        at=now,
        revision=payload.revision,
        attempt=refusal.attempt or 1,
        destination=destination,
        detail=refusal.detail,
    )


def claimed(stored: StoredClaim | None, terms: ClaimTerms, *, owner: str = "") -> StoredClaim:
    """Return the claim of the next attempt. It keeps `prepared` of the first attempt that had one."""
    last = stored or StoredClaim()
    return StoredClaim(
        state="claimed",
        attempt=last.attempt + 1,
        owner=owner,
        lease_until=terms.lease_until,
        prepared=terms.prepared if last.prepared is None else last.prepared,
        detail={} if terms.calls_network else {_NO_CALL: True},
    )


def claimed_destination(receipt: Receipt) -> Destination:
    """Return the destination of a receipt that ends an attempt. Raises ValueError if it is on the whole occurrence."""
    if receipt.destination is None:
        raise ValueError("a claim is on one destination")
    return receipt.destination


def finished(stored: StoredClaim | None, receipt: Receipt) -> StoredClaim | None:
    """Return the claim after a receipt, or None if the receipt does not change it.

    Nothing replaces `published`. `published` replaces everything; any other result only that of its own attempt or of
    an earlier one.
    """
    if stored is None or stored.state == "published" or receipt.kind == "superseded":
        return None
    if receipt.attempt < stored.attempt and receipt.kind != "published":
        return None
    return stored._replace(state=cast(ClaimState, receipt.kind), lease_until=None, detail=receipt.detail)


def reopened(stored: StoredClaim | None) -> StoredClaim | None:
    """Return the claim that a user's retry leaves, or None if the destination is claimed or published."""
    if stored is None:
        return StoredClaim()
    if stored.state in ("claimed", "published"):
        return None
    return StoredClaim(attempt=stored.attempt, prepared=stored.prepared)
