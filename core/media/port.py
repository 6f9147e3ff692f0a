"""What every store of pictures and videos promises: kept by content, so that the same file is there once."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from core.errors import PunctualError


class MissingMedia(PunctualError):
    """A picture or video is not where it was kept."""

    hint = "Attach it again, then schedule the post again."

    def __init__(self, reference: str) -> None:
        super().__init__(f"The picture or video {reference[:12]} is no longer there.")


class AlteredMedia(PunctualError):
    """A kept file is not what was put there."""

    hint = "Attach it again, then schedule the post again. Look after the disk, if nobody changed the file."

    def __init__(self, reference: str) -> None:
        super().__init__(f"The picture or video {reference[:12]} has changed since it was attached.")


@dataclass(frozen=True, kw_only=True)
class StoredMedia:
    """One file in the store, and when it was last put there."""

    reference: str
    stored_at: datetime


class MediaStore(Protocol):
    """Files by the SHA-256 of their content. It may be used from any thread, and by several processes."""

    def put(self, content: bytes) -> str:
        """Keep `content`, durably, and return its reference. What is there already counts as put now."""
        ...

    def get(self, reference: str) -> bytes:
        """Return what was put. Raises MissingMedia, or AlteredMedia if it is something else by now."""
        ...

    def exists(self, reference: str) -> bool:
        """Tell whether `get` would find something."""
        ...

    def touch(self, reference: str) -> None:
        """Let a file count as put now. Without effect if it is not there."""
        ...

    def stored_at(self, reference: str) -> datetime | None:
        """Return when a file was last put or renewed; None if it is not there."""
        ...

    def scan(self) -> Iterator[StoredMedia]:
        """Walk through all there is, in no order; what is put or deleted meanwhile may be seen or not."""
        ...

    def delete(self, reference: str) -> None:
        """Forget a file. Without effect if it is not there."""
        ...


def reference_of(content: bytes) -> str:
    """Return the reference under which `content` is kept, in any store."""
    return hashlib.sha256(content).hexdigest()


def check_content(content: bytes, reference: str) -> bytes:
    """Return `content`. Raises AlteredMedia if it is not what `reference` stands for."""
    if reference_of(content) != reference:
        raise AlteredMedia(reference)
    return content
