"""The queue: pending one-time posts and the next run of each repeating post, soonest first, with their states."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ledger.history import START_GRACE, Run, overdue
from core.ledger.port import Ledger
from core.ledger.post_state import PostState, StateName, post_state
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.recurrence import NeverRuns, next_runs
from core.scheduling.listing import ScheduleDetail, ScheduleListing
from core.scheduling.time_limits import PLANNING_HORIZON

WITHOUT_SCHEDULE_LIMIT = 100
"""The most overdue posts that `without_schedule` reads, and the most unarmed ones."""
CLOCK_SKEW = timedelta(minutes=1)
"""The most that the clock of another machine may be ahead when it records a change."""
DUE_POSTS_LIMIT = 200
"""The most one-time posts that `destinations_due` reads."""


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
        """The post's text, or None if its payload is unreadable."""
        source = self.post or self.run
        return source.text if source else None

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """The post's destinations."""
        source = self.post or self.run
        return source.destinations if source else ()


@dataclass(frozen=True, kw_only=True)
class QueueWindow:
    """The posts due in a period, soonest first. `more` is true if the limit left posts out."""

    entries: list[QueueEntry]
    more: bool


def upcoming(
    listing: ScheduleListing, now: datetime, end: datetime, *, limit: int, start: datetime | None = None
) -> QueueWindow:
    """Return the scheduled posts due before `end`: at most `limit` one-time posts, and the repeating posts among them.

    The period begins now, or at a later `start`. A post that is due but not yet published is *going out*. If `end` is
    PLANNING_HORIZON ahead or more, every repeating post is returned, even if its next run is later.
    """
    listed = listing.window(max(start or now, now) - START_GRACE, end, limit=limit + 1)
    one_time = [each for each in listed if each.due_at is not None]
    repeating = [each for each in listed if each.due_at is None]
    more = len(one_time) > limit
    horizon = end if end < now + PLANNING_HORIZON else None
    if more:
        horizon = one_time[limit].due_at
    entries = [_scheduled_entry(each, now, horizon) for each in listing.details(one_time[:limit] + repeating)]
    return QueueWindow(entries=_sorted([each for each in entries if each is not None]), more=more)


def destinations_due(listing: ScheduleListing, start: datetime, end: datetime) -> set[Destination]:
    """Return the accounts of the posts due from `start` until before `end`, repeating posts too.

    Reads the soonest DUE_POSTS_LIMIT one-time posts.
    """
    entries = upcoming(listing, start, end, limit=DUE_POSTS_LIMIT).entries
    return {destination.account for entry in entries for destination in entry.destinations}


def without_schedule(ledger: Ledger, now: datetime) -> list[QueueEntry]:
    """Return the overdue posts that have not begun, and the posts whose last change is not armed yet.

    A post of the second kind is included even if an earlier schedule of it is listed.
    """
    unsettled = ledger.unsettled(changed_before=now + CLOCK_SKEW, limit=WITHOUT_SCHEDULE_LIMIT)
    plans = [
        *overdue(ledger, now, limit=WITHOUT_SCHEDULE_LIMIT),
        *(plan for plan in unsettled if plan.desired != "cancelled"),
    ]
    states = {plan.post.post_id: post_state(ledger, plan.post.post_id, now) for plan in plans}
    return _sorted([entry_of_state(each, now) for each in states.values() if each.run is None])


def ledger_entry(ledger: Ledger, post_id: str, now: datetime) -> QueueEntry:
    """Return the entry of a post, with or without a schedule, from the ledger. Raises UnknownPost."""
    return entry_of_state(post_state(ledger, post_id, now), now)


def mark_moved(ledger: Ledger, entry: QueueEntry, now: datetime) -> QueueEntry:
    """Return an entry with the state *moved* or *needs a time* if the plan says so, else unchanged.

    The schedule of such a post is disabled, so the listing shows the post as paused.
    """
    plan = ledger.get(entry.post_id) if entry.state in ("paused", "time has passed") else None
    if plan is None or (plan.desired != "moved" and not plan.needs_time):
        return entry
    return ledger_entry(ledger, entry.post_id, now)


def entry_of_state(current: PostState, now: datetime) -> QueueEntry:
    """Return the entry of a post in its current state. A repeating post without another run is due now."""
    post = current.plan.post
    due_at = post.due_at or _next_run(post, now) or now
    return QueueEntry(post_id=post.post_id, due_at=due_at, state=current.state, post=post, run=current.run)


def _sorted(entries: list[QueueEntry]) -> list[QueueEntry]:
    return sorted(entries, key=lambda each: (each.due_at, each.post_id))


def _scheduled_entry(detail: ScheduleDetail, now: datetime, horizon: datetime | None) -> QueueEntry | None:
    """Return the entry of a schedule, or None for a repeating post without a run before the horizon."""
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
