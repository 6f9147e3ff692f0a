"""The calendar: past and coming posts of a period, with every run of a repeating post."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from core.ledger.cursor import Cursor
from core.ledger.history import START_GRACE, Run, all_runs
from core.ledger.port import Ledger
from core.posts.recurrence import NeverRuns, next_runs
from core.scheduling.listing import ScheduleListing
from core.scheduling.upcoming import QueueEntry, QueueWindow, entry_of_plan, next_run, upcoming

POSTS_LIMIT = 1000
"""The most past posts of a calendar, and the most coming ones."""
RUNS_LIMIT = 1000
"""The most runs of one repeating post in a calendar."""
HISTORY_PAGE = 100
"""Past posts that are read at a time. Most months have fewer, so few posts from before the period are read."""
PROBED_POSTS = 50
"""The coming posts that tell whether a period has few enough to read them all."""
DAY_POSTS = 4
"""The coming posts that are read of each day of a period with too many."""
FULL_DAYS = 3
"""If no more days than this have further posts, these days are read whole."""
_MILLISECOND = timedelta(milliseconds=1)
"""The resolution of due instants."""


@dataclass(frozen=True, kw_only=True)
class CalendarWindow(QueueWindow):
    """The posts of a period. Of some days it has only the first posts: `shortened` has the number of the others."""

    shortened: Mapping[datetime, int] = field(default_factory=dict)


def calendar_view(
    listing: ScheduleListing,
    ledger: Ledger,
    start: datetime,
    end: datetime,
    now: datetime,
    *,
    days: Sequence[datetime] = (),
    limit: int | None = None,
) -> CalendarWindow:
    """Return the posts due from `start` until before `end`, soonest first, each run once.

    If a coming post has also begun, the run in the ledger counts. At most `limit` past posts are returned, and as many
    coming ones; by default POSTS_LIMIT. With `days`, the beginnings of the days of the period, a period with more
    coming posts has the first posts of each day.
    """
    limit = POSTS_LIMIT if limit is None else limit
    past, coming = ledger.concurrent.all(
        lambda: _past(ledger, start, end, limit + 1),
        lambda: _Coming(listing, ledger, max(start, now), end, now).read(days, limit),
    )
    expanded = [_entry_per_run(each, max(now, start - _MILLISECOND), end) for each in coming.entries]
    more = coming.more or len(past) > limit or any(len(runs) > RUNS_LIMIT for runs in expanded)
    entries = [each for runs in expanded for each in runs[:RUNS_LIMIT]]
    entries += [_past_entry(run) for run in past[:limit]]
    by_run = {(each.due_at, each.post_id): each for each in entries if start <= each.due_at < end}
    return CalendarWindow(entries=[by_run[key] for key in sorted(by_run)], more=more, shortened=coming.shortened)


def near_entries(ledger: Ledger, start: datetime, end: datetime, now: datetime, *, limit: int) -> list[QueueEntry]:
    """Return at most `limit` past posts of a period, as many coming ones, and the runs of series, from the ledger.

    This is cheaper than `calendar_view`, and does not know whether the scheduler has the posts.
    """
    ahead = end > now
    past, due, series = ledger.concurrent.all(
        lambda: _past(ledger, start, end, limit),
        lambda: ledger.due(due_from=start, due_before=end, limit=limit) if ahead else [],
        lambda: ledger.series(limit=POSTS_LIMIT) if ahead else [],
    )
    entries = [_past_entry(run) for run in past]
    entries += [entry_of_plan(plan, now) for plan in due]
    for plan in series:
        if next_run(plan.post, now) is not None:
            entries += _entry_per_run(entry_of_plan(plan, now), max(now, start - _MILLISECOND), end)[:limit]
    return entries


def _past(ledger: Ledger, start: datetime, end: datetime, limit: int) -> list[Run]:
    """Return the runs due from `start` until before `end`, latest due first: at most `limit`."""
    latest = islice(all_runs(ledger, after=Cursor(due_at=end, key=""), page=HISTORY_PAGE), limit)
    return list(takewhile(lambda run: run.due_at >= start, latest))


def _past_entry(run: Run) -> QueueEntry:
    return QueueEntry(post_id=run.post_id, due_at=run.due_at, state=run.state, post=None, run=run)


@dataclass(frozen=True)
class _Coming:
    """The coming posts of a period."""

    listing: ScheduleListing
    ledger: Ledger
    start: datetime
    end: datetime
    now: datetime

    def read(self, days: Sequence[datetime], limit: int) -> CalendarWindow:
        """Return at most `limit` posts; or with `days`, if there are more, the first ones of each day."""
        if self.end <= self.now:
            return CalendarWindow(entries=[], more=False)
        found = self._soonest(PROBED_POSTS if days else limit)
        if not days or not found.more:
            return CalendarWindow(entries=found.entries, more=found.more)
        if not self._is_crowded(found):
            found = self._soonest(limit)
            if not found.more:
                return CalendarWindow(entries=found.entries, more=False)
        return self._by_day(days)

    def _soonest(self, limit: int) -> QueueWindow:
        return upcoming(self.listing, self.ledger, self.now, self.end, limit=limit, start=self.start)

    def _is_crowded(self, probe: QueueWindow) -> bool:
        """Return whether the period has more than POSTS_LIMIT posts, if they are spread as the soonest ones are."""
        due = [each.due_at for each in probe.entries if each.post and not each.post.repeats] or [self.end]
        gaps = max(1, len(due) - 1)
        return (max(due) - min(due)) / gaps * POSTS_LIMIT < self.end - min(due)

    def _by_day(self, days: Sequence[datetime]) -> CalendarWindow:
        """Return the first posts of each day, and the repeating posts, from the ledger."""
        periods = [pair for pair in zip(days, [*days[1:], self.end], strict=True) if pair[1] > self.start]
        found = {begins: self._of_day(begins, ends, DAY_POSTS) for begins, ends in periods}
        shortened = [(begins, ends) for begins, ends in periods if len(found[begins]) > DAY_POSTS]
        if len(shortened) <= FULL_DAYS:
            found |= {begins: self._of_day(begins, ends, POSTS_LIMIT) for begins, ends in shortened}
            shortened = [(begins, ends) for begins, ends in shortened if len(found[begins]) > POSTS_LIMIT]
        others = {begins: self._count(begins, ends) - len(found[begins]) for begins, ends in shortened}
        plans = self.ledger.series(limit=POSTS_LIMIT)
        entries = [entry_of_plan(plan, self.now) for plan in plans if next_run(plan.post, self.now) is not None]
        entries += [each for begins, _ in periods for each in found[begins]]
        return CalendarWindow(entries=entries, more=False, shortened=others)

    def _of_day(self, begins: datetime, ends: datetime, limit: int) -> list[QueueEntry]:
        """Return the first posts of a day: one more than `limit`, if it has more."""
        plans = self.ledger.due(due_from=self._first(begins), due_before=ends, limit=limit + 1)
        return [entry_of_plan(plan, self.now) for plan in plans]

    def _count(self, begins: datetime, ends: datetime) -> int:
        return self.ledger.due_count(due_from=self._first(begins), due_before=ends)

    def _first(self, begins: datetime) -> datetime:
        return max(begins, self.start - START_GRACE)


def _entry_per_run(entry: QueueEntry, after: datetime, last: datetime) -> list[QueueEntry]:
    """Return one entry for each run of a repeating post after `after` and before `last`: at most RUNS_LIMIT + 1.

    The entry of a one-time post is returned unchanged. That of a missing run comes before the others.
    """
    rule = entry.post.repeat if entry.post else None
    if entry.post is None or rule is None:
        return [entry]
    if entry.state == "missing":
        return [entry, *_entry_per_run(replace(entry, state="scheduled"), after, last)]
    ends_at = min(rule.ends_at or last, last - _MILLISECOND)
    until = rule.model_copy(update={"ends_at": ends_at})
    try:
        due = next_runs(until, entry.post.zone, after=after, count=RUNS_LIMIT + 1)
    except NeverRuns:
        return []
    return [replace(entry, due_at=each) for each in due]
