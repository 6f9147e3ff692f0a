"""The warnings of the second look about the rows of a table, with the queue, History and the other rows."""

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from core.application import Application
from core.posts.destinations import Destination
from core.posts.models import Post, Revision
from core.posts.series import runs_of
from core.scheduling.cautions import Caution, cautions, comparable_text
from core.scheduling.upcoming import QueueEntry

POSTS_READ = 2000
"""The most past posts, and the most coming ones, with which rows are compared."""
NEAREST = 10
"""The most posts of an account before a row, and the most after it, with which it is compared: the nearest of them."""


class RowCautions:
    """Warns about rows. The queue is read once for all of them. Links are not requested: a table may have thousands."""

    def __init__(self, application: Application, posts: Sequence[Post]) -> None:
        self._facts = application.second_look.facts({})
        settings, now = self._facts.settings, self._facts.now
        others = [entry for post in posts for entry in _entries(post, now)]
        if others and not {"same text", "close posts"} <= settings.off:
            around = timedelta(days=settings.same_text_days) + timedelta(minutes=settings.close_minutes)
            dues = [entry.due_at for entry in others]
            others += application.views.near(min(dues) - around, max(dues) + around, limit=POSTS_READ)
        lists: dict[tuple[str, ...], list[QueueEntry]] = defaultdict(list)
        for entry in others:
            source = entry.run.payload if entry.run else entry.post
            for key in _keys(source, entry.destinations) if source else ():
                lists[key].append(entry)
        self._lists = {key: _ByTime(entries) for key, entries in lists.items()}
        self._close = timedelta(minutes=settings.close_minutes)
        self._same_text = timedelta(days=settings.same_text_days)

    def of(self, post: Post) -> tuple[Caution, ...]:
        """Return the warnings about the post of a row."""
        found: list[QueueEntry] = []
        for due in [entry.due_at for entry in _entries(post, self._facts.now)]:
            for key in _keys(post, post.destinations):
                found += self._lists[key].around(due, self._close if len(key) == 1 else self._same_text)
        return tuple(cautions(post, _Neighbours(found), self._facts))


class _ByTime:
    """Posts by their due instants."""

    def __init__(self, entries: Sequence[QueueEntry]) -> None:
        self._entries = sorted(entries, key=lambda entry: entry.due_at)
        self._dues = [entry.due_at for entry in self._entries]

    def around(self, due: datetime, distance: timedelta) -> list[QueueEntry]:
        """Return the posts within a distance: at most NEAREST before an instant, and as many from it on."""
        place = bisect_left(self._dues, due)
        first = max(bisect_left(self._dues, due - distance), place - NEAREST)
        return self._entries[first : min(bisect_right(self._dues, due + distance), place + NEAREST)]


class _Neighbours:
    """The posts that can be near to a post, or have its text."""

    def __init__(self, entries: Sequence[QueueEntry]) -> None:
        self._entries = entries

    def near(self, start: datetime, end: datetime, *, limit: int) -> list[QueueEntry]:
        """Return those of a period. They are few."""
        return [entry for entry in self._entries if start <= entry.due_at < end]


def _keys(source: Revision, destinations: Collection[Destination]) -> set[tuple[str, ...]]:
    """Return the accounts of a post, and each with its text. Posts without a text have none in common."""
    texts = {(each.account, comparable_text(source.text_for(each))) for each in destinations}
    return {(account,) for account, _ in texts} | {key for key in texts if key[1]}


def _entries(post: Post, now: datetime) -> list[QueueEntry]:
    """Return the entry of a post in the queue, once it is scheduled. Of a series, it is that of the next run."""
    due = post.due_at or next(iter(runs_of(post, after=now, count=1)), None)
    return [QueueEntry(post_id=post.post_id, due_at=due, state="scheduled", post=post)] if due else []
