"""Recovery: checks a database after an unclean end, renames a damaged one and creates a new one in its place."""

import logging
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock

from core.errors import PunctualError
from core.storage.clean_end import CleanEnd
from core.storage.database import Database, DatabaseDamaged, translate_storage_errors
from core.storage.identity import HomeReplaced
from core.storage.processes import Presence, live_processes

log = logging.getLogger(__name__)

CLOSE_SECONDS = 5.0
"""How long a closing process waits for one that opens or closes the same file."""


class RecoverableDatabase(Database):
    """A database that is checked only after an unclean end: its last user marks a clean one.

    While one process trusts the open file, every other process may trust it too: there was no power cut since.
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        super().__init__(path, migrations)
        self._presence: Presence | None = None

    def enter(self) -> None:
        """Let other processes see that this one has the sound file open."""
        CleanEnd(self.path).clear()
        with suppress(PunctualError):  # without it, another process checks the file too
            self._presence = Presence(_users(self.path))

    def close(self) -> None:
        """Close every connection, and mark the clean end if no other process has the file open."""
        with ExitStack() as stack:
            may_mark = True
            try:
                self.check_identity()  # before the lock, which would create the folder of a deleted home
                stack.enter_context(_opening_lock(self.path).acquire(timeout=CLOSE_SECONDS))
                self.check_identity()
            except (OSError, HomeReplaced):  # another process opens the file and marks its end, or it is not ours
                may_mark = False
            super().close()
            if self._presence is not None:
                self._presence.leave()
            if may_mark:
                CleanEnd(self.path).mark()


def open_or_recreate(path: Path, migrations: Sequence[str], *, now: datetime) -> Database:
    """Open a database. After an unclean end, check the whole file, and replace a damaged one.

    The damaged file becomes `<name>.damaged-<time>` in the same folder, with its journal. Punctual never writes to it
    again. Raises StorageError or NewerDatabase.
    """
    with translate_storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Without the lock, a second process could rename the new file of the first.
        with _opening_lock(path):
            database = _open_or_recreate(path, migrations, now)
            database.enter()
            return database


def _open_or_recreate(path: Path, migrations: Sequence[str], now: datetime) -> RecoverableDatabase:
    needs_check = _needs_check(path)
    try:
        database = RecoverableDatabase(path, migrations)
        try:
            if needs_check:
                database.check()
        except DatabaseDamaged:
            Database.close(database)  # this thread holds the lock, and the end of a damaged file is not clean
            raise
    except DatabaseDamaged as damage:
        damaged = _rename_damaged(path, now)
        log.error("%s It was renamed to %s, and a new file was created.", damage, damaged)
        return RecoverableDatabase(path, migrations)
    return database


def _needs_check(path: Path) -> bool:
    """Return whether nothing shows that the file is sound. Ask before the file is opened, with its lock."""
    end = CleanEnd(path)
    if end.is_marked():
        return False
    return end.is_marked_damaged() or not live_processes(_users(path))


def _opening_lock(path: Path) -> FileLock:
    return FileLock(path.with_name(f"{path.name}.opening"), mode=0o600)


def _users(path: Path) -> Path:
    """Return the folder with a lock file for each process that has the database open and trusts it."""
    return path.with_name(f"{path.name}.users")


def _rename_damaged(path: Path, now: datetime) -> Path:
    """Rename a database and its journal files; return the new path of the database."""
    stamp = f".damaged-{now:%Y%m%dT%H%M%SZ}"
    while path.with_name(path.name + stamp).exists():
        stamp += "+"
    for suffix in ("-wal", "-shm", ""):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(path.with_name(path.name + stamp + suffix))
    return path.with_name(path.name + stamp)


def damaged_files(path: Path) -> list[Path]:
    """Return the renamed damaged files of `path`, oldest first."""
    return sorted(
        found for found in path.parent.glob(f"{path.name}.damaged-*") if not found.name.endswith(("-wal", "-shm"))
    )


def last_damaged_at(path: Path) -> datetime | None:
    """Return the end of the second in which the newest damaged file was renamed, or None without one."""
    return max(filter(None, map(_renamed_at, damaged_files(path))), default=None)


def _renamed_at(damaged: Path) -> datetime | None:
    stamp = damaged.name.rpartition(".damaged-")[2].rstrip("+")
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
    except ValueError:  # a person renamed the file again
        return None
