"""The identity of open files: whether the files at their paths are still those that this process has open."""

import os
import time
from collections.abc import Callable
from pathlib import Path

from core.errors import PunctualError

CHECK_SECONDS = 0.25
"""The longest time between two looks at the paths while a process reads. Each write looks after its commit."""

_Identity = tuple[int, int]
"""The device and the inode of a file. On Windows, its volume and its index; Windows cannot replace an open file."""


class HomeReplaced(PunctualError):
    """The data folder, or a database in it, was replaced, moved or deleted while this process had it open."""

    hint = (
        "Stop this program and start it again: it then uses the data that is there now. Restore a backup with"
        " `python -m core restore FOLDER` while no Punctual program runs."
    )

    def __init__(self, home: Path) -> None:
        super().__init__(
            f"The data in {home} was replaced or deleted while this program used it. It publishes and saves nothing"
            " more."
        )


class OpenFiles:
    """The identity of files at the moment of their opening.

    SQLite writes on to an open file that was moved or deleted, and reports success. So what it wrote counts only if the
    file at the path is the same one afterwards. An open file keeps its inode, so no other file can get the same one.
    """

    def __init__(self, *paths: Path, monotonic: Callable[[], float] = time.monotonic) -> None:
        """Remember the files at these paths, which must be open. `monotonic` returns seconds."""
        self._opened = [(str(path), _identity(str(path))) for path in paths]
        self._home = paths[0].parent
        self._monotonic = monotonic
        self._checked_at = monotonic()

    def check(self) -> None:
        """Compare every path with its open file. Takes some microseconds. Raises HomeReplaced."""
        for path, opened in self._opened:
            if _identity(path, otherwise=opened) != opened:
                raise HomeReplaced(self._home)
        self._checked_at = self._monotonic()

    def check_at_intervals(self) -> None:
        """Do the same, at most every CHECK_SECONDS. After a difference, look again at each call."""
        if self._monotonic() - self._checked_at >= CHECK_SECONDS:
            self.check()


def _identity(path: str, *, otherwise: _Identity | None = None) -> _Identity | None:
    """Return the identity of a file: None if there is none, and `otherwise` if the system does not say."""
    try:
        found = os.stat(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:  # such as a folder without permission: the next read or write names the reason
        return otherwise
    return found.st_dev, found.st_ino
