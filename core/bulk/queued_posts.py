"""The posts of the queue that rows of a table may repeat."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.application import Application
from core.posts.destinations import Destination
from core.posts.models import Post
from core.scheduling.time_limits import PLANNING_HORIZON

BATCH = 500
"""The instants, or posts, that are looked up at once."""
SERIES_READ = 1000
"""The most repeating posts that are compared with rows that repeat."""
POSTS_READ = 10_000
"""The most posts of the queue that are compared with rows that have no time."""


DuplicateKey = tuple[str, str, datetime | tuple[str, str, int] | None]
"""An account, its text, and the due instant of a post, or the rule, the zone and the weeks of a series.

Two posts with a common one are duplicates.
"""


def duplicate_key(post: Post, *, timed: bool) -> list[DuplicateKey]:
    """Return a key for each account of a post. Posts that are not `timed` have no instant of their own yet."""
    series = (post.repeat.expression, post.zone, post.repeat.every_weeks) if post.repeat else None
    when = series or post.due_at if timed else None
    return [(account, post.text_for(account), when) for account in post.accounts]


class QueuedPosts:
    """The posts of the queue that are due at the instants of some posts; with `any_time`, those at other times too."""

    def __init__(self, application: Application, posts: Sequence[Post], *, any_time: bool = False) -> None:
        instants = sorted({post.due_at for post in posts if post.due_at})
        accounts: set[Destination] = {account for post in posts for account in post.accounts}
        self._known: dict[DuplicateKey, str] = {}
        ids: dict[str, None] = {}
        for start in range(0, len(instants), BATCH):
            batch = instants[start : start + BATCH]
            occupants = application.posting_times.occupants(batch, accounts, now=application.clock())
            ids.update(dict.fromkeys(each.post_id for found in occupants.values() for each in found))
        names = list(ids)
        for start in range(0, len(names), BATCH):
            for plan in application.ledger.pending(names[start : start + BATCH]).values():
                if plan is not None:
                    self._known |= dict.fromkeys(duplicate_key(plan.post, timed=True), plan.post.post_id)
        if any(post.repeats for post in posts):
            for plan in application.ledger.series(limit=SERIES_READ):
                self._known |= dict.fromkeys(duplicate_key(plan.post, timed=True), plan.post.post_id)
        if any_time:
            self._read_all(application)

    def has(self, post: Post, *, timed: bool) -> bool:
        """Return whether the queue has this text for one of the accounts of the post; if it is `timed`, at its time."""
        return any(key in self._known for key in duplicate_key(post, timed=timed))

    def _read_all(self, application: Application) -> None:
        now = application.clock()
        until = now + PLANNING_HORIZON + timedelta(days=1)
        for plan in application.ledger.due(due_from=now, due_before=until, limit=POSTS_READ):
            self._known |= dict.fromkeys(duplicate_key(plan.post, timed=False), plan.post.post_id)
