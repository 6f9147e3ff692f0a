"""File locks: exclusive access to a file of the home. The operating system frees the lock of a dead process."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from core.storage.home_errors import translate_home_errors


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the lock of a file. Only one thread of one process holds it at a time. Raises HomeUnusable."""
    lock = FileLock(f"{path}.lock")
    with translate_home_errors(path):
        lock.acquire()
    try:
        yield
    finally:
        lock.release()
