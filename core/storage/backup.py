"""Backups: complete and consistent copies of a home in use."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import datetime
from pathlib import Path

from core.errors import PunctualError, shortage_of
from core.storage.database import Database, translate_storage_errors
from core.storage.home import Home
from core.storage.manifest import MANIFEST, Manifest

EXCLUDED_SUFFIXES = (".db", "-wal", "-shm", ".lock", ".opening", ".closed", ".log")
"""Endings of the databases, which are copied separately, and of files that only running processes need."""


class BackupFolderInUse(PunctualError):
    """The backup folder is not empty."""

    hint = "Name an empty folder or a new one."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} exists already, and a backup never overwrites.")


class BackupWithinHome(PunctualError):
    """The backup folder is inside the home."""

    hint = "Name a folder elsewhere, best on another disk."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is inside the data folder.")


class BackupFailed(PunctualError):
    """The backup could not be written."""

    hint = "Check that the disk has room and that the folder is writable, then try again."

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The backup to {folder} failed: {reason}.")


def back_up(home: Home, databases: Sequence[Database], folder: Path, *, now: datetime) -> None:
    """Copy the databases as of `now`, then accounts, secrets, pictures and videos, readable by this user only.

    All snapshots begin before the first copy, so the copies of the ledger and the engine agree. `databases` begins
    with the ledger: a post that is scheduled between the two snapshots is then in the engine's copy, and goes out.
    The manifest is written last: a folder with one holds a complete backup. Raises BackupWithinHome, BackupFolderInUse,
    BackupFailed, MachineShortage, StorageError or HomeReplaced.
    """
    # Path.resolve raises RuntimeError for a link to itself before Python 3.13; realpath does not.
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(home.path)):
        raise BackupWithinHome(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise BackupFolderInUse(folder)
        _copy_databases(databases, folder)
        _copy_files(home, folder)
        Manifest(made_at=now, files=_sizes(folder)).write(folder)
    except OSError as error:
        raise shortage_of(error, f"the backup to {folder} is not complete") or BackupFailed(
            folder, error.strerror or str(error)
        ) from error


def _copy_databases(databases: Sequence[Database], folder: Path) -> None:
    with ExitStack() as stack:
        snapshots = [stack.enter_context(_snapshot_now(database)) for database in databases]
        for database, snapshot in zip(databases, snapshots, strict=True):
            target = folder / database.path.name
            with translate_storage_errors(target):
                _copy_snapshot(snapshot, target)


def _copy_files(home: Home, folder: Path) -> None:
    for path in home.path.iterdir():
        excluded = path.name == MANIFEST or path.name.startswith(".") or path.name.endswith(EXCLUDED_SUFFIXES)
        if path.is_file() and not excluded:
            shutil.copy2(path, folder / path.name)
    for path in home.media.glob("*/*"):
        if not path.name.startswith("."):  # an unfinished file
            _copy_media(path, folder / path.relative_to(home.path))


def _copy_media(path: Path, target: Path) -> None:
    """Copy a picture or video. One that is deleted meanwhile was unused, and is left out."""
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    partial = target.with_name(f".{target.name}.partial")
    try:
        with suppress(FileNotFoundError):
            shutil.copy2(path, partial)
            partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


def _sizes(folder: Path) -> dict[str, int]:
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in folder.rglob("*") if path.is_file()}


def _copy_snapshot(snapshot: sqlite3.Connection, target: Path) -> None:
    """Write a snapshot to a private file. A failure leaves no file."""
    partial = target.with_name(f"{target.name}.partial")
    os.close(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        with closing(sqlite3.connect(partial)) as copy:
            snapshot.backup(copy)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _snapshot_now(database: Database) -> Iterator[sqlite3.Connection]:
    """Yield a snapshot of this moment. The first read begins it, so this function reads."""
    with database.snapshot() as connection:
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        yield connection
