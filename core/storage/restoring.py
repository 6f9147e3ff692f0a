"""Restoring: a backup takes the place of a home, which is kept under another name."""

import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from secrets import token_hex
from urllib.parse import quote

from core.errors import PunctualError, shortage_of
from core.storage.database import NewerDatabase
from core.storage.manifest import MANIFEST, Manifest
from core.storage.migrations import schema_version
from core.storage.processes import live_processes

DATABASES = ("punctual.db", "engine.db", "notices.db")
"""The databases of a home on one machine. A home on AWS has the last one, and may have the first."""


class NotABackup(PunctualError):
    """The folder holds no backup, or not a complete one."""

    hint = "Name a folder that `python -m core backup FOLDER` has written. Nothing was changed."

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(f"{folder} cannot be restored: {reason}.")


class HomeInUse(PunctualError):
    """A process uses the home."""

    hint = "Stop the dashboard, the engine and every other Punctual program, then try again. Nothing was changed."

    def __init__(self, home: Path) -> None:
        super().__init__(f"{home} is in use.")


class RestoreFailed(PunctualError):
    """The files could not be copied or renamed."""

    hint = (
        "Check that the disk has room and that the folder above the data folder is writable, then try again. Nothing"
        " was deleted."
    )

    def __init__(self, home: Path, reason: str) -> None:
        super().__init__(f"{home} could not be restored: {reason}.")


@dataclass(frozen=True, kw_only=True)
class Restoration:
    """A backup that became a home.

    `replaced` is where the home of before is kept, None if there was none. `made_at` is the instant of the backup, None
    for one of an earlier version, which names neither its instant nor its files.
    """

    home: Path
    replaced: Path | None
    made_at: datetime | None


def restore(home: Path, folder: Path, *, versions: Mapping[str, int], now: datetime) -> Restoration:
    """Put a copy of the backup in `folder` in the place of `home`. Nothing is deleted.

    `versions` has the newest known schema version of each database by its name. Every step before the last two renames
    leaves the home unchanged, and a failed rename is undone. Raises NotABackup, NewerDatabase, HomeInUse, RestoreFailed
    or MachineShortage.
    """
    manifest = _check_backup(home, folder, versions)
    _check_unused(home)
    copy = home.with_name(f".{home.name}.restoring-{token_hex(4)}")
    try:
        home.parent.mkdir(parents=True, exist_ok=True)
        _copy(folder, copy)
        replace(manifest or Manifest(made_at=now, files={}), restored_at=now).write(copy)
        replaced = _swap(home, copy, now)
    except OSError as error:
        raise shortage_of(error, f"{home} cannot be restored") or RestoreFailed(
            home, error.strerror or str(error)
        ) from error
    finally:
        shutil.rmtree(copy, ignore_errors=True)
    return Restoration(home=home, replaced=replaced, made_at=manifest.made_at if manifest else None)


def _check_backup(home: Path, folder: Path, versions: Mapping[str, int]) -> Manifest | None:
    """Return the manifest of a complete and sound backup, None for one of an earlier version of Punctual.

    Raises NotABackup, or NewerDatabase for one of a later version.
    """
    if not folder.is_dir():
        raise NotABackup(folder, "there is no such folder")
    if Path(os.path.realpath(folder)).is_relative_to(os.path.realpath(home)):
        raise NotABackup(folder, "it is inside the data folder, which is to be replaced")
    manifest = Manifest.read(folder)
    if manifest is not None and manifest.restored_at is not None:
        raise NotABackup(folder, "it was used as a data folder since: make a backup of it, and restore that")
    if any(journal.stat().st_size for journal in folder.glob("*.db-wal")):
        raise NotABackup(folder, "it is or was the data folder of a running Punctual, and its databases are open")
    if manifest is None and not all((folder / name).is_file() for name in DATABASES):
        raise NotABackup(folder, "it has no list of its files, so it is no backup or an unfinished one")
    for name, size in manifest.files.items() if manifest else ():
        if not (folder / name).is_file() or (folder / name).stat().st_size != size:
            raise NotABackup(folder, f"{name} is missing or has another size than when the backup was made")
    for path in folder.glob("*.db"):
        version = _check_sound(path)
        if version > versions.get(path.name, version):
            raise NewerDatabase(path, version, versions[path.name])
    return manifest


def _check_sound(database: Path) -> int:
    """Read a whole database, without creating a file beside it; return its schema version. Raises NotABackup."""
    version = 0
    try:
        with closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro&immutable=1", uri=True)) as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
            version = schema_version(connection)
    except sqlite3.DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise NotABackup(database.parent, f"{database.name} is damaged: {verdict}")
    return version


def _check_unused(home: Path) -> None:
    """Raise HomeInUse if a process has registered itself in the home, or has one of its databases open."""
    if live_processes(home / "processes") or any(_is_open(home / name) for name in DATABASES):
        raise HomeInUse(home)


def _is_open(database: Path) -> bool:
    """Return whether another connection has a database open. A damaged file counts as closed."""
    if not database.exists():
        return False
    with closing(sqlite3.connect(database, timeout=0, isolation_level=None)) as connection:
        try:
            connection.executescript("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK")
        except sqlite3.OperationalError as error:
            return error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
        except sqlite3.DatabaseError:
            return False
    return False


def _copy(folder: Path, copy: Path) -> None:
    """Copy the files of a backup durably. Every file of the copy can be read by this user only."""
    copy.mkdir(mode=0o700)
    for source in _files(folder):
        target = copy / source.relative_to(folder)
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with source.open("rb") as original, os.fdopen(os.open(target, _NEW_FILE, 0o600), "wb") as new:
            shutil.copyfileobj(original, new)
            new.flush()
            os.fsync(new.fileno())
        shutil.copystat(source, target)  # the time of a picture says when it was last used
        target.chmod(0o600)


_OF_PROCESSES = ("-wal", "-shm", ".lock", ".opening", ".closed")
_NEW_FILE = os.O_CREAT | os.O_EXCL | os.O_WRONLY | getattr(os, "O_BINARY", 0)


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files of a backup: not its manifest, and nothing that only running processes need."""
    for path in folder.rglob("*"):
        if path.is_file() and path.name != MANIFEST and not path.name.endswith(_OF_PROCESSES):
            yield path


def _swap(home: Path, copy: Path, now: datetime) -> Path | None:
    """Rename the home, then the copy to the home. Return the new path of the home, None if there was none.

    A process that opened the home meanwhile makes the swap fail, and the home gets its name back.
    """
    if not home.exists():
        copy.rename(home)
        return None
    aside = _unused_name(home, now)
    home.rename(aside)
    try:
        if live_processes(aside / "processes"):
            raise HomeInUse(home)
        copy.rename(home)
    except BaseException:
        if home.exists():
            raise RestoreFailed(
                home, f"a process has made a new one meanwhile; the data of before is {aside}"
            ) from None
        aside.rename(home)
        raise
    return aside


def _unused_name(home: Path, now: datetime) -> Path:
    name = f"{home.name}.replaced-{now:%Y%m%dT%H%M%SZ}"
    while home.with_name(name).exists():
        name += "+"
    return home.with_name(name)
