"""The built-in outbox. It accepts every post, and publishes each occurrence once."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from core.accounts.port import OUTBOX, Account
from core.media.intake import MAX_PICTURE_BYTES, MAX_VIDEO_BYTES
from core.media.kinds import PICTURE_TYPES
from core.media.pictures import PictureLimits
from core.outbox.port import OutboxPost
from core.posts.models import ALT_LIMIT, MEDIA_LIMIT, graphemes
from core.publishing.attachments import MediaLimits
from core.publishing.network import (
    CannotConnect,
    FormField,
    NetworkDependencies,
    NetworkResult,
    PostingPermission,
    Publication,
    Published,
    TextLength,
    ThreadForm,
)
from core.publishing.options import Option

MEDIA_LIMITS = MediaLimits(
    pictures=PictureLimits(
        count=MEDIA_LIMIT, max_bytes=MAX_PICTURE_BYTES, max_side=10_000, types=PICTURE_TYPES, alt=ALT_LIMIT
    ),
    max_video_bytes=MAX_VIDEO_BYTES,
)
"""Everything that Punctual accepts as an attachment."""


class OutboxNetwork:
    """Publishes to the feed of the dashboard."""

    label = "Outbox"
    threads: ThreadForm | None = None
    options: tuple[Option, ...] = ()
    post_link = None
    fields: tuple[FormField, ...] = ()

    def __init__(self, dependencies: NetworkDependencies) -> None:
        self._outbox = dependencies.outbox
        self._clock = dependencies.clock

    def connect(self, form: Mapping[str, str]) -> Account:
        raise CannotConnect("The outbox is built in.", f"Choose {OUTBOX.destination} as a destination.")

    def check(self, account: Account) -> PostingPermission:
        return PostingPermission()

    def measure(self, text: str, account: Account) -> TextLength:
        return TextLength(count=graphemes(text), limit=None)

    def media_limits(self, account: Account) -> MediaLimits:
        return MEDIA_LIMITS

    def prepare(self, publication: Publication) -> dict[str, Any] | None:
        return None

    def publish(self, publication: Publication) -> NetworkResult:
        key = publication.occurrence_key
        post = self._outbox.get(key) if publication.attempt > 1 else None
        if post is None:
            media = tuple(attachment.media for attachment in publication.media)
            post = OutboxPost(
                occurrence_key=key,
                post_id=publication.post_id,
                text=publication.text,
                media=media,
                published_at=self._clock(),
            )
            self._outbox.add(post)
        return Published(at=post.published_at, url=f"/outbox?post={quote(key, safe='/:')}")


def network(dependencies: NetworkDependencies) -> OutboxNetwork:
    """Return the network for the registry."""
    return OutboxNetwork(dependencies)
