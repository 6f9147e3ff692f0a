"""Small files whose content is cached in memory until the file changes."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


class CachedFile(Generic[T]):
    """Reads a file once for each change of it. Any thread may use it.

    Each call looks at the file's inode, size and times, which takes some microseconds and needs no file handle.
    """

    def __init__(self, path: Path, parse: Callable[[bytes], T]) -> None:
        """`parse` turns the content into a value, which nobody may change."""
        self.path = path
        self._parse = parse
        self._cached: tuple[tuple[int, ...], T] | None = None

    def read(self) -> T:
        """Return the parsed content. Raises OSError and the errors of `parse`, and keeps none of them."""
        found = os.stat(self.path)  # before the content: a change between the two is noticed by the next call
        version = found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns
        cached = self._cached
        if cached is None or cached[0] != version:
            self._cached = cached = version, self._parse(self.path.read_bytes())
        return cached[1]
