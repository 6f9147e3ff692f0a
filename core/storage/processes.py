"""Presence files: one locked file for each live process of a home."""

import secrets
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from core.storage.home import translate_home_errors


class Presence:
    """A file in the home that the operating system keeps locked while this process lives.

    A killed process loses its lock at once, so other processes can free its claims before the leases run out.
    """

    def __init__(self, folder: Path) -> None:
        """Lock a file named after a new token in `folder`, and delete the files of dead processes.

        The folder is created if missing. Raises HomeUnusable.
        """
        self._folder = folder
        self.token = secrets.token_hex(8)
        self._lock = FileLock(self._path(self.token), thread_local=False)
        with translate_home_errors(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire(timeout=5)
            for path in folder.glob("*.lock"):
                self.is_alive(path.stem)

    def is_alive(self, token: str) -> bool:
        """Return whether the process with this token lives; delete the file of a dead one.

        A file that cannot be locked for another reason, such as one of another user, counts as alive: the leases of
        its claims then decide.
        """
        if token == self.token:
            return True
        path = self._path(token)
        if not path.exists():
            return False
        probe = FileLock(path, thread_local=False)
        try:
            probe.acquire(timeout=0)
        except OSError:  # filelock's Timeout is one: a live process holds the lock
            return True
        self._delete(token)
        probe.release()
        return False

    def leave(self) -> None:
        """Delete the file and release its lock."""
        self._delete(self.token)
        self._lock.release()

    def _delete(self, token: str) -> None:
        """Delete a file whose lock this process holds.

        A starting process that has opened the file and waits for the lock then finds it deleted and creates a new one.
        """
        with suppress(OSError):  # Windows cannot delete an open file
            self._path(token).unlink()

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.lock"
