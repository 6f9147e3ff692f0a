"""Pictures and videos in a folder of the home."""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from core.media.port import MissingMedia, StoredMedia, check_content, reference_of
from core.storage.database import translate_storage_errors
from core.storage.home import write_private

_REFERENCE = re.compile(r"[0-9a-f]{64}")


class FolderMedia:
    """The media port on a folder: `ab/abcd...`, mode 0600, each file whole or not there at all.

    Raises StorageError where the disk refuses.
    """

    def __init__(self, path: Path) -> None:
        """`path` is made with the first file that is put."""
        self._path = path

    def put(self, content: bytes) -> str:
        reference = reference_of(content)
        path = self._place(reference)
        with translate_storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(path, content)  # also where there is a file, since that one may have been altered
        return reference

    def get(self, reference: str) -> bytes:
        path = self._place(reference)
        with translate_storage_errors(path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise MissingMedia(reference) from None
        return check_content(content, reference)

    def exists(self, reference: str) -> bool:
        return bool(_REFERENCE.fullmatch(reference)) and self._place(reference).is_file()

    def touch(self, reference: str) -> None:
        path = self._place(reference)
        with translate_storage_errors(path), suppress(FileNotFoundError):
            os.utime(path)

    def stored_at(self, reference: str) -> datetime | None:
        path = self._place(reference)
        with translate_storage_errors(path):
            return _kept_at(path)

    def scan(self) -> Iterator[StoredMedia]:
        with translate_storage_errors(self._path):
            for path in self._path.glob("??/*"):
                stored_at = _kept_at(path) if _REFERENCE.fullmatch(path.name) else None
                if stored_at is not None:
                    yield StoredMedia(reference=path.name, stored_at=stored_at)

    def delete(self, reference: str) -> None:
        path = self._place(reference)
        with translate_storage_errors(path):
            path.unlink(missing_ok=True)

    def _place(self, reference: str) -> Path:
        if not _REFERENCE.fullmatch(reference):
            raise MissingMedia(reference)
        return self._path / reference[:2] / reference


def _kept_at(path: Path) -> datetime | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:  # perhaps deleted by another process since it was listed
        return None
