"""The queue: pending one-time posts and the next run of each repeating post, soonest first, with their states."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from core.ledger.history import START_GRACE, Run, overdue
from core.ledger.port import Ledger, Plan
from core.ledger.post_state import PostState, StateName, planned_state, post_state
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.series import runs_of
from core.scheduling.listing import ListedSchedule, ScheduleDetail, ScheduleListing
from core.scheduling.missing_runs import SERIES_LIMIT, missing_runs
from core.scheduling.time_limits import PLANNING_HORIZON

WITHOUT_SCHEDULE_LIMIT = 100
"""The most overdue posts that `without_schedule` reads, and the most unarmed ones."""
FIRED_AHEAD = timedelta(minutes=2)
"""How long before its due instant a post may have no schedule any more. On AWS, a schedule fires a minute ahead, and is
deleted then."""
CLOCK_SKEW = timedelta(minutes=1)
"""The most that the clock of another machine may be ahead when it records a change."""
DUE_POSTS_LIMIT = 200
"""The most one-time posts that `destinations_due` reads."""


@dataclass(frozen=True, kw_only=True)
class QueueEntry:
    """One post of the queue. `post` is None if its payload is unreadable.

    A repeating post is due at its next run, or, in the state *missing*, at its last one.
    """

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

    @property
    def labels(self) -> tuple[str, ...]:
        """The names of the post's labels."""
        source = self.post or self.run
        return source.labels if source else ()


@dataclass(frozen=True, kw_only=True)
class QueueWindow:
    """The posts due in a period, soonest first. `more` is true if the limit left posts out."""

    entries: list[QueueEntry]
    more: bool


def upcoming(
    listing: ScheduleListing, ledger: Ledger, now: datetime, end: datetime, *, limit: int, start: datetime | None = None
) -> QueueWindow:
    """Return the posts due before `end` that have not begun: at most `limit` one-time posts, and the repeating ones.

    The period begins now, or at a later `start`. If `end` is PLANNING_HORIZON ahead or more, every repeating post is
    returned, even if its next run is later. The scheduler says which posts are pending, and the ledger what they are:
    a schedule that a cancelled, changed or begun post has left behind is no post. A post whose schedule has fired, and
    that has not begun yet, is *going out*. In a period that begins now, a series is *missing* while its last run is.
    """
    first = max(start or now, now) - START_GRACE
    unfired = min(end, now + FIRED_AHEAD)
    due, series, listed = ledger.concurrent.all(  # a post whose schedule fires meanwhile is due until it begins
        lambda: ledger.due(due_from=first, due_before=unfired, limit=limit + 1),
        lambda: ledger.series(limit=SERIES_LIMIT),
        lambda: listing.window(first, end, limit=limit + 1),
    )
    plans, missing = ledger.concurrent.all(
        lambda: ledger.pending([each.post_id for each in listed]),
        lambda: missing_runs(ledger, series, now) if first < now else {},
    )
    last_runs = _last_runs(series, first, unfired, now) if listing.fires_ahead else []
    current = [each for each in listed if _is_current(each, plans) and each.post_id not in missing]
    known = {each.post_id for each in current}
    unlisted = [plan for plan in (*due, *last_runs) if plan.post.post_id not in known | missing.keys()]
    fired = [_fired_entry(plan, now) for plan in unlisted]
    late = [_missing_entry(plan, missing) for plan in series if plan.post.post_id in missing]
    pending: list[ListedSchedule | QueueEntry] = [each for each in current if each.due_at is not None]
    one_time = sorted([*pending, *fired], key=_due_and_id)
    left_out = [each.due_at for each in one_time[limit:]] or [each.due_at for each in listed[limit:] if each.due_at]
    horizon = left_out[0] if left_out else None
    if horizon is None and end < now + PLANNING_HORIZON:
        horizon = end
    shown = [*one_time[:limit], *(each for each in current if each.due_at is None), *late]
    return QueueWindow(entries=_entries(listing, plans, shown, now, horizon), more=bool(left_out))


@dataclass(frozen=True, kw_only=True)
class PlannedPosts:
    """The plans of a period: the one-time posts, soonest due first, and the series. `more`: there are others."""

    one_time: list[Plan]
    series: list[Plan]
    more: bool


