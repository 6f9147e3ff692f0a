"""SQLite files that keep what they acknowledged: through a kill, a power cut, a full disk and a newer version."""

import logging
import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from core.errors import PunctualError
from core.storage.migrations import migrate, version_of

log = logging.getLogger(__name__)
T = TypeVar("T")

BUSY_SECONDS = 30.0
"""How long a writer waits for another process before it gives up."""


class StorageFault(PunctualError):
    """SQLite could not read or write a file."""

    hint = "Check that the disk has room and that the folder may be written to, then try again. Nothing was changed."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} could not be read or written: {reason}.")


class Busy(StorageFault):
    """Somebody else keeps a file to himself for longer than BUSY_SECONDS."""

    hint = "Close what holds it, such as another program that looks into it, then try again. Nothing was changed."


class NewerDatabase(PunctualError):
    """The file was written by a later version of Punctual."""

    hint = "Start the version that wrote it, or a later one. Nothing was changed."

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path} has schema version {found}; this version of Punctual knows {known}.")


class Damaged(PunctualError):
    """The file is no sound SQLite database."""

    hint = "Start Punctual again: it sets the damaged file aside, never overwrites it, and says where it lies."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged: {reason}.")


@dataclass
class _Intent:
    """One piece of writing that waits for its turn, and what became of it."""

    work: Callable[[sqlite3.Connection], Any]
    flushed: bool
    done: bool = False
    value: Any = None
    error: BaseException | None = None


