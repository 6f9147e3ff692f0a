"""The bytes of a file, read in parts, so that a large video is never in memory as a whole."""

import os
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from threading import Lock
from typing import Protocol
from weakref import finalize

PIECE_BYTES = 1 << 18
"""The bytes that are read at once of a long file."""


class Content(Protocol):
    """A sequence of bytes: `bytes`, or a file whose slices are read when they are asked for."""

    def __len__(self) -> int: ...

    def __getitem__(self, part: slice, /) -> bytes: ...


class FileContent:
    """An open file. Any thread may read it. It can be read to its end after its path was deleted or replaced."""

    def __init__(self, file: Path | int) -> None:
        """Open a file, or take over an open descriptor. Raises OSError."""
        self._file = file if isinstance(file, int) else os.open(file, os.O_RDONLY | getattr(os, "O_BINARY", 0))
        finalize(self, os.close, self._file)
        self._size = os.fstat(self._file).st_size
        self._lock = Lock()

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice, /) -> bytes:
        """Return a slice without a step. It is shorter if the file was truncated. Raises OSError."""
        start, stop, _ = part.indices(self._size)
        read: list[bytes] = []
        with self._lock:
            os.lseek(self._file, start, os.SEEK_SET)
            while start < stop and (piece := os.read(self._file, stop - start)):
                read.append(piece)
                start += len(piece)
        return read[0] if len(read) == 1 else b"".join(read)


class Section:
    """A part of another content, which is read when it is asked for."""

    def __init__(self, content: Content, start: int, stop: int) -> None:
        self._content = content
        self._start, self._stop, _ = slice(start, stop).indices(len(content))

    def __len__(self) -> int:
        return max(0, self._stop - self._start)

    def __getitem__(self, part: slice, /) -> bytes:
        start, stop, _ = part.indices(len(self))
        return self._content[self._start + start : self._start + stop]


def temporary_content(written: Iterable[bytes]) -> FileContent:
    """Return some pieces as a file without a name, which vanishes when nothing reads it any more. Raises OSError."""
    with tempfile.TemporaryFile() as file:
        file.writelines(written)
        file.flush()
        return FileContent(os.dup(file.fileno()))


def pieces(content: Content) -> Iterator[bytes]:
    """Yield the bytes of a content in order, at most PIECE_BYTES at a time."""
    for start in range(0, len(content), PIECE_BYTES):
        yield content[start : start + PIECE_BYTES]
