"""Presence files: one locked file for each live process of a home."""

import secrets
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from core.storage.home_errors import translate_home_errors


class Presence:
    """The lock file of this process. The operating system keeps it locked while the process lives.

    A killed process loses its lock at once, so other processes can free its claims before the leases run out.
    """

    def __init__(self, folder: Path) -> None:
        """Create and lock a file named after a new token, and delete the files of dead processes.

        Creates `folder` if it is missing. Raises HomeUnusable.
        """
        self._folder = folder
        self.token = secrets.token_hex(8)
        self._lock = FileLock(self._path(self.token), thread_local=False)
        with translate_home_errors(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire(timeout=5)
            for path in folder.glob("*.lock"):
                self.is_alive(path.stem)  # deletes the file of a dead process

    def is_alive(self, token: str) -> bool:
        """Return whether the process with this token lives. Deletes the file of a dead process.

        A process counts as alive if its file cannot be locked for another reason, such as a file of another user. Its
        claims are then freed when their leases run out.
        """
        if token == self.token:
            return True
        return _is_locked(self._path(token))

    def leave(self) -> None:
        """Delete the file and release its lock."""
        _delete(self._path(self.token))
        self._lock.release()

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.lock"


def live_processes(folder: Path) -> list[str]:
    """Return the tokens of the live processes of a home, given its folder of presence files."""
    return [path.stem for path in folder.glob("*.lock") if _is_locked(path)]


def _is_locked(path: Path) -> bool:
    """Return whether a live process holds the lock of a presence file. Deletes the file of a dead process."""
    if not path.exists():
        return False
    probe = FileLock(path, thread_local=False)
    try:
        probe.acquire(timeout=0)
    except OSError:  # filelock's Timeout is one: a live process holds the lock
        return True
    _delete(path)
    probe.release()
    return False


def _delete(path: Path) -> None:
    """Delete a presence file whose lock this process holds.

    A starting process that waits for the lock of the deleted file gets it, sees the deletion, and creates the file
    again.
    """
    with suppress(OSError):  # Windows cannot delete an open file
        path.unlink()
