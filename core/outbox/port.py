"""The outbox port: the built-in feed of posts, for trying Punctual without an account on a network."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import TypeAdapter

from core.posts.models import Media

MEDIA = TypeAdapter(tuple[Media, ...])
"""Converts the media of a post to JSON and back."""


@dataclass(frozen=True, kw_only=True)
class OutboxPost:
    """One published post in the feed."""

    occurrence_key: str
    post_id: str
    text: str
    published_at: datetime
    media: tuple[Media, ...] = ()


class Outbox(Protocol):
    """A feed with one post per occurrence. Instants have a precision of one millisecond."""

    def add(self, post: OutboxPost) -> None:
        """Add a post to the feed. Does nothing if the occurrence is already there."""
        ...

    def get(self, occurrence_key: str) -> OutboxPost | None:
        """Return one post."""
        ...

    def feed(self, *, limit: int, after: OutboxPost | None = None) -> list[OutboxPost]:
        """Return the posts after `after`, latest first."""
        ...
