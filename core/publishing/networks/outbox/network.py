"""The built-in outbox: it takes anything, at once, and the same occurrence only once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from core.accounts.port import OUTBOX, Account
from core.media.intake import PICTURE_BYTES, VIDEO_BYTES
from core.media.kinds import PICTURES
from core.media.pictures import PictureLimits
from core.outbox.port import OutboxPost
from core.posts.models import ALT_LIMIT, MEDIA_LIMIT, graphemes
from core.publishing.attachments import MediaLimits
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    Publication,
    Published,
    TextLength,
)

LIMITS = MediaLimits(
    pictures=PictureLimits(count=MEDIA_LIMIT, max_bytes=PICTURE_BYTES, max_side=10_000, types=PICTURES, alt=ALT_LIMIT),
    max_video_bytes=VIDEO_BYTES,
)
"""All that can be attached."""


class OutboxNetwork:
    """Publishes into the feed that the dashboard shows."""

    label = "Outbox"
    fields: tuple[FormField, ...] = ()

    def __init__(self, parts: NetworkDependencies) -> None:
        self._outbox = parts.outbox
        self._clock = parts.clock

    def connect(self, answers: Mapping[str, str]) -> Account:
        raise CannotConnect("The outbox is built in.", f"Choose {OUTBOX.destination} as a destination.")

    def check(self, account: Account) -> str | None:
        return None

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=graphemes(text), limit=None)

    def media_limits(self, account: Account) -> MediaLimits:
        return LIMITS

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        key = publication.occurrence_key
        entry = self._outbox.get(key) if publication.attempt > 1 else None
        if entry is None:
            media = tuple(attachment.media for attachment in publication.media)
            entry = OutboxPost(
                occurrence_key=key,
                post_id=publication.post_id,
                text=publication.text,
                media=media,
                published_at=self._clock(),
            )
            self._outbox.add(entry)
        return Published(at=entry.published_at, url=f"/outbox?post={quote(key, safe='/:')}")


def network(parts: NetworkDependencies) -> OutboxNetwork:
    """Return this network."""
    return OutboxNetwork(parts)
