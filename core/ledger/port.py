"""What every ledger promises: intents before schedules, receipts for ever, and one claim per publication."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, Protocol

from core.errors import PunctualError
from core.posts.models import Post
from core.posts.payload import Payload
from core.time.instants import utc_text

Wish = Literal["active", "paused", "cancelled", "moved"]
"""What the person wants of a post at this moment. *moved*: it was exported, and goes out by another deployment."""

OPEN: frozenset[Wish] = frozenset({"active", "paused"})
"""The wishes of a post that is still to go out from here."""

SETTLING = timedelta(minutes=1)
"""How long whoever wrote a change is given to settle it, before others finish it."""

KEPT = timedelta(days=400)
"""How long what became of an occurrence outlives its due instant, and a plan its end."""

STOPPED_WHILE_PUBLISHING = (
    "Punctual stopped while it was publishing, and this network cannot be asked what became of it."
)
"""Why a claim is unconfirmed whose owner never said how it ended."""

ReceiptKind = Literal[
    "handed_over",
    "attempt_failed",
    "missed",
    "failed",
    "retried",
    "published",
    "refused",
    "waiting",
    "unconfirmed",
    "superseded",
]
"""The first four come from the relay and tell of an occurrence as a whole; the rest tell of one destination: `retried`
comes from a person, the others from the posting server."""

FinalState = Literal["published", "refused", "unconfirmed"]


class AlreadyPlanned(PunctualError):
    """A post of this id is there already; a double click, as a rule."""

    hint = "Look into the queue: it is there once."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was scheduled already.")
        self.post_id = post_id


class UnknownPost(PunctualError):
    """The ledger has no such post: it was never planned here, or the ledger was damaged and begun anew since."""

    hint = (
        "Look into the queue for its present name. If it is there, another dashboard planned it, or the ledger was"
        " lost: change it there, or delete its schedule on Health."
    )

    def __init__(self, post_id: str) -> None:
        super().__init__(f"There is no post {post_id}.")


class ChangedElsewhere(PunctualError):
    """Somebody changed the post since it was read."""

    hint = "Look at it again: the newest version is shown now. Then repeat your change if it is still needed."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} was changed elsewhere meanwhile. Your change was not made.")


class AlreadyGoingOut(PunctualError):
    """An occurrence of the post was claimed: it is being published, or was."""

    hint = "Look into History to see what became of it."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} is already going out. Your change was not made.")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A post as the ledger knows it: its current revision and what is wished of it."""

    post: Post
    wish: Wish
    schedule_name: str | None
    superseded: tuple[str, ...]
    settled: bool
    created_at: datetime
    changed_at: datetime


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """One thing that happened to an occurrence, or to one destination of it. Appended, never changed.

    `attempt` counts the claims of a destination, or the attempts of the relay; `detail` is JSON without secrets. That
    of a `waiting` has a member `until` where the network asked not to be called before that instant (utc_text).
    """

    kind: ReceiptKind
    at: datetime
    revision: int
    attempt: int = 1
    destination: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Occurrence:
    """One planned publication that has begun, as it was handed over, with all its receipts in order of arrival."""

    key: str
    payload: Payload
    receipts: tuple[Receipt, ...]

    @property
    def due_at(self) -> datetime:
        """The instant at which it was to go out."""
        return self.payload.due


