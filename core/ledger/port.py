"""The ledger port: plans before schedules, receipts that are never changed, and one claim per publication."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from core.ledger.concurrent_reads import ConcurrentReads
from core.ledger.cursor import Cursor
from core.ledger.derivation import NOT_NOTED, Derivation, NeedsTime
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.payload import Payload

DesiredState = Literal["active", "paused", "cancelled", "moved"]
"""The state that the user wants for a post. *moved*: the post was exported, and another deployment publishes it."""

OPEN_STATES: frozenset[DesiredState] = frozenset({"active", "paused"})
"""The desired states of a post that this deployment may still publish."""

SETTLE_GRACE = timedelta(minutes=1)
"""The time that the writer of a change has to settle it before other processes do."""

_RelayKind = Literal["handed_over", "attempt_failed", "missed", "failed"]
_UsersKind = Literal["retried", "set_aside"]
ReceiptKind = _RelayKind | _UsersKind | Literal["published", "refused", "waiting", "unconfirmed", "superseded"]
"""The relay's four and `set_aside` are of the whole occurrence, the rest of one destination."""

FinalState = Literal["published", "refused", "unconfirmed"]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A post's current revision and desired state.

    `schedule_name` is None for a post that was sent at once. `superseded` are the names of schedules to be deleted.
    `settled`: the schedules match the plan. `cancelled_from` is the desired state before a cancellation. `returned`:
    the post was cancelled because its content is a draft again, so it is in Drafts and not in Cancelled.
    """

    post: Post
    desired: DesiredState
    schedule_name: str | None
    superseded: tuple[str, ...]
    settled: bool
    created_at: datetime
    changed_at: datetime
    derivation: Derivation = NOT_NOTED
    cancelled_from: DesiredState | None = None
    returned: bool = False

    @property
    def needs_time(self) -> NeedsTime | None:
        """Set if the post is paused because its wall time has no single instant: the desired state before that."""
        return self.derivation.needs_time

    def superseded_by(self, schedule_name: str | None) -> list[str]:
        """Return the schedules to delete once the post has the schedule `schedule_name`, in order of name."""
        return sorted({name for name in (self.schedule_name, *self.superseded) if name and name != schedule_name})


@dataclass(frozen=True, kw_only=True)
class PlanChange:
    """A new post, or the next revision of a planned one. `returned` and `cancelled_from` are those of Plan.

    `derived` is noted; by default, the noted derivation stays, unless the time changes.
    """

    post: Post
    desired: DesiredState = "active"
    schedule_name: str | None
    derived: Derivation | None = None
    returned: bool = False
    cancelled_from: DesiredState | None = None


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One event of an occurrence, or of one of its destinations. Appended, never changed.

    `attempt` counts the claims of a destination, or the attempts of the relay. `detail` is JSON without secrets. The
    detail of `waiting` has a member `until` (utc_text) if the network asked for a pause until that instant.
    """

    kind: ReceiptKind
    at: datetime
    revision: int
    attempt: int = 1
    destination: Destination | None = None
    detail: dict[str, Any] = field(default_factory=dict)


OccurrenceReceipt = tuple[Payload, Receipt]
"""A receipt, and the payload of its occurrence."""


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """A planned publication that has begun: its payload and its receipts in order of arrival."""

    key: str
    payload: Payload
    receipts: tuple[Receipt, ...]

    @property
    def due_at(self) -> datetime:
        """The instant at which the occurrence is due."""
        return self.payload.due


@dataclass(frozen=True, kw_only=True)
class ClaimTerms:
    """The terms of a claim.

    `deduplicates`: the network recognises a repeated publication. `prepared` is stored with the first claim, before the
    network is called. `lease_until` ends the claim if its owner does not finish it. `calls_network` is False for a
    claim that only records a result: if its owner does not finish it, nothing has arrived, and it is granted again.
    """

    deduplicates: bool = False
    calls_network: bool = True
    prepared: dict[str, Any] | None = None
    lease_until: datetime
    now: datetime


@dataclass(frozen=True, kw_only=True)
class ClaimResult:
    """The answer to a claim on one publication.

    `granted`: call the network, then `finish`. `superseded`: the post was cancelled or changed. `busy`: another attempt
    runs, at most until `until`. `waiting`: the network asked for a pause until `until`; a caller that ends the
    publication without the network may `finish` this attempt. Any other verdict is the final state. `detail` comes from
    the last attempt. `prepared` comes from the first attempt, which stored it before its call.
    """

    verdict: Literal["granted", "superseded", "busy", "waiting", "published", "refused", "unconfirmed"]
    attempt: int = 0
    until: datetime | None = None
    prepared: dict[str, Any] | None = None
    detail: dict[str, Any] = field(default_factory=dict)


