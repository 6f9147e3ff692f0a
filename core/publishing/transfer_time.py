"""The time that sending pictures and videos may take, which grows with their bytes."""

from collections.abc import Sequence
from datetime import timedelta

from core.publishing.attachments import Attachment
from core.publishing.http.client import DEADLINE_SECONDS

UPLOAD_SECONDS = 15.0
"""Time limit for all uploads of a post, besides the time for their bytes. It is for the network's processing."""
SLOW_BYTES_PER_SECOND = 50_000
"""The slowest line on which a post goes out: 0.4 Mbit/s. That is 1 Mbit/s for two posts at a time, or for the base64 of
a webhook."""
MAX_TRANSFER_SECONDS = 600.0
"""The longest time for the bytes that are sent with a post, under a claim. On AWS, the posting function ends after
900 s."""
MAX_UPLOAD_SECONDS = 2400.0
"""The longest time for the bytes of a post that are uploaded before it: 100 MB take 2000 s on the slowest line."""

LEASE_MARGIN = timedelta(seconds=10)
"""The time from a claim to the begin of its call. Later, the call could end after the lease, so none is made."""
LEASE = timedelta(seconds=DEADLINE_SECONDS) + LEASE_MARGIN
"""The lease of a claim without media."""


def upload_seconds(media: Sequence[Attachment]) -> float:
    """Return the time limit for the uploads of a post. They run before the claim, so no lease bounds them."""
    return UPLOAD_SECONDS + min(_transfer_seconds(media), MAX_UPLOAD_SECONDS)


def publication_seconds(media: Sequence[Attachment]) -> float:
    """Return the time limit for `publish`, which sends the media itself on some networks. The lease is longer."""
    return DEADLINE_SECONDS + min(_transfer_seconds(media), MAX_TRANSFER_SECONDS)


def lease(media: Sequence[Attachment]) -> timedelta:
    """Return the lease of a claim. It exceeds the network's deadline, so no claim expires while its call is running."""
    return timedelta(seconds=publication_seconds(media)) + LEASE_MARGIN


def _transfer_seconds(media: Sequence[Attachment]) -> float:
    return sum(len(each.content) for each in media) / SLOW_BYTES_PER_SECOND
