"""The clean end of a database: a mark that its last user has closed it, and that nothing has changed it since."""

import json
import os
from contextlib import suppress
from pathlib import Path

SUFFIX = ".closed"
"""The end of the name of the mark, which is beside the database."""
_DAMAGED = "damaged"
"""The content of the mark of a database in which a process has found damage."""
_SECOND_NS = 10**9


class CleanEnd:
    """The mark of one database.

    A mark counts only for the file that it describes, unchanged, without a journal. The last connection deletes the
    journal when it closes, after its content is on the disk; a kill and a power cut leave it. So a copy, a restored
    backup, a file that another program has written, and a home of an earlier version have no mark that counts.

    The mark is not flushed to the disk: a power cut that loses it, or brings an old one back, costs one check at most.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        self._mark = database.with_name(database.name + SUFFIX)

    def is_marked(self) -> bool:
        """Return whether the last end of the database was clean. Ask before the database is opened."""
        try:
            return not self._has_journal() and self._mark.read_text() == self._description()
        except (OSError, ValueError):  # no mark, or one that cannot be read: the database is checked
            return False

    def is_marked_damaged(self) -> bool:
        """Return whether a process has found damage in the database since its last check."""
        try:
            return self._mark.read_text() == _DAMAGED
        except (OSError, ValueError):
            return False

    def clear(self) -> None:
        """Delete the mark, because the database is in use."""
        with suppress(OSError):  # the journal of the open database makes the mark invalid too
            self._mark.unlink(missing_ok=True)

    def mark(self) -> None:
        """Write the mark, unless another process has the database open, or one has found damage. Call it when closed.

        The time of the last change is set back by a second. File systems count in ticks of some milliseconds, so a
        change in the tick of the end would leave the time as it is.
        """
        with suppress(OSError):  # without a mark, the next start checks the database
            if not self._has_journal() and not self._mark.exists():
                found = self._database.stat()
                os.utime(self._database, ns=(found.st_atime_ns, found.st_mtime_ns - _SECOND_NS))
                self._write(self._description())

    def mark_damaged(self) -> None:
        """Make the next start check the database, however it ends."""
        with suppress(OSError):  # the disk may be the reason of the damage
            self._write(_DAMAGED)

    def _write(self, content: str) -> None:
        self._mark.touch(mode=0o600)
        self._mark.write_text(content)

    def _has_journal(self) -> bool:
        return self._database.with_name(f"{self._database.name}-wal").exists()

    def _description(self) -> str:
        """Return what identifies the file and changes with its content. Raises OSError."""
        found = self._database.stat()
        return json.dumps([found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns])
