"""Revisions of posts: the next one, the one that is due now, and the checks before it is written."""

from datetime import datetime

from core.ledger.port import Plan
from core.posts.models import Post
from core.posts.payload import write_payload
from core.time.instants import wall_time


def is_active_as(plan: Plan | None, post: Post, name: str | None) -> bool:
    """Return whether a plan is active with this content and schedule name, whatever its revision."""
    if plan is None:
        return False
    same_content = plan.post.model_copy(update={"revision": post.revision}) == post
    return same_content and plan.desired == "active" and plan.schedule_name == name


def next_revision(plan: Plan, post: Post) -> Post:
    """Return the post as the revision after that of the plan."""
    return post.model_copy(update={"revision": plan.post.revision + 1})


def due_once_at(post: Post, instant: datetime) -> Post:
    """Return the post as a one-time post that is due at `instant`."""
    wall = wall_time(instant, post.zone).strftime("%Y-%m-%dT%H:%M:%S")
    return Post.model_validate(post.model_dump() | {"due_at": instant, "wall": wall, "repeat": None})


def due_as_first(plan: Plan, post: Post) -> Post:
    """Return a post that is due now, due at the instant of the first call if the plan is that of an earlier one."""
    if plan.schedule_name is not None or plan.desired != "active" or plan.post.due_at is None:
        return post
    return due_once_at(post, plan.post.due_at)


def check_size(post: Post) -> None:
    """Raise PayloadTooLarge if the post does not fit into a schedule."""
    write_payload(post)
