"""Drafts that equal a post or one of its runs."""

from collections.abc import Sequence
from datetime import datetime

from core.drafts.draft import DraftContent, content_of
from core.posts.destinations import Destination
from core.posts.models import Post, Revision
from core.time.instants import instants
from ui.compose import drafts
from ui.frame.application import application


def restored(post: Post) -> DraftContent:
    """Return the content of a draft that equals a post, with its time unless that has passed."""
    first = post.repeat.starts_at if post.repeat else post.due_at
    ahead = first is not None and first > application().clock()
    content = content_of(post, repeat=post.repeat, with_time=ahead).model_copy(update={"replaces": post.replaces})
    return content.model_copy(update={"which": _which(post)}) if ahead else content


def duplicate(post: Post) -> None:
    """Start a draft with a post's content and its repeat rule; a one-time post gets the suggested time."""
    if post.repeats:
        drafts.start(restored(post).model_copy(update={"replaces": None}))
    else:
        copy(post)


def copy(content: Revision) -> None:
    """Start a draft with the text, media and destinations of a post or of one run; a thread becomes one text again."""
    drafts.start(content_of(content))


def copy_for(content: Revision, accounts: Sequence[Destination]) -> None:
    """Start the same draft as `copy`, for some of the accounts."""
    drafts.start(content_of(content).model_copy(update={"destinations": tuple(dict.fromkeys(accounts))}))


def _which(post: Post) -> int | None:
    """Return 1 or 2 for a post at a wall time that the clocks repeat, else None."""
    if post.due_at is None:
        return None
    both = instants(datetime.fromisoformat(post.wall), post.zone)
    return 1 + both.index(post.due_at) if len(both) == 2 and post.due_at in both else None