class Database:
    """One SQLite file in WAL mode with synchronous=FULL.

    What `write` has returned from survives a power cut. Reads run beside writes. Intents that threads bring at the
    same moment share one commit, so many writers cost one disk flush together; a lone writer waits for nobody.
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        """Open the file, made if missing, and bring its schema to version `len(migrations)`.

        Raises StorageFault, NewerDatabase or Damaged; the file is then as it was.
        """
        self.path = path
        self._turn = threading.Lock()
        self._waiting: deque[_Intent] = deque()
        self._readers: deque[sqlite3.Connection] = deque()
        self._flushing = True
        with self._translated():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._writer = self._connect()
            try:
                if version_of(self._writer) > len(migrations):
                    raise NewerDatabase(path, version_of(self._writer), len(migrations))
                migrate(self._writer, migrations)
            except BaseException:
                self._writer.close()
                raise

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and return its value once the commit is on disk.

        An exception from `work` undoes that work alone and is raised here. `work` may be run on another thread.
        Raises StorageFault when the disk refuses.
        """
        value: T = self._bring(_Intent(work, flushed=True))
        return value

    def write_unflushed(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` as `write` does, but wait for no disk: the commit survives a kill, and maybe not a power cut.

        For what is only done again when it is lost. The next `write` flushes it too.
        """
        value: T = self._bring(_Intent(work, flushed=False))
        return value

    def read(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of one statement, from the last committed state."""
        with self._translated(), self._reader() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Give a connection for several reads of one committed state. What is written to it is undone."""
        with self._translated(), self._reader() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            finally:
                connection.execute("ROLLBACK")

    def check(self) -> None:
        """Read the whole file and raise Damaged unless it is sound. Takes about a second per gigabyte."""
        with self._translated(), self._reader() as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise Damaged(self.path, verdict)

    def close(self) -> None:
        """Close every connection; the file is whole and needs no recovery afterwards."""
        with self._turn:
            while self._readers:
                self._readers.pop().close()
            self._writer.close()

    def _bring(self, intent: _Intent) -> Any:
        """Wait until the intent was carried out, by this thread or another; return its value or raise its error."""
        self._waiting.append(intent)
        with self._turn:
            if not intent.done:
                self._commit_waiting()
        if intent.error is not None:
            raise intent.error
        return intent.value

    def _commit_waiting(self) -> None:
        """Commit what all threads have brought by now, in one transaction; called with the turn held."""
        batch = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            with self._translated():
                self._flush_commits(any(intent.flushed for intent in batch))
                self._writer.execute("BEGIN IMMEDIATE")
                for intent in batch:
                    self._run(intent)
                self._writer.execute("COMMIT")
        except BaseException as error:  # noqa: BLE001 - every thread that waits must learn of it
            for intent in batch:
                intent.error = intent.error or error
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        for intent in batch:
            intent.done = True

    def _flush_commits(self, wanted: bool) -> None:
        """Set whether the commits to come wait until they are on disk."""
        if wanted != self._flushing:
            self._writer.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._flushing = wanted

    def _run(self, intent: _Intent) -> None:
        """Do one intent's work; what it raises undoes it alone, but a fault of the storage ends the whole commit."""
        self._writer.execute("SAVEPOINT intent")
        try:
            intent.value = intent.work(self._writer)
        except Exception as error:
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
                raise
            intent.error = error
            self._writer.execute("ROLLBACK TO intent")
        self._writer.execute("RELEASE intent")

    def _connect(self) -> sqlite3.Connection:
        if not self.path.exists():
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
            connection.execute("PRAGMA temp_store=MEMORY")  # else each savepoint writes what it may undo to a file
        except BaseException:  # a damaged file that is still open cannot be renamed everywhere
            connection.close()
            raise
        return connection

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
        finally:
            self._readers.append(connection)

    def _translated(self) -> AbstractContextManager[None]:
        return translated(self.path)


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Turn what SQLite and the operating system raise about a file into StorageFault or Damaged."""
    try:
        yield
    except sqlite3.OperationalError as error:
        busy = getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY  # the rest says why it is busy
        raise (Busy if busy else StorageFault)(path, str(error)) from error
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        raise Damaged(path, str(error)) from error
    except OSError as error:
        raise StorageFault(path, error.strerror or str(error)) from error


def open_sound(path: Path, migrations: Sequence[str], *, now: datetime) -> Database:
    """Open a database that is known to be sound; a damaged file is set aside and a new one begun.

    The damaged file is renamed to `<name>.damaged-<time>` beside it, with its journal, and never written again.
    """
    with translated(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Two processes must never set the same file aside: the second would take away what the first has begun.
        with FileLock(path.with_name(f"{path.name}.opening"), mode=0o600):
            return _open_sound(path, migrations, now)


def _open_sound(path: Path, migrations: Sequence[str], now: datetime) -> Database:
    try:
        database = Database(path, migrations)
        try:
            database.check()
        except Damaged:
            database.close()
            raise
    except Damaged as damage:
        aside = set_aside(path, now)
        log.error("%s It was set aside as %s, and a new one was begun.", damage, aside)
        return Database(path, migrations)
    return database


def set_aside(path: Path, now: datetime) -> Path:
    """Rename a database and its journal files; return the new path of the database."""
    stamp = f".damaged-{now:%Y%m%dT%H%M%SZ}"
    while path.with_name(path.name + stamp).exists():
        stamp += "+"
    for suffix in ("-wal", "-shm", ""):
        source = path.with_name(path.name + suffix)
        if source.exists():
            source.rename(path.with_name(path.name + stamp + suffix))
    return path.with_name(path.name + stamp)


def set_aside_files(path: Path) -> list[Path]:
    """Return the damaged files that lie beside `path`, oldest first."""
    return sorted(
        found for found in path.parent.glob(f"{path.name}.damaged-*") if not found.name.endswith(("-wal", "-shm"))
    )


def last_set_aside(path: Path) -> datetime | None:
    """Return the end of the second in which the newest of those files was set aside; None where there is none."""
    return max(filter(None, map(_set_aside_at, set_aside_files(path))), default=None)


def _set_aside_at(aside: Path) -> datetime | None:
    stamp = aside.name.rpartition(".damaged-")[2].rstrip("+")
    try:
        return datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC) + timedelta(seconds=1)
    except ValueError:  # somebody has named it otherwise
        return None
