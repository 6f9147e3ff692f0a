"""The hold port: which posts Pause all has paused, so that Resume resumes exactly those."""

from collections.abc import Callable
from typing import Literal, Protocol

from pydantic import Field

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

    @property
    def done(self) -> int:
        """How many of the `total` posts the phase has handled."""
        handled = self.total - len(self.posts) if self.phase == "resuming" else len(self.posts)
        return min(self.total, max(0, handled))


class HoldStore(Protocol):
    """The hold of a deployment. Any thread may use it, and changes at the same moment follow each other."""

    def read(self) -> Hold | None:
        """Return the hold, or None if there is none."""
        ...

    def change(self, change: Callable[[Hold | None], Hold | None]) -> Hold | None:
        """Replace the hold by `change(hold)`, durably, and return it. `change` may be called more than once."""
        ...
