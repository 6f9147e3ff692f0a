"""The shortage of the machine that an error of SQLite results from, because the error does not name it."""

import os
import shutil
import sqlite3
from contextlib import ExitStack
from pathlib import Path

from core.errors import MachineShortage, disk_shortage, shortage_of


def shortage_behind(primary_code: int, path: Path) -> MachineShortage | None:
    """Return the shortage that an error of SQLite results from, or None.

    On a full disk, SQLite reports a shared index that cannot grow as any other failure of the disk.
    """
    if primary_code == sqlite3.SQLITE_CANTOPEN:
        return _shortage_on_opening(path)
    if primary_code == sqlite3.SQLITE_FULL or (primary_code == sqlite3.SQLITE_IOERR and _is_full(path.parent)):
        return disk_shortage(f"{path} cannot be written, and nothing was changed in it")
    return None


def _is_full(folder: Path) -> bool:
    try:
        return shutil.disk_usage(folder).free == 0
    except OSError:
        return False


def _shortage_on_opening(path: Path) -> MachineShortage | None:
    """Return the shortage that keeps a file from being opened, or None: SQLite's error does not hold the reason.

    SQLite opens the file, its journal and its index, so three handles must be free.
    """
    with ExitStack() as opened:
        try:
            for _ in range(3):
                opened.callback(os.close, os.open(path, os.O_RDONLY))
        except OSError as error:
            return shortage_of(error, f"{path} cannot be opened")
    return None