def read_planned(
    ledger: Ledger, first: datetime, end: datetime, *, limit: int, words: Sequence[str] = ()
) -> PlannedPosts:
    """Return the plans due from `first` until before `end`: at most `limit` one-time posts, and as many series.

    With `words`, one-time posts without them are left out. They still count for the limit.
    """
    plans, more = ledger.due_with(words, due_from=first - START_GRACE, due_before=end, limit=limit)
    return PlannedPosts(one_time=plans, series=ledger.series(limit=limit), more=more)


def planned(read: PlannedPosts, missing: Mapping[str, datetime], now: datetime, end: datetime) -> QueueWindow:
    """Return the posts that have not begun as `upcoming` does, by their plans and the missing runs alone.

    A schedule that the ledger does not know, or that was disabled outside of Punctual, is not noticed.
    """
    first = now - START_GRACE
    entries = [entry_of_plan(plan, now) for plan in read.one_time if plan.post.due_at and plan.post.due_at >= first]
    for plan in read.series:
        due_at = next_run(plan.post, now)
        if plan.post.post_id in missing:
            entries.append(_missing_entry(plan, missing))
        elif due_at is not None and due_at < end:
            entries.append(entry_of_plan(plan, now))
    return QueueWindow(entries=_sorted(entries), more=read.more)


def passed_while_paused(ledger: Ledger, now: datetime, *, limit: int) -> list[QueueEntry]:
    """Return the paused one-time posts whose time has passed, soonest due first: the latest due ones up to `limit`."""
    plans = [plan for plan in ledger.overdue(due_before=now, limit=limit) if plan.desired == "paused"]
    begun = {post_id for post_id, plan in ledger.pending([each.post.post_id for each in plans]).items() if plan is None}
    entries = [entry_of_plan(plan, now) for plan in plans if plan.post.post_id not in begun]
    return _sorted([each for each in entries if each.state == "time has passed"])


def destinations_due(listing: ScheduleListing, ledger: Ledger, start: datetime, end: datetime) -> set[Destination]:
    """Return the accounts of the posts due from `start` until before `end`, repeating posts too.

    Reads the soonest DUE_POSTS_LIMIT one-time posts.
    """
    listed = listing.window(start - START_GRACE, end, limit=DUE_POSTS_LIMIT)
    plans = ledger.pending([each.post_id for each in listed])
    current = [each for each in listed if _is_current(each, plans)]
    entries = _entries(listing, plans, current, start, end)
    return {destination.account for entry in entries for destination in entry.destinations}


def without_schedule(ledger: Ledger, now: datetime) -> list[QueueEntry]:
    """Return the overdue posts that have not begun, and the posts whose last change is not armed yet.

    A post of the second kind is included even if an earlier schedule of it is listed.
    """
    passed, unsettled = ledger.concurrent.all(
        lambda: overdue(ledger, now, limit=WITHOUT_SCHEDULE_LIMIT),
        lambda: ledger.unsettled(changed_before=now + CLOCK_SKEW, limit=WITHOUT_SCHEDULE_LIMIT),
    )
    plans = [
        *passed,
        *(plan for plan in unsettled if plan.desired != "cancelled"),
    ]
    current = ledger.pending([plan.post.post_id for plan in plans]) if plans else {}
    return _sorted([entry_of_plan(plan, now) for plan in current.values() if plan is not None])


def queue(listing: ScheduleListing, ledger: Ledger, now: datetime, end: datetime, *, limit: int) -> QueueWindow:
    """Return every post of the queue due before `end`, with or without a schedule. `limit` is as in `upcoming`."""
    unlisted = {each.post_id: each for each in without_schedule(ledger, now)}
    window = upcoming(listing, ledger, now, end, limit=limit)
    entries = unlisted | {each.post_id: each for each in window.entries}
    return QueueWindow(entries=_sorted(list(entries.values())), more=window.more)


def ledger_entry(ledger: Ledger, post_id: str, now: datetime) -> QueueEntry:
    """Return the entry of a post, with or without a schedule, from the ledger. Raises UnknownPost."""
    return entry_of_state(post_state(ledger, post_id, now), now)


def entry_of_state(current: PostState, now: datetime) -> QueueEntry:
    """Return the entry of a post in its current state. A repeating post without another run is due now."""
    post = current.plan.post
    due_at = post.due_at or next_run(post, now) or now
    return QueueEntry(post_id=post.post_id, due_at=due_at, state=current.state, post=post, run=current.run)


