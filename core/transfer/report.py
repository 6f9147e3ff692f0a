"""What came of an export or an import, post by post."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.posts.models import Post


@dataclass(frozen=True, kw_only=True)
class Remark:
    """One post that somebody should look at, and why. The post is None where nothing is known of it but its id."""

    post_id: str
    post: Post | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class Report:
    """How many posts moved; those that did not, or not as they were; and those for which it is to be run again."""

    moved: int
    remarks: tuple[Remark, ...]
    unfinished: tuple[Remark, ...]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of one post: it moved, or it did not; it is to be tried again; and what is to be said of it."""

    moved: bool = False
    unfinished: bool = False
    remark: Remark | None = None


def report_of(outcomes: Iterable[Outcome]) -> Report:
    """Return what came of all posts, in their order."""
    moved = 0
    remarks: list[Remark] = []
    unfinished: list[Remark] = []
    for outcome in outcomes:
        moved += outcome.moved
        if outcome.remark is not None:
            (unfinished if outcome.unfinished else remarks).append(outcome.remark)
    return Report(moved=moved, remarks=tuple(remarks), unfinished=tuple(unfinished))
