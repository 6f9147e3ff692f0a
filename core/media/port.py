"""The port of media stores, which keep each file once, under the hash of its content."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypeVar

from core.errors import PunctualError
from core.media.content import Content, pieces

AnyContent = TypeVar("AnyContent", bound=Content)
_REFERENCE = re.compile(r"[0-9a-f]{64}")


class MissingMedia(PunctualError):
    """The store has no file with this reference."""

    hint = "Attach it again, then schedule the post again."

    def __init__(self, reference: str) -> None:
        super().__init__(f"The picture or video {reference[:12]} is no longer there.")


class AlteredMedia(PunctualError):
    """The content of a stored file does not match its reference."""

    hint = "Attach it again, then schedule the post again. If nobody changed the file, check the disk."

    def __init__(self, reference: str) -> None:
        super().__init__(f"The picture or video {reference[:12]} has changed since it was attached.")


@dataclass(frozen=True, kw_only=True)
class StoredMedia:
    """A file in the store. `stored_at` is the time of its last `put` or `touch`."""

    reference: str
    stored_at: datetime


class MediaStore(Protocol):
    """Files under the SHA-256 of their content. Threads and processes may share a store."""

    def put(self, content: Content) -> str:
        """Store `content` durably and return its reference. If the file exists already, set its time to now."""
        ...

    def get(self, reference: str) -> bytes:
        """Return the content of a file. Raises MissingMedia, or AlteredMedia if the content does not match."""
        ...

    def open(self, reference: str) -> Content:
        """Return a file, to be read in parts; it stays readable if it is deleted. Raises the errors of `get`."""
        ...

    def exists(self, reference: str) -> bool:
        """Return whether the store has a file."""
        ...

    def touch(self, reference: str) -> None:
        """Set the time of a file to now. Has no effect if the store does not have it."""
        ...

    def stored_at(self, reference: str) -> datetime | None:
        """Return the time of the last `put` or `touch` of a file; None if the store does not have it."""
        ...

    def scan(self) -> Iterator[StoredMedia]:
        """Yield every file, in no order. A file that is put or deleted during the scan may be missing or included."""
        ...

    def delete(self, reference: str) -> None:
        """Delete a file. Has no effect if the store does not have it."""
        ...


def reference_of(content: Content) -> str:
    """Return the reference of `content`, the same in every store."""
    digest = hashlib.sha256()
    for piece in pieces(content):
        digest.update(piece)
    return digest.hexdigest()


def is_reference(text: str) -> bool:
    """Return whether a text has the form of a reference."""
    return _REFERENCE.fullmatch(text) is not None


def check_content(content: AnyContent, reference: str) -> AnyContent:
    """Return `content` unchanged. Raises AlteredMedia if it does not match `reference`."""
    if reference_of(content) != reference:
        raise AlteredMedia(reference)
    return content
