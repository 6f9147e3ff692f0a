"""A copy of a home, whole and consistent, made while it is in use."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from core.database import Database
from core.errors import PunctualError
from core.home import Home

LEFT_OUT = (".db", "-wal", "-shm", ".lock", ".opening", ".log")
"""Endings of what is copied in another way, or belongs to running processes alone."""


class FolderInUse(PunctualError):
    """A backup would overwrite something."""

    hint = "Name a folder that is empty or not there yet."

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is there already, and a backup never overwrites.")


class CannotBackUp(PunctualError):
    """The copy could not be written."""

    hint = "Check that the disk has room and that the folder may be written to, then try again."

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"The backup to {folder} failed: {reason}.")


def back_up(home: Home, databases: Sequence[Database], folder: Path) -> None:
    """Copy the databases, in their order, then accounts, secrets, pictures and videos, for this user alone.

    The ledger goes first: a post that was planned in between is then in the engine's copy at least, and goes out.
    Raises FolderInUse, CannotBackUp or StorageFault.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise FolderInUse(folder)
        for database in databases:
            database.backup(folder / database.path.name)
        for path in home.path.iterdir():
            if path.is_file() and not path.name.startswith(".") and not path.name.endswith(LEFT_OUT):
                shutil.copy2(path, folder / path.name)
        if home.media.exists():
            shutil.copytree(home.media, folder / home.media.name)
    except OSError as error:
        raise CannotBackUp(folder, error.strerror or str(error)) from error
