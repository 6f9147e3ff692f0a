"""The last minute of a post on AWS: its schedule has fired, and the relay holds the post until it is due."""

from datetime import datetime

from core.posts.models import Post
from core.posts.payload import TargetSettings
from core.posts.series import runs_of


def is_with_relay(post: Post, target: TargetSettings, now: datetime) -> bool:
    """Return whether the schedule of the next occurrence has fired ahead of its due instant."""
    due = post.due_at or next(iter(runs_of(post, after=now, count=1)), None)
    return due is not None and due - target.lead_of(post.repeat, post.zone) <= now < due
