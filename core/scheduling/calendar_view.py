"""The calendar: the past and coming posts of a period, with every run of repeating ones."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from core.ledger.history import all_runs
from core.ledger.port import Cursor, Ledger
from core.posts.recurrence import NeverRuns, next_runs
from core.scheduling.listing import ScheduleListing
from core.scheduling.upcoming import QueueEntry, QueueWindow, upcoming

POSTS_LIMIT = 1000
"""Past posts, and coming posts, that a calendar holds at most."""
RUNS_LIMIT = 1000
"""Runs of one repeating post that a calendar holds at most."""
HISTORY_PAGE = 100
"""Past posts that are read together: few months hold more, so little before the period is read."""
_MILLISECOND = timedelta(milliseconds=1)
"""The resolution of due instants."""


def calendar_view(
    listing: ScheduleListing, ledger: Ledger, start: datetime, end: datetime, now: datetime
) -> QueueWindow:
    """Return the posts due from `start` until before `end`, soonest first, each run once."""
    before = islice(all_runs(ledger, after=Cursor(due_at=end, key=""), page=HISTORY_PAGE), POSTS_LIMIT)
    past = list(takewhile(lambda run: run.due_at >= start, before))
    nothing = QueueWindow(entries=[], more=False)
    coming = upcoming(listing, now, end, limit=POSTS_LIMIT, start=start) if end > now else nothing
    runs = [_runs(each, max(now, start - _MILLISECOND), end) for each in coming.entries]
    found = [each for some in runs for each in some]
    found += [QueueEntry(post_id=run.post_id, due_at=run.due_at, state=run.state, post=None, run=run) for run in past]
    once = {(each.due_at, each.post_id): each for each in found if start <= each.due_at < end}
    more = coming.more or len(past) == POSTS_LIMIT or any(len(some) == RUNS_LIMIT for some in runs)
    return QueueWindow(entries=[once[key] for key in sorted(once)], more=more)


def _runs(entry: QueueEntry, after: datetime, last: datetime) -> list[QueueEntry]:
    """Return a one-time post's entry, or one entry for each run of a repeating post after `after` up to `last`."""
    rule = entry.post.repeat if entry.post else None
    if entry.post is None or rule is None:
        return [entry]
    ends_at = min(rule.ends_at or last, last)
    try:
        due = next_runs(rule.expression, entry.post.zone, rule.starts_at, ends_at, after=after, count=RUNS_LIMIT)
    except NeverRuns:
        return []
    return [replace(entry, due_at=each) for each in due]
