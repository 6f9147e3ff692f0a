"""The warnings of the second look about the rows of a table, with the queue, History and the other rows."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from core.application import Application
from core.posts.models import Post
from core.posts.series import runs_of
from core.scheduling.cautions import Caution, cautions, comparable_text
from core.scheduling.upcoming import QueueEntry

POSTS_READ = 2000
"""The most past posts, and the most coming ones, with which rows are compared."""
_HOUR = timedelta(hours=1)


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
        self._entries = sorted(others, key=lambda entry: entry.due_at)
        self._dues = [entry.due_at for entry in self._entries]
        self._by_text: dict[str, list[QueueEntry]] = defaultdict(list)
        for entry in self._entries:
            source = entry.run.payload if entry.run else entry.post
            for text in {comparable_text(source.text_for(each)) for each in entry.destinations} if source else ():
                self._by_text[text].append(entry)
        self._distance = timedelta(minutes=settings.close_minutes) + _HOUR

    def of(self, post: Post) -> tuple[Caution, ...]:
        """Return the warnings about the post of a row."""
        texts = {comparable_text(post.text_for(each)) for each in post.destinations}
        found = [entry for text in texts for entry in self._by_text.get(text, ())]
        for due in [entry.due_at for entry in _entries(post, self._facts.now)]:
            first, end = (bisect_left(self._dues, due + side * self._distance) for side in (-1, 1))
            found += self._entries[first:end]
        return tuple(cautions(post, _Neighbours(found), self._facts))


class _Neighbours:
    """The posts that can be near to a post, or have its text."""

    def __init__(self, entries: Sequence[QueueEntry]) -> None:
        self._entries = entries

    def near(self, start: datetime, end: datetime, *, limit: int) -> list[QueueEntry]:
        """Return those of a period. They are few."""
        return [entry for entry in self._entries if start <= entry.due_at < end]


def _entries(post: Post, now: datetime) -> list[QueueEntry]:
    """Return the entry of a post in the queue, once it is scheduled. Of a series, it is that of the next run."""
    due = post.due_at or next(iter(runs_of(post, after=now, count=1)), None)
    return [QueueEntry(post_id=post.post_id, due_at=due, state="scheduled", post=post)] if due else []
