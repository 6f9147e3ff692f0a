"""The calendar: past and coming posts of a period, with every run of a repeating post."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from core.ledger.cursor import Cursor
from core.ledger.history import all_runs
from core.ledger.port import Ledger
from core.posts.recurrence import NeverRuns, next_runs
from core.scheduling.listing import ScheduleListing
from core.scheduling.upcoming import QueueEntry, QueueWindow, upcoming

POSTS_LIMIT = 1000
"""The most past posts of a calendar, and the most coming ones."""
RUNS_LIMIT = 1000
"""The most runs of one repeating post in a calendar."""
HISTORY_PAGE = 100
"""Past posts that are read at a time. Most months have fewer, so few posts from before the period are read."""
_MILLISECOND = timedelta(milliseconds=1)
"""The resolution of due instants."""


def calendar_view(
    listing: ScheduleListing, ledger: Ledger, start: datetime, end: datetime, now: datetime
) -> QueueWindow:
    """Return the posts due from `start` until before `end`, soonest first, each run once.

    If a coming post has also begun, the run in the ledger counts.
    """
    latest_runs = islice(all_runs(ledger, after=Cursor(due_at=end, key=""), page=HISTORY_PAGE), POSTS_LIMIT + 1)
    past = list(takewhile(lambda run: run.due_at >= start, latest_runs))
    nothing = QueueWindow(entries=[], more=False)
    coming = upcoming(listing, ledger, now, end, limit=POSTS_LIMIT, start=start) if end > now else nothing
    expanded = [_entry_per_run(each, max(now, start - _MILLISECOND), end) for each in coming.entries]
    more = coming.more or len(past) > POSTS_LIMIT or any(len(runs) > RUNS_LIMIT for runs in expanded)
    entries = [each for runs in expanded for each in runs[:RUNS_LIMIT]]
    entries += [
        QueueEntry(post_id=run.post_id, due_at=run.due_at, state=run.state, post=None, run=run)
        for run in past[:POSTS_LIMIT]
    ]
    by_run = {(each.due_at, each.post_id): each for each in entries if start <= each.due_at < end}
    return QueueWindow(entries=[by_run[key] for key in sorted(by_run)], more=more)


def _entry_per_run(entry: QueueEntry, after: datetime, last: datetime) -> list[QueueEntry]:
    """Return one entry for each run of a repeating post after `after` and before `last`: at most RUNS_LIMIT + 1.

    The entry of a one-time post is returned unchanged.
    """
    rule = entry.post.repeat if entry.post else None
    if entry.post is None or rule is None:
        return [entry]
    ends_at = min(rule.ends_at or last, last - _MILLISECOND)
    try:
        due = next_runs(rule.expression, entry.post.zone, rule.starts_at, ends_at, after=after, count=RUNS_LIMIT + 1)
    except NeverRuns:
        return []
    return [replace(entry, due_at=each) for each in due]
