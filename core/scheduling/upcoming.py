"""The queue: pending one-time posts and the next run of each repeating post, in order, with their states."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ledger.history import GRACE, Run, overdue
from core.ledger.port import Ledger
from core.ledger.post_state import PostState, StateName, post_state
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.recurrence import NeverRuns, next_runs
from core.scheduling.listing import ScheduleDetail, ScheduleListing
from core.scheduling.time_limits import PLANNING_HORIZON

WITHOUT_SCHEDULE_LIMIT = 100
CLOCK_SKEW = timedelta(minutes=1)
"""How far ahead the clock of another machine may be that recorded a change."""
POSTS_LOOKED_AT = 200
"""One-time posts that `destinations_due` reads at most."""


@dataclass(frozen=True, kw_only=True)
class QueueEntry:
    """One post of the queue. A repeating post is due at its next run; `post` is None if its payload is unreadable."""

    post_id: str
    due_at: datetime
    state: StateName
    post: Post | None
    run: Run | None = None

    @property
    def key(self) -> str:
        """The occurrence key once the occurrence has begun, else the post id."""
        return self.run.key if self.run else self.post_id

    @property
    def text(self) -> str | None:
        """The post's text; None if its payload is unreadable."""
        return self.post.text if self.post else self.run.text if self.run else None

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """The post's destinations."""
        return self.post.destinations if self.post else self.run.destinations if self.run else ()


@dataclass(frozen=True, kw_only=True)
class QueueWindow:
    """The posts due in a period, soonest first; `more` if there are more than the limit."""

    entries: list[QueueEntry]
    more: bool


def upcoming(
    listing: ScheduleListing, now: datetime, end: datetime, *, limit: int, start: datetime | None = None
) -> QueueWindow:
    """Return the scheduled posts due before `end`: up to `limit` one-time posts, and the repeating ones among them.

    The period begins now, or at a later `start`. A post that is due but not yet published is *going out*. With an
    `end` at PLANNING_HORIZON or later, repeating posts are returned however late their next run is.
    """
    listed = listing.window(max(start or now, now) - GRACE, end, limit=limit + 1)
    once = [each for each in listed if each.due_at is not None]
    repeating = [each for each in listed if each.due_at is None]
    more = len(once) > limit
    last = end if end < now + PLANNING_HORIZON else None
    horizon = once[limit].due_at if more else last
    found = [_scheduled_entry(each, now, horizon) for each in listing.details(once[:limit] + repeating)]
    return QueueWindow(entries=_sorted([each for each in found if each is not None]), more=more)


def destinations_due(listing: ScheduleListing, start: datetime, end: datetime) -> set[Destination]:
    """Return the accounts of the posts, repeating ones too, that are due before an instant.

    Of more than POSTS_LOOKED_AT one-time posts, the first ones count.
    """
    entries = upcoming(listing, start, end, limit=POSTS_LOOKED_AT).entries
    return {destination.account for entry in entries for destination in entry.destinations}


def without_schedule(ledger: Ledger, now: datetime) -> list[QueueEntry]:
    """Return posts that may have no schedule: overdue ones that have not begun, and ones that are not armed (yet).

    A changed post that is not known to be armed again is included, even if its schedule is listed.
    """
    unsettled = ledger.unsettled(changed_before=now + CLOCK_SKEW, limit=WITHOUT_SCHEDULE_LIMIT)
    plans = [
        *overdue(ledger, now, limit=WITHOUT_SCHEDULE_LIMIT),
        *(plan for plan in unsettled if plan.desired != "cancelled"),
    ]
    found = {plan.post.post_id: post_state(ledger, plan.post.post_id, now) for plan in plans}
    return _sorted([entry_of_state(each, now) for each in found.values() if each.run is None])


def ledger_entry(ledger: Ledger, post_id: str, now: datetime) -> QueueEntry:
    """Return the entry of a post from its plan and occurrence, scheduled or not. Raises UnknownPost."""
    return entry_of_state(post_state(ledger, post_id, now), now)


def follow_moved(ledger: Ledger, found: QueueEntry, now: datetime) -> QueueEntry:
    """Return an entry unchanged, unless its paused post was moved to another deployment: then the ledger's entry."""
    plan = ledger.get(found.post_id) if found.state in ("paused", "time has passed") else None
    return found if plan is None or plan.desired != "moved" else ledger_entry(ledger, found.post_id, now)


def entry_of_state(found: PostState, now: datetime) -> QueueEntry:
    """Return the entry of a post's state; a repeating post without another run is due now."""
    post = found.plan.post
    due_at = post.due_at or _next_run(post, now) or now
    return QueueEntry(post_id=post.post_id, due_at=due_at, state=found.state, post=post, run=found.run)


def _sorted(entries: list[QueueEntry]) -> list[QueueEntry]:
    return sorted(entries, key=lambda each: (each.due_at, each.post_id))


def _scheduled_entry(detail: ScheduleDetail, now: datetime, horizon: datetime | None) -> QueueEntry | None:
    """Return the entry of a schedule; None for a repeating post without a run before the horizon."""
    listed, post = detail.listed, detail.post
    due_at = listed.due_at or _next_run(post, now)
    if due_at is None or (listed.due_at is None and horizon is not None and due_at >= horizon):
        return None
    state: StateName = "scheduled" if listed.enabled else "paused"
    if due_at <= now:
        state = "going out" if listed.enabled else "time has passed"
    return QueueEntry(post_id=listed.post_id, due_at=due_at, state=state, post=post)


def _next_run(post: Post | None, after: datetime) -> datetime | None:
    if post is None or post.repeat is None:
        return None
    rule = post.repeat
    try:
        return next_runs(rule.expression, post.zone, rule.starts_at, rule.ends_at, after=after, count=1)[0]
    except NeverRuns:
        return None
