"""Private files: mode 0600, and replaced as a whole, durably."""

import os
import secrets
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.storage.home_errors import translate_home_errors


def read_private(path: Path, *, missing: bytes) -> bytes:
    """Return the content of a file, or `missing` if there is no file. Raises HomeUnusable or MachineShortage."""
    with translate_home_errors(path):
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return missing


def write_private(path: Path, content: str | bytes) -> None:
    """Replace a file atomically, mode 0600. On return, the new content survives a power cut.

    Raises HomeUnusable; the file is then unchanged.
    """
    with translate_home_errors(path):
        replace_private(path, content)


def replace_private(path: Path, content: str | bytes | Iterable[bytes]) -> None:
    """Replace a file as `write_private` does, also by several pieces. Raises OSError; the file is then unchanged."""
    with _temporary_file(path, content) as temporary:
        temporary.replace(path)


def write_once(path: Path, text: str) -> None:
    """Create a private file. A file that another process created first stays. Raises OSError."""
    with suppress(FileExistsError), _temporary_file(path, text) as temporary:
        os.link(temporary, path)


@contextmanager
def _temporary_file(path: Path, content: str | bytes | Iterable[bytes]) -> Iterator[Path]:
    """Write a private file beside `path` and yield its path. Afterwards delete it, unless the caller moved it."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            whole = content.encode() if isinstance(content, str) else content
            file.writelines([whole] if isinstance(whole, bytes) else whole)
            file.flush()
            os.fsync(file.fileno())
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)
    if os.name != "nt":  # makes the new name durable; Windows cannot open a folder and needs no flush of it
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
