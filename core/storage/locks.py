"""One at a time: a lock for each file of the home, which the operating system frees when its owner dies."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from core.storage.home import usable


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Let one thread of one process at a time change a file, in turn. Raises HomeUnusable."""
    lock = FileLock(f"{path}.lock")
    with usable(path):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
