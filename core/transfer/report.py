"""The result of an export or import, post by post."""

from collections.abc import Iterable
from dataclasses import dataclass

from core.errors import PunctualError
from core.posts.models import Post


@dataclass(frozen=True, kw_only=True)
class Remark:
    """A post that needs a person's attention, and the reason. `post` is None if only its id is known."""

    post_id: str
    post: Post | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class TransferReport:
    """The number of posts that moved, remarks on posts, and the posts for which the command must run again."""

    moved: int
    remarks: tuple[Remark, ...]
    unfinished: tuple[Remark, ...]


@dataclass(frozen=True, kw_only=True)
class PostResult:
    """The result for one post: whether it moved, whether it must be tried again, and a remark."""

    moved: bool = False
    unfinished: bool = False
    remark: Remark | None = None


def failed(post: Post, error: PunctualError) -> PostResult:
    """Return the result of a post that must be tried again."""
    return PostResult(unfinished=True, remark=Remark(post_id=post.post_id, post=post, reason=f"{error} {error.hint}"))


def summarise(results: Iterable[PostResult]) -> TransferReport:
    """Return the report on all posts, in their order."""
    moved = 0
    remarks: list[Remark] = []
    unfinished: list[Remark] = []
    for result in results:
        moved += result.moved
        if result.remark is not None:
            (unfinished if result.unfinished else remarks).append(result.remark)
    return TransferReport(moved=moved, remarks=tuple(remarks), unfinished=tuple(unfinished))