def entry_of_plan(plan: Plan, now: datetime) -> QueueEntry:
    """Return the entry of a post that has not begun, by its plan alone. A series without another run is due now."""
    post = plan.post
    due_at = post.due_at or next_run(post, now) or now
    return QueueEntry(post_id=post.post_id, due_at=due_at, state=planned_state(plan, now), post=post)


def _is_current(listed: ListedSchedule, plans: Mapping[str, Plan | None]) -> bool:
    """Return whether a schedule carries a pending post. A post that the ledger does not know is pending too."""
    if listed.post_id not in plans:
        return True
    plan = plans[listed.post_id]
    return plan is not None and plan.schedule_name == listed.name


def _last_runs(series: Sequence[Plan], start: datetime, end: datetime, now: datetime) -> list[Plan]:
    """Return the series whose last run is due in a period. AWS deletes a schedule after its last invocation."""
    if end <= start:
        return []
    ending = [plan for plan in series if plan.post.repeat and plan.post.repeat.ends_at]
    runs = [(plan, runs_of(plan.post, after=now, count=2)) for plan in ending]
    return [plan for plan, ahead in runs if len(ahead) == 1 and start <= ahead[0] < end]


def _missing_entry(plan: Plan, missing: Mapping[str, datetime]) -> QueueEntry:
    post_id = plan.post.post_id
    return QueueEntry(post_id=post_id, due_at=missing[post_id], state="missing", post=plan.post)


def _fired_entry(plan: Plan, now: datetime) -> QueueEntry:
    """Return the entry of a post that is due about now and has no schedule."""
    entry = entry_of_plan(plan, now)
    return replace(entry, state="going out") if entry.state == "scheduled" else entry


def _entries(
    listing: ScheduleListing,
    plans: Mapping[str, Plan | None],
    found: Sequence[ListedSchedule | QueueEntry],
    now: datetime,
    horizon: datetime | None,
) -> list[QueueEntry]:
    """Return the entries of schedules. Only the schedules of unknown posts are read one by one."""
    unknown = [each for each in found if isinstance(each, ListedSchedule) and plans.get(each.post_id) is None]
    entries = [_unplanned_entry(each, now, horizon) for each in listing.details(unknown)]
    for each in found:
        plan = plans.get(each.post_id)
        if isinstance(each, QueueEntry):
            entries.append(each)
        elif plan is not None:
            entries.append(_planned_entry(each, plan, now, horizon))
    return _sorted([each for each in entries if each is not None])


def _planned_entry(listed: ListedSchedule, plan: Plan, now: datetime, horizon: datetime | None) -> QueueEntry | None:
    """Return the entry of a post with a schedule, or None for a repeating post without a run before the horizon."""
    state = planned_state(plan, now)
    if plan.desired == "active" and plan.settled and not listed.enabled:  # disabled outside of Punctual
        state = "time has passed" if state == "going out" else "paused"
    return _listed_entry(listed, plan.post, state, now, horizon)


def _unplanned_entry(detail: ScheduleDetail, now: datetime, horizon: datetime | None) -> QueueEntry | None:
    """Return the entry of a schedule that the ledger does not know, or None as `_planned_entry`."""
    listed = detail.listed
    state: StateName = "scheduled" if listed.enabled else "paused"
    if listed.due_at is not None and listed.due_at <= now:
        state = "going out" if listed.enabled else "time has passed"
    return _listed_entry(listed, detail.post, state, now, horizon)


def _listed_entry(
    listed: ListedSchedule, post: Post | None, state: StateName, now: datetime, horizon: datetime | None
) -> QueueEntry | None:
    due_at = listed.due_at or next_run(post, now)
    if due_at is None or (listed.due_at is None and horizon is not None and due_at >= horizon):
        return None
    return QueueEntry(post_id=listed.post_id, due_at=due_at, state=state, post=post)


def _sorted(entries: list[QueueEntry]) -> list[QueueEntry]:
    return sorted(entries, key=_due_and_id)


def _due_and_id(each: QueueEntry | ListedSchedule) -> tuple[datetime, str]:
    return each.due_at or datetime.max.replace(tzinfo=UTC), each.post_id


def next_run(post: Post | None, after: datetime) -> datetime | None:
    """Return the next run of a repeating post; None for any other post, and for a series without another run."""
    return next(iter(runs_of(post, after=after, count=1)), None) if post is not None else None
