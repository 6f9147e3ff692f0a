"""A copy of a home, whole and consistent, made while it is in use."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from core.errors import PunctualError
from core.storage.database import Database, translated
from core.storage.home import Home

LEFT_OUT = (".db", "-wal", "-shm", ".lock", ".opening", ".log")
"""Endings of what is copied in another way, or belongs to running processes alone."""


class FolderInUse(PunctualError):
    """A backup would overwrite something."""

    hint = "Name a folder that is empty or not there yet."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is there already, and a backup never overwrites.")


class WithinHome(PunctualError):
    """The copy would lie in what it is a copy of."""

    hint = "Name a folder elsewhere, best on another disk."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} lies within the data folder.")


class CannotBackUp(PunctualError):
    """The copy could not be written."""

    hint = "Check that the disk has room and that the folder may be written to, then try again."

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The backup to {folder} failed: {reason}.")


def back_up(home: Home, databases: Sequence[Database], folder: Path) -> None:
    """Copy the databases as they are at one moment, then accounts, secrets, pictures and videos, for this user alone.

    So the ledger's copy knows of no change that the engine's lacks, or the other way round. The ledger goes first: a
    post that is planned between the two looks is in the engine's copy at least, and goes out. Raises WithinHome,
    FolderInUse, CannotBackUp or StorageFault.
    """
    # Not Path.resolve: before Python 3.13 it raises a RuntimeError for a link that leads to itself.
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(home.path)):
        raise WithinHome(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise FolderInUse(folder)
        with ExitStack() as frozen:
            snapshots = [frozen.enter_context(_begun(database)) for database in databases]
            for database, snapshot in zip(databases, snapshots, strict=True):
                target = folder / database.path.name
                with translated(target):
                    _copy(snapshot, target)
        for path in home.path.iterdir():
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(LEFT_OUT):
                shutil.copy2(path, folder / path.name)
        if home.media.exists():
            unfinished = shutil.ignore_patterns(".*")
            shutil.copytree(home.media, folder / home.media.name, ignore=unfinished)
    except OSError as error:
        raise CannotBackUp(folder, error.strerror or str(error)) from error


def _copy(snapshot: sqlite3.Connection, target: Path) -> None:
    """Write what a snapshot sees to a file of this user's alone; what is left of a failure is deleted."""
    partial = target.with_name(f"{target.name}.partial")
    os.close(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600))
    try:
        with closing(sqlite3.connect(partial)) as copy:
            snapshot.backup(copy)
        partial.rename(target)
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def _begun(database: Database) -> Iterator[sqlite3.Connection]:
    """Give a snapshot of this moment: SQLite takes it with the first read."""
    with database.snapshot() as connection:
        connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        yield connection
