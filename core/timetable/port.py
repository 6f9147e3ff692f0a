"""The posting times port: the timetables, the posts that occupy posting times, and the claims on free ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from core.errors import PunctualError
from core.ledger.port import OPEN_STATES, Plan
from core.posts.destinations import Destination
from core.timetable.timetable import Timetable

LEASE = timedelta(minutes=10)
"""How long a claim holds a time for a post whose plan is not written yet. Usually it is written within milliseconds."""


class TimetableChanged(PunctualError):
    """Another tab or process changed the timetable after it was read."""

    hint = "Check the newest posting times, which are shown now. Then repeat your change if it is still needed."

    def __init__(self) -> None:
        super().__init__("The posting times were changed elsewhere. Your change was not saved.")


@dataclass(frozen=True, kw_only=True)
class StoredTimetable:
    """A timetable as it is stored. `version` grows with each change. `timetable` is None if it was removed."""

    timetable: Timetable | None
    version: int


NOT_STORED = StoredTimetable(timetable=None, version=0)


@dataclass(frozen=True, kw_only=True)
class Occupant:
    """A post that is due at an instant, or that has a live claim on it, and the accounts for which it is."""

    post_id: str
    accounts: frozenset[Destination]


@dataclass(frozen=True, kw_only=True)
class TimeClaim:
    """A claim of a post on an instant. `revision` is that of the post's plan when it claimed; 0 without a plan."""

    post_id: str
    revision: int
    claimed_at: datetime

    def awaits_plan(self, revision: int | None, now: datetime) -> bool:
        """Return whether the claim counts although its post is not due then.

        `revision` is that of the post's plan, None without a plan. The claim counts until the post is changed, at most
        for a LEASE.
        """
        return (revision or 0) == self.revision and abs(now - self.claimed_at) < LEASE


def occupies(plan: Plan, account: Destination, instant: datetime) -> bool:
    """Return whether a plan is an active or paused one-time post for the account at the instant."""
    return plan.desired in OPEN_STATES and plan.post.due_at == instant and account in plan.post.accounts


class PostingTimes(Protocol):
    """The timetables of a deployment: one for all accounts, under None, and those of single accounts.

    Any thread may use it. Claims have one winner: of two posts that share an account, only one gets an instant.
    """

    def all(self) -> dict[Destination | None, StoredTimetable]:
        """Return every timetable, the removed ones too."""
        ...

    def save(self, account: Destination | None, timetable: Timetable | None, *, base: int) -> StoredTimetable:
        """Store a timetable, or remove it if it is None.

        `base` is the version that the writer has read, 0 if there was none. Raises TimetableChanged if another version
        is stored.
        """
        ...

    def occupants(
        self, instants: Sequence[datetime], accounts: Collection[Destination], *, now: datetime
    ) -> Mapping[datetime, list[Occupant]]:
        """Return the active and paused one-time posts that are due at each instant, and the live claims of `accounts`.

        A post whose claim and plan are both found appears twice. Instants without an occupant are left out. The cost
        grows with the instants and the posts found, not with the queue.
        """
        ...

    def claim(
        self,
        post_id: str,
        accounts: Collection[Destination],
        instant: datetime,
        *,
        revision: int = 0,
        instead_of: Collection[str] = (),
        now: datetime,
    ) -> bool:
        """Claim an instant for all accounts of a post; return False if another post has a live claim for one of them.

        `revision` is that of the post's plan, 0 if it has none yet. A claim lives while its post is due then for the
        account, and until the plan is written, at most for a LEASE. The claims of the posts in `instead_of` do not
        count, because they are moving away.
        """
        ...

    def claim_each(
        self, wanted: Sequence[tuple[str, Collection[Destination], datetime]], *, now: datetime
    ) -> list[bool]:
        """Claim an instant for the accounts of each post, as `claim` does for posts without a plan, in order."""
        ...

    def release(self, post_id: str, accounts: Collection[Destination], instant: datetime) -> None:
        """Give up the post's claims on an instant."""
        ...