@dataclass(frozen=True, kw_only=True)
class Claim:
    """The answer to an attempt to claim one publication.

    `yours`: call the network, then `finish`. `superseded`: the post was cancelled or changed. `busy`: another attempt
    is under way until `until`. `waiting`: the network asked not to be called before `until`; whoever can end it without
    calling it may `finish` that attempt. Anything else is how it ended before. `detail` is what the last attempt left,
    `prepared` what an earlier one stored before it called the network.
    """

    verdict: Literal["yours", "superseded", "busy", "waiting", "published", "refused", "unconfirmed"]
    attempt: int = 0
    until: datetime | None = None
    prepared: dict[str, Any] | None = None
    detail: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A place in History: where the next page goes on."""

    due_at: datetime
    key: str

    def __str__(self) -> str:
        return f"{utc_text(self.due_at)} {self.key}"


class Ledger(Protocol):
    """What was planned and what became of it. Each method is one durable transaction."""

    def plan(self, post: Post, *, wish: Wish = "active", schedule_name: str | None, now: datetime) -> Plan:
        """Write the intent of a new post, before its schedule is made. Raises AlreadyPlanned."""
        ...

    def change(self, post: Post, *, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
        """Write the intent of a new revision, `post.revision`, that follows the current one.

        Another schedule name adds the present one to the superseded. What befell an earlier revision of a one-time
        post leaves History. Raises UnknownPost, ChangedElsewhere if the current revision is another, AlreadyGoingOut
        if the post's occurrence is claimed (of a repeating post: while a run's claim is unfinished and not too late).
        """
        ...

    def settle(self, post_id: str, revision: int, *, now: datetime) -> None:
        """Note that the schedules are as this revision wishes.

        Without effect if the revision is no longer current; nor, until SETTLING after it was written, if the one that
        it replaced was not settled: whoever wrote that one may still be at work, and undo what was done since.
        """
        ...

    def get(self, post_id: str) -> Plan | None:
        """Return a post's plan."""
        ...

    def unsettled(self, *, changed_before: datetime, limit: int) -> list[Plan]:
        """Return plans whose schedules are not known to be as wished, oldest change first."""
        ...

    def lying(self, *, due_before: datetime, limit: int) -> list[Plan]:
        """Return one-time posts, not cancelled, that were due before `due_before` and never began, latest due first."""
        ...

    def series(self, *, limit: int) -> list[Plan]:
        """Return repeating posts, neither cancelled nor moved, whether or not they have runs to come."""
        ...

    def record(self, payload: Payload, receipt: Receipt) -> None:
        """Append what happened to an occurrence. The same receipt may be brought twice; states do not change by it.

        What befalls a revision of a one-time post that is no longer current does not bring it into History.
        """
        ...

    def occurrence(self, key: str) -> Occurrence | None:
        """Return one occurrence."""
        ...

    def history(self, *, after: Cursor | None, limit: int) -> list[Occurrence]:
        """Return occurrences, the latest due first, behind `after`; those that were only superseded are left out."""
        ...

    def claim(
        self,
        payload: Payload,
        destination: str,
        *,
        deduplicates: bool,
        prepared: dict[str, Any] | None,
        lease_until: datetime,
        now: datetime,
    ) -> Claim:
        """Claim one publication before the network is called, in one conditional write.

        A revision that is not current, or whose post is cancelled, is superseded; not so a run of a series that was
        claimed there before, or a part of a thread whose first one was: it goes on as it began, whatever became of the
        series. A claim whose lease has run out, or whose owner is dead, is claimed again where the network
        deduplicates; elsewhere it becomes unconfirmed, with a receipt. What waits is not claimed, and leaves no
        receipt, before the instant that its network asked for.
        """
        ...

    def stands(self, payload: Payload, destination: str, *, now: datetime) -> Claim | None:
        """Return how a publication ended, or the `waiting` that a claim would be answered now; else None."""
        ...

    def finish(self, payload: Payload, receipt: Receipt) -> None:
        """Record with its receipt how a claimed publication ended, or that it waits for another attempt.

        A claim that was taken over since is not touched by it, save that `published` always counts.
        """
        ...

    def reopen(self, payload: Payload, destinations: tuple[str, ...], *, now: datetime) -> None:
        """Let publications that are neither out nor under way be claimed again at once, because a person said so.

        Each gets a `retried` receipt, whose `attempt` is the last one made. Raises ChangedElsewhere if the post is a
        one-time post that was changed or cancelled since.
        """
        ...

    def prune(self, *, now: datetime) -> None:
        """Delete some of the claims, receipts and plans that are KEPT no longer, unless the storage does so itself."""
        ...
