"""The queue as people see it: one-time posts and the next run of each repeating one, in order, each with its state."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from core.ledger.history import GRACE, Run, lying
from core.ledger.port import Ledger
from core.ledger.post_state import Standing, State, standing
from core.posts.models import Post
from core.posts.recurrence import NeverRuns, preview
from core.scheduling.listing import Queue, Scheduled
from core.scheduling.schedules import FURTHEST_AHEAD

STRANDED_AT_MOST = 100
CLOCKS_APART = timedelta(minutes=1)
"""How far ahead the clock of another machine may be that has noted a change a moment ago."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One post of the queue. `due_at` of a repeating one is its next run; `post` is None if its payload is foreign."""

    post_id: str
    due_at: datetime
    state: State
    post: Post | None
    run: Run | None = None

    @property
    def key(self) -> str:
        """Names the entry: the occurrence of one that has begun, else the post."""
        return self.run.key if self.run else self.post_id

    @property
    def text(self) -> str | None:
        """What the post says; None if its payload is foreign."""
        return self.post.text if self.post else self.run.text if self.run else None

    @property
    def destinations(self) -> tuple[str, ...]:
        """Where the post goes or went."""
        return self.post.destinations if self.post else self.run.destinations if self.run else ()


@dataclass(frozen=True, kw_only=True)
class Window:
    """The posts that are due in a window of time, soonest first, and whether there are more than were asked for."""

    entries: list[Entry]
    more: bool


def upcoming(queue: Queue, now: datetime, end: datetime, *, limit: int, start: datetime | None = None) -> Window:
    """Return what is scheduled until before `end`: up to `limit` one-time posts, and the repeating ones among them.

    It begins now, or later at `start`. A post that is due and not yet gone is there as *going out*. Where `end` lies as
    far ahead as posts may be planned, nothing is to be left out: what repeats is there however late its next run.
    """
    listed = queue.window(max(start or now, now) - GRACE, end, limit=limit + 1)
    once = [each for each in listed if each.due_at is not None]
    repeating = [each for each in listed if each.due_at is None]
    more = len(once) > limit
    last = end if end < now + FURTHEST_AHEAD else None
    horizon = once[limit].due_at if more else last
    found = [_entry(each, now, horizon) for each in queue.details(once[:limit] + repeating)]
    return Window(entries=_in_order([each for each in found if each is not None]), more=more)


def stranded(ledger: Ledger, now: datetime) -> list[Entry]:
    """Return what may have no schedule: posts whose time has passed with nothing begun, and those not armed (yet).

    A post that was changed and is not known to be armed again is among them, whether or not a listing shows it too.
    """
    unsettled = ledger.unsettled(changed_before=now + CLOCKS_APART, limit=STRANDED_AT_MOST)
    plans = [*lying(ledger, now, limit=STRANDED_AT_MOST), *(plan for plan in unsettled if plan.wish != "cancelled")]
    found = {plan.post.post_id: standing(ledger, plan.post.post_id, now) for plan in plans}
    return _in_order([entry_of(each, now) for each in found.values() if each.run is None])


def entry(ledger: Ledger, post_id: str, now: datetime) -> Entry:
    """Return one post as its plan and its occurrence tell of it, scheduled or not. Raises UnknownPost."""
    return entry_of(standing(ledger, post_id, now), now)


def as_wished(ledger: Ledger, found: Entry, now: datetime) -> Entry:
    """Return an entry of the scheduler; a paused one as the ledger tells of it, since it may have been moved."""
    plan = ledger.get(found.post_id) if found.state in ("paused", "time has passed") else None
    return found if plan is None or plan.wish != "moved" else entry(ledger, found.post_id, now)


def entry_of(found: Standing, now: datetime) -> Entry:
    """Return a standing as an entry; a repeating post without a further run stands where it is."""
    post = found.plan.post
    due_at = post.due_at or _next_run(post, now) or now
    return Entry(post_id=post.post_id, due_at=due_at, state=found.state, post=post, run=found.run)


def _in_order(entries: list[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda each: (each.due_at, each.post_id))


def _entry(scheduled: Scheduled, now: datetime, horizon: datetime | None) -> Entry | None:
    """Return a schedule as an entry, or None for a repeating one without a run before the horizon."""
    listed, post = scheduled.listed, scheduled.post
    due_at = listed.due_at or _next_run(post, now)
    if due_at is None or (listed.due_at is None and horizon is not None and due_at >= horizon):
        return None
    state: State = "scheduled" if listed.enabled else "paused"
    if due_at <= now:
        state = "going out" if listed.enabled else "time has passed"
    return Entry(post_id=listed.post_id, due_at=due_at, state=state, post=post)


def _next_run(post: Post | None, after: datetime) -> datetime | None:
    if post is None or post.repeat is None:
        return None
    rule = post.repeat
    try:
        return preview(rule.expression, post.zone, rule.starts_at, rule.ends_at, after=after, count=1)[0]
    except NeverRuns:
        return None
