"""The posts of the same accounts that are nearest to a time, past and coming ones."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Protocol

from core.posts.destinations import Destination
from core.posts.models import Post, Revision
from core.scheduling.post_filter import GROUPS
from core.scheduling.upcoming import QueueEntry

Match = Callable[[Revision, Destination], bool]
"""Whether a post is one to look for, at an account."""
_SENT = {"scheduled", "paused", "published", "unconfirmed"}
"""The groups of states of posts that readers have seen, may have seen or will see."""


class NearPosts(Protocol):
    """Finds the posts of a period."""

    def near(self, start: datetime, end: datetime, *, limit: int) -> list[QueueEntry]:
        """Return at most `limit` past posts, as many coming ones, and the runs of series."""
        ...


def nearest_posts(
    views: NearPosts, post: Post, due: datetime, distance: timedelta, *, per: timedelta, limit: int, match: Match
) -> list[tuple[list[Destination], QueueEntry]]:
    """Return the other posts that are nearest to `due`, each with the accounts for which it is the nearest.

    They are less than `distance` away, and match. The period that is read begins and ends at full hours or days
    (`per`), so that one read serves many times. It holds at most `limit` past posts, and as many coming ones.
    """
    begin, end = _floor(due - distance, per), _floor(due + distance, per) + per
    nearest: dict[Destination, QueueEntry] = {}
    for entry in views.near(begin, end, limit=limit):
        source = entry.run.payload if entry.run else entry.post
        if source is None or entry.post_id == post.post_id or GROUPS[entry.state] not in _SENT:
            continue
        gap = abs(entry.due_at - due)
        for account in set(post.accounts) & {each.account for each in entry.destinations}:
            other = nearest.get(account)
            closer = gap < distance and (other is None or gap < abs(other.due_at - due))
            if closer and match(source, account):
                nearest[account] = entry
    return _by_entry({account: nearest[account] for account in post.accounts if account in nearest})


def _floor(instant: datetime, per: timedelta) -> datetime:
    epoch = datetime(1970, 1, 1, tzinfo=instant.tzinfo)
    return instant - (instant - epoch) % per


def _by_entry(nearest: Mapping[Destination, QueueEntry]) -> list[tuple[list[Destination], QueueEntry]]:
    accounts: dict[tuple[str, datetime], list[Destination]] = defaultdict(list)
    entries: dict[tuple[str, datetime], QueueEntry] = {}
    for account, entry in nearest.items():
        accounts[entry.post_id, entry.due_at].append(account)
        entries[entry.post_id, entry.due_at] = entry
    return [(accounts[key], entry) for key, entry in entries.items()]
