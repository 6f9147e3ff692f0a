"""A changed run of a series: a draft, later a post of its own, in the place of the run."""

from datetime import datetime

from core.drafts.draft import DraftContent, content_of
from core.posts.models import Post
from core.time.instants import instants, wall_time


def changed_run(post: Post, run: datetime) -> DraftContent:
    """Return the content of the draft that replaces a run: the content of the series, at the time of the run."""
    wall = wall_time(run, post.zone).replace(tzinfo=None)
    found = instants(wall, post.zone)
    which = found.index(run) + 1 if len(found) > 1 else None
    time = {"wall": wall.isoformat(timespec="seconds"), "which": which, "replaces": (post.post_id, run)}
    return DraftContent.model_validate(content_of(post).model_dump() | time)
