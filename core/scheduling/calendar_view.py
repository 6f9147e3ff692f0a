"""The agenda of a stretch of time: what went out in it, what is still to go out, and every run of what repeats."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice, takewhile

from core.ledger.history import everything
from core.ledger.port import Cursor, Ledger
from core.posts.recurrence import NeverRuns, preview
from core.scheduling.listing import Queue
from core.scheduling.upcoming import Entry, Window, upcoming

AT_MOST = 1000
"""How many past and how many coming posts an agenda holds."""
PAGE = 100
"""Past posts that are read together: few months hold more, and what lies before the stretch is not read."""
RUNS_AT_MOST = 1000
"""How many runs of one repeating post an agenda holds."""
_MOMENT = timedelta(milliseconds=1)
"""The least by which two instants differ."""


def agenda(queue: Queue, ledger: Ledger, start: datetime, end: datetime, now: datetime) -> Window:
    """Return what is due from `start` until before `end`, soonest first, each run once, and whether there is more."""
    before = islice(everything(ledger, after=Cursor(due_at=end, key=""), page=PAGE), AT_MOST)
    past = list(takewhile(lambda run: run.due_at >= start, before))
    nothing = Window(entries=[], more=False)
    coming = upcoming(queue, now, end, limit=AT_MOST, start=start) if end > now else nothing
    runs = [_runs(each, max(now, start - _MOMENT), end) for each in coming.entries]
    found = [each for some in runs for each in some]
    found += [Entry(post_id=run.post_id, due_at=run.due_at, state=run.state, post=None, run=run) for run in past]
    once = {(each.due_at, each.post_id): each for each in found if start <= each.due_at < end}
    cut = coming.more or len(past) == AT_MOST or any(len(some) == RUNS_AT_MOST for some in runs)
    return Window(entries=[once[place] for place in sorted(once)], more=cut)


def _runs(entry: Entry, after: datetime, last: datetime) -> list[Entry]:
    """An entry once, and that of a repeating post once for each run behind `after`, up to `last`."""
    rule = entry.post.repeat if entry.post else None
    if entry.post is None or rule is None:
        return [entry]
    ends_at = min(rule.ends_at or last, last)
    try:
        due = preview(rule.expression, entry.post.zone, rule.starts_at, ends_at, after=after, count=RUNS_AT_MOST)
    except NeverRuns:
        return []
    return [replace(entry, due_at=each) for each in due]
