"""What every outbox promises: posts published to Punctual alone, where a newcomer sees what readers would see."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pydantic import TypeAdapter

from core.posts.models import Media

MEDIA = TypeAdapter(tuple[Media, ...])
"""Writes an entry's media as JSON, and reads them."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One published post in the feed."""

    occurrence_key: str
    post_id: str
    text: str
    published_at: datetime
    media: tuple[Media, ...] = ()


class Outbox(Protocol):
    """A feed with one entry an occurrence, however often it is added. Instants are kept to the millisecond."""

    def add(self, entry: Entry) -> None:
        """Publish an entry. An occurrence that is there already stays as it is."""
        ...

    def get(self, occurrence_key: str) -> Entry | None:
        """Return one entry."""
        ...

    def feed(self, *, limit: int, after: Entry | None = None) -> list[Entry]:
        """Return entries, the latest first, behind `after`."""
        ...
