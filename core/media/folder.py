"""A media store in a folder."""

import os
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from core.media.content import Content, FileContent, pieces
from core.media.port import MissingMedia, StoredMedia, check_content, is_reference, reference_of
from core.storage.database import translate_storage_errors
from core.storage.private_files import replace_private

MAX_CHECKED = 100
"""How many files are remembered as checked. Reading 100 MB to check it takes half a second."""
_Version = tuple[int, int, int]


class FolderMedia:
    """The media port on a folder: a file `ab/abcd...` with mode 0600 for each reference, complete or absent.

    The time of a file is its modification time. When the disk fails, the methods raise the errors of
    translate_storage_errors.
    """

    def __init__(self, path: Path) -> None:
        """Keep the files in `path`, which the first `put` creates."""
        self._path = path
        self._checked: OrderedDict[str, _Version] = OrderedDict()

    def put(self, content: Content) -> str:
        reference = reference_of(content)
        path = self._path_of(reference)
        with translate_storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            replace_private(path, pieces(content))  # replaces an existing file too, because it may have been altered
        return reference

    def get(self, reference: str) -> bytes:
        path = self._path_of(reference)
        with translate_storage_errors(path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                raise MissingMedia(reference) from None
        return check_content(content, reference)

    def open(self, reference: str) -> Content:
        """Open a file. Its content is checked once, and again if the file was written since."""
        path = self._path_of(reference)
        with translate_storage_errors(path):
            try:
                version, content = _version(path), FileContent(path)
            except FileNotFoundError:
                raise MissingMedia(reference) from None
            if self._checked.get(reference) != version:
                check_content(content, reference)
                self._checked[reference] = version
                while len(self._checked) > MAX_CHECKED:
                    self._checked.popitem(last=False)
        return content

    def exists(self, reference: str) -> bool:
        return is_reference(reference) and self._path_of(reference).is_file()

    def touch(self, reference: str) -> None:
        if not is_reference(reference):
            return
        path = self._path_of(reference)
        with translate_storage_errors(path), suppress(FileNotFoundError):
            os.utime(path)

    def stored_at(self, reference: str) -> datetime | None:
        if not is_reference(reference):
            return None
        path = self._path_of(reference)
        with translate_storage_errors(path):
            return _modified_at(path)

    def scan(self) -> Iterator[StoredMedia]:
        with translate_storage_errors(self._path):
            for path in self._path.glob("??/*"):
                stored_at = _modified_at(path) if is_reference(path.name) else None
                if stored_at is not None:
                    yield StoredMedia(reference=path.name, stored_at=stored_at)

    def delete(self, reference: str) -> None:
        if not is_reference(reference):
            return
        path = self._path_of(reference)
        with translate_storage_errors(path):
            path.unlink(missing_ok=True)

    def _path_of(self, reference: str) -> Path:
        if not is_reference(reference):
            raise MissingMedia(reference)
        return self._path / reference[:2] / reference


def _version(path: Path) -> _Version:
    """Return what changes when a file is written or replaced. Raises OSError."""
    found = path.stat()
    return found.st_ino, found.st_size, found.st_mtime_ns


def _modified_at(path: Path) -> datetime | None:
    """Return the modification time of a file; None if it does not exist, as when another process has deleted it."""
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        return None
