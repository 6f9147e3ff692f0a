"""Which processes share a home, and which of them still live."""

import secrets
from contextlib import suppress
from pathlib import Path

from filelock import FileLock

from core.storage.home import usable


class Presence:
    """This process's presence in a home: a file that the operating system keeps locked for as long as it lives.

    A process that is killed, in whatever way, loses the lock at that moment, so others may free what it had claimed
    without waiting for a lease to run out.
    """

    def __init__(self, folder: Path) -> None:
        """Announce this process in `folder`, made if missing, under a token of its own. Raises HomeUnusable."""
        self._folder = folder
        self.token = secrets.token_hex(8)
        self._lock = FileLock(self._path(self.token), thread_local=False)
        with usable(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._lock.acquire(timeout=5)

    def lives(self, token: str) -> bool:
        """Tell whether the process that holds `token` still runs. This one always does.

        One of which nobody can tell, such as another user's, counts as alive: leases decide about what it holds.
        """
        if token == self.token:
            return True
        path = self._path(token)
        if not path.exists():
            return False
        probe = FileLock(path, thread_local=False)
        try:
            probe.acquire(timeout=0)
        except OSError:  # among them filelock's Timeout: it is held
            return True
        self._delete(token)
        probe.release()
        return False

    def others(self) -> list[str]:
        """Return the tokens of the other processes that are alive; what dead ones left behind is tidied away."""
        tokens = (path.stem for path in self._folder.glob("*.lock"))
        return [token for token in tokens if token != self.token and self.lives(token)]

    def leave(self) -> None:
        """Give the presence up."""
        self._delete(self.token)
        self._lock.release()

    def _delete(self, token: str) -> None:
        """Delete a file while its lock is held: whoever waits for that lock then sees that the file is gone."""
        with suppress(OSError):  # Windows deletes no file that is open
            self._path(token).unlink()

    def _path(self, token: str) -> Path:
        return self._folder / f"{token}.lock"
