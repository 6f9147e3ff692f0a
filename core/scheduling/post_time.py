"""The time of a one-time post: its instant, and the wall time and zone that the instant comes from."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from core.posts.models import Post
from core.time.instants import wall_time


@dataclass(frozen=True, kw_only=True)
class PostTime:
    """The time of a one-time post."""

    due_at: datetime
    wall: str
    zone: str

    @classmethod
    def at(cls, instant: datetime, zone: str) -> Self:
        """Return the time of an instant, with its wall time in the zone."""
        wall = wall_time(instant, zone).replace(tzinfo=None).isoformat(timespec="seconds")
        return cls(due_at=instant, wall=wall, zone=zone)

    @classmethod
    def of(cls, post: Post) -> Self:
        """Return the time of a post. Raises ValueError for a repeating one."""
        if post.due_at is None:
            raise ValueError(f"the post {post.post_id} repeats")
        return cls(due_at=post.due_at, wall=post.wall, zone=post.zone)

    @property
    def members(self) -> dict[str, Any]:
        """The members of a post with this time."""
        return {"due_at": self.due_at, "wall": self.wall, "zone": self.zone}
