"""The changes of a hold, for HoldStore.change."""

from collections.abc import Callable, Collection
from datetime import datetime

from core.scheduling.hold.port import Hold


def leave_out(post_ids: Collection[str], now: datetime | None = None) -> Callable[[Hold | None], Hold | None]:
    """Return the change that takes posts out of a hold, with a sign of life at `now`."""
    gone = set(post_ids)

    def change(hold: Hold | None) -> Hold | None:
        if hold is None:
            return None
        posts = tuple(each for each in hold.posts if each not in gone)
        return hold.model_copy(update={"posts": posts, "changed_at": now or hold.changed_at})

    return change


def all_paused(hold: Hold) -> Hold:
    """Return a hold whose posts are all paused."""
    return hold.model_copy(update={"phase": "paused", "total": len(hold.posts)})
