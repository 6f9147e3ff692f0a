"""Recovery: renames a damaged database and creates a new one in its place."""

import logging
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from filelock import FileLock

from core.storage.database import Database, DatabaseDamaged, translate_storage_errors

log = logging.getLogger(__name__)


def open_or_recreate(path: Path, migrations: Sequence[str], *, now: datetime) -> Database:
    """Open a database after a full check. Rename a damaged file and create a new one.

    The damaged file becomes `<name>.damaged-<time>` in the same folder, with its journal. Punctual never writes to it
    again. Raises StorageError or NewerDatabase.
    """
    with translate_storage_errors(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Without the lock, a second process could rename the new file of the first.
        with FileLock(path.with_name(f"{path.name}.opening"), mode=0o600):
            return _open_or_recreate(path, migrations, now)


def _open_or_recreate(path: Path, migrations: Sequence[str], now: datetime) -> Database:
    try:
        database = Database(path, migrations)
        try:
            database.check()
        except DatabaseDamaged:
            database.close()
            raise
    except DatabaseDamaged as damage:
        damaged = _rename_damaged(path, now)
        log.error("%s It was renamed to %s, and a new file was created.", damage, damaged)
        return Database(path, migrations)
    return database


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
