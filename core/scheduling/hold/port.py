"""The hold port: which posts Pause all has paused, so that Resume resumes exactly those."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Literal, Protocol

from pydantic import Field

from core.errors import PunctualError
from core.ledger.port import Plan, PlanChange
from core.posts.models import FrozenModel, Instant, PostId

HELD_LIMIT = 20_000
"""The most posts of a hold. On AWS it is one item of the table, which has at most 400 KB."""


class Hold(FrozenModel):
    """The pause of all posts.

    `posts` are those that it has paused, or is about to pause. `total` is how many there were when its phase began, and
    `changed_at` the last sign of life of the process that works on the phase.
    """

    phase: Literal["pausing", "paused", "resuming"]
    began_at: Instant
    changed_at: Instant
    total: int = Field(ge=0)
    posts: tuple[PostId, ...] = Field(default=(), max_length=HELD_LIMIT)

    @property
    def in_progress(self) -> bool:
        """Whether posts remain to be paused, or to be resumed."""
        return self.phase != "paused"

    def holds(self, post_id: str) -> bool:
        """Return whether a post is to stay paused until all posts are resumed."""
        return self.phase != "resuming" and post_id in self.posts

    @property
    def done(self) -> int:
        """How many of the `total` posts the phase has handled."""
        handled = self.total - len(self.posts) if self.phase == "resuming" else len(self.posts)
        return min(self.total, max(0, handled))


class NotHeld(PunctualError):
    """There is no hold that has the post, or the hold is ending."""

    hint = "Look at the post in the queue: all posts were resumed meanwhile."

    def __init__(self, post_id: str) -> None:
        super().__init__(f"The post {post_id} is not paused with all others.")


class HoldStore(Protocol):
    """The hold of a deployment. Any thread may use it, and changes at the same moment follow each other."""

    def read(self) -> Hold | None:
        """Return the hold, or None if there is none."""
        ...

    def change(self, change: Callable[[Hold | None], Hold | None]) -> Hold | None:
        """Replace the hold by `change(hold)`, durably, and return it. `change` may be called more than once."""
        ...

    def write(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        """Write a change of a post as Ledger.change does, if the hold has the post in the same transaction.

        So no post is paused for a hold that has ended meanwhile. Raises NotHeld and the errors of Ledger.change.
        """
        ...


def check_held(hold: Hold | None, change: PlanChange) -> None:
    """Raise NotHeld unless a hold has the post of a change."""
    if hold is None or not hold.holds(change.post.post_id):
        raise NotHeld(change.post.post_id)