class Ledger(Protocol):
    """The plans of posts, the claims on publications and the receipts. Each method is one durable transaction."""

    concurrent: ConcurrentReads

    def plan(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        """Add the plan of a new post, before its schedule is created; `also` is that of `change`.

        Raises AlreadyPlanned, or the errors of `change` for other posts.
        """
        ...

    def change(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        """Replace the current revision of a post by the next one, and with `also` those of other posts: all or none.

        If the schedule name changes, the previous name becomes superseded. The receipts of a one-time post's earlier
        revision leave History. Raises UnknownPost; ChangedElsewhere if another revision is current, or a series has the
        run that the post shall replace; PostReturned; RunReplaced if a series would have a run that another post
        replaces; and AlreadyGoingOut if the occurrence has a claim (of a series: an unfinished one, not yet too late).
        """
        ...

    def settle(self, post_id: str, revision: int, *, now: datetime) -> Plan | None:
        """Mark that the schedules match this revision; return the current plan, None for an unknown post.

        Does nothing if the revision is not current. If the revision before it was unsettled, does nothing until
        SETTLE_GRACE has passed since the change: the writer of that revision may still be changing the schedules.
        """
        ...

    def plan_all(self, posts: Sequence[Post], *, now: datetime) -> dict[str, Plan]:
        """Add the plans of new posts, active at their schedules, before those are created; return the plans by post id.

        A post whose id is known is left out. This is one transaction; on AWS, one for up to 100 posts.
        """
        ...

    def settle_all(self, plans: Sequence[Plan], *, now: datetime) -> dict[str, Plan]:
        """Settle many plans, as `settle` does, in the transactions of `plan_all`. Return those that are settled now."""
        ...

    def outdated(self, release: str, *, newer: bool, due_before: datetime | None = None) -> Iterator[list[Plan]]:
        """Yield the open plans of older zone releases, or any other if `newer`; only one-time ones if `due_before`."""
        ...

    def note_derivation(self, plans: Sequence[Plan]) -> None:
        """Note this process's zone release with the plans that are still current. The note is no change of a post."""
        ...

    def get(self, post_id: str) -> Plan | None:
        """Return a post's plan."""
        ...

    def get_all(self, post_ids: Sequence[str]) -> dict[str, Plan]:
        """Return the plans of those posts that are known, by post id."""
        ...

    def replaced_runs(self, series_id: str) -> dict[str, datetime]:
        """Return the posts that are not cancelled and replace a run of a series, each with the run."""
        ...

    def unsettled(self, *, changed_before: datetime, limit: int) -> list[Plan]:
        """Return plans whose schedules may not match, oldest change first."""
        ...

    def overdue(self, *, due_before: datetime, limit: int) -> list[Plan]:
        """Return active and paused one-time posts due before `due_before` that never began, latest due first."""
        ...

    def due(self, *, due_from: datetime, due_before: datetime, limit: int) -> list[Plan]:
        """Return active and paused one-time posts of a period that never began, soonest due first."""
        ...

    def due_with(
        self, words: Sequence[str], *, due_from: datetime, due_before: datetime, limit: int
    ) -> tuple[list[Plan], bool]:
        """Look at the first `limit` posts of `due`. Return those with every word, and whether there are further posts.

        The words are case-folded. A post without them may be returned, one with them is never left out.
        """
        ...

    def due_count(self, *, due_from: datetime, due_before: datetime) -> int:
        """Return how many posts `due` has in a period."""
        ...

    def open_count(self) -> int:
        """Return how many active and paused posts never began, repeating ones included."""
        ...

    def pending(self, post_ids: Sequence[str]) -> dict[str, Plan | None]:
        """Return each known post's plan, or None if it began, was cancelled, or was moved and has no schedule."""
        ...

    def needing_time(self, *, limit: int) -> list[Plan]:
        """Return posts whose `needs_time` is set, soonest due first. On AWS, unsettled ones may be missing."""
        ...

    def cancelled(self, *, after: datetime, limit: int) -> list[Plan]:
        """Return the posts that were cancelled after an instant, latest first, without those returned to Drafts."""
        ...

    def series(self, *, limit: int) -> list[Plan]:
        """Return active and paused repeating posts, with or without future runs."""
        ...

    def record(self, payload: Payload, receipt: Receipt) -> None:
        """Append a receipt, once. One of a post's earlier revision does not bring the post into History."""
        ...

    def occurrence(self, key: str) -> Occurrence | None:
        """Return one occurrence."""
        ...

    def occurrences(self, keys: Sequence[str]) -> list[Occurrence]:
        """Return those of some occurrences that exist, in the order of their keys."""
        ...

    def begun(self, keys: Sequence[str]) -> frozenset[str]:
        """Return the keys of those of some occurrences that exist. On AWS, one request for 100 keys."""
        ...

    def history(self, *, after: Cursor | None, limit: int) -> list[Occurrence]:
        """Return the occurrences after `after`, latest due first, without those that were only superseded."""
        ...

    def claim(self, payload: Payload, destination: Destination, terms: ClaimTerms) -> ClaimResult:
        """Claim one publication in one conditional write, before the network is called.

        The rules are in claim_rules.refusal. Refusals as `superseded` and `unconfirmed` claims leave a receipt.
        """
        ...

    def ended_or_paused(self, payload: Payload, destination: Destination, *, now: datetime) -> ClaimResult | None:
        """Return the final state or the `waiting` with which a claim would be refused now, or None."""
        ...

    def finish(self, payload: Payload, receipt: Receipt) -> None:
        """Record the end of an attempt, or that the publication waits. Raises ValueError without a destination.

        `published` always counts. Any other receipt does not change a claim that a later attempt holds.
        """
        ...

    def reopen(self, payload: Payload, destinations: tuple[Destination, ...], *, now: datetime) -> None:
        """Allow another claim at once, at the user's request, unless the destination is claimed or published.

        Each gets a `retried` receipt with the number of the last attempt. Raises ChangedElsewhere for a changed post.
        """
        ...

    def prune(self, *, now: datetime) -> None:
        """Delete some of the claims, receipts and plans older than RECEIPTS_KEPT, unless the storage does so."""
        ...
