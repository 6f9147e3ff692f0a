"""SQLite databases: acknowledged writes survive a kill, a power cut and a full disk."""

import os
import sqlite3
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from core.errors import PunctualError, shortage_of
from core.storage.clean_end import CleanEnd
from core.storage.identity import OpenFiles
from core.storage.migrations import migrate, schema_version
from core.storage.shortages import shortage_behind

T = TypeVar("T")

BUSY_SECONDS = 30.0
"""The longest time that a writer waits for another process."""


class StorageError(PunctualError):
    """A file cannot be read or written."""

    hint = "Check that the disk has room and that the folder is writable, then try again. Nothing was changed."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} could not be read or written: {reason}.")


class DatabaseBusy(StorageError):
    """Another process has locked the file for longer than BUSY_SECONDS."""

    hint = "Close any other program that has the file open, then try again. Nothing was changed."


class NewerDatabase(PunctualError):
    """A later version of Punctual wrote the file."""

    hint = "Start the version that wrote it, or a later one. Nothing was changed."

    def __init__(self, path: Path, found: int, known: int) -> None:
        super().__init__(f"{path} has schema version {found}; this version of Punctual knows {known}.")


class DatabaseDamaged(PunctualError):
    """The file is not a valid SQLite database."""

    hint = "Start Punctual again. It renames the damaged file, keeps it, and logs its new name."

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path} is damaged: {reason}.")


@dataclass
class _Write:
    """A queued write and its result."""

    work: Callable[[sqlite3.Connection], Any]
    flush: bool
    done: bool = False
    value: Any = None
    error: BaseException | None = None


class Database:
    """One SQLite file in WAL mode with synchronous=FULL.

    A write survives a power cut once `write` has returned. Reads do not wait for writes. Concurrent writes of several
    threads share one commit and therefore one disk flush; a single writer does not wait for others.

    If another file takes the place of the open one, or it is deleted, reads and writes raise HomeReplaced: a write that
    nobody else can see must not count.
    """

    def __init__(self, path: Path, migrations: Sequence[str]) -> None:
        """Open the file, create it if missing, and migrate its schema to version `len(migrations)`.

        Raises StorageError, NewerDatabase or DatabaseDamaged; the file is then unchanged.
        """
        self.path = path
        self._write_lock = threading.Lock()
        self._pending: deque[_Write] = deque()
        self._readers: deque[sqlite3.Connection] = deque()
        self._counter_lock = threading.Lock()
        self._counter: sqlite3.Connection | None = None
        self._flushing = True
        with translate_storage_errors(path):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
            self._writer = self._connect()
            try:
                if schema_version(self._writer) > len(migrations):
                    raise NewerDatabase(path, schema_version(self._writer), len(migrations))
                migrate(self._writer, migrations)
                # The first read has created the journal, which stays until the last connection is closed.
                self._files = OpenFiles(path, path.with_name(f"{path.name}-wal"))
            except BaseException:
                self._writer.close()
                raise

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction and return its value once the commit is on disk.

        An exception from `work` rolls back that work alone and is raised here. `work` may run on another thread.
        Raises StorageError when the disk fails.
        """
        value: T = self._submit(_Write(work, flush=True))
        return value

    def write_unflushed(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` as `write` does, without a disk flush: the commit survives a kill, but a power cut may lose it.

        Use it where a lost write only costs repeated work. The next `write` flushes it too.
        """
        value: T = self._submit(_Write(work, flush=False))
        return value

    def read(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[sqlite3.Row]:
        """Return all rows of one statement, from the last committed state."""
        with translate_storage_errors(self.path), self._reader() as connection:
            return connection.execute(sql, parameters).fetchall()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection for several reads of one committed state. Writes to it are rolled back."""
        with translate_storage_errors(self.path), self._reader() as connection:
            connection.execute("BEGIN")
            try:
                yield connection
            except BaseException:
                with suppress(sqlite3.Error):  # the first error is the reason; it may have ended the transaction
                    connection.execute("ROLLBACK")
                raise
            connection.execute("ROLLBACK")

    def change_count(self) -> int:
        """Return a number that differs after each commit of any process. Takes some microseconds."""
        with translate_storage_errors(self.path), self._counter_lock:
            self._counter = self._counter or self._connect_reader()  # the number holds for one connection
            return int(self._counter.execute("PRAGMA data_version").fetchone()[0])

    def check_identity(self) -> None:
        """Raise HomeReplaced if the file at the path is not the open one. Takes some microseconds."""
        self._files.check()

    def check(self) -> None:
        """Read the whole file, about one second per gigabyte. Raises DatabaseDamaged if it finds damage."""
        with translate_storage_errors(self.path), self._reader() as connection:
            verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        if verdict != "ok":
            raise DatabaseDamaged(self.path, verdict)

    def close(self) -> None:
        """Close every connection. The next opening of the file then needs no recovery."""
        with self._write_lock:
            while self._readers:
                self._readers.pop().close()
            if self._counter is not None:
                self._counter.close()
            self._writer.close()

    def _submit(self, write: _Write) -> Any:
        """Wait until this or another thread has committed the write; return its value or raise its error."""
        self._pending.append(write)
        with self._write_lock:
            if not write.done:
                self._commit_pending()
        if write.error is not None:
            raise write.error
        return write.value

    def _commit_pending(self) -> None:
        """Commit all queued writes in one transaction. The caller holds the write lock."""
        batch = [self._pending.popleft() for _ in range(len(self._pending))]
        try:
            with translate_storage_errors(self.path):
                self._set_flushing(any(write.flush for write in batch))
                self._writer.execute("BEGIN IMMEDIATE")
                for write in batch:
                    self._run(write, alone=len(batch) == 1)
                if self._writer.in_transaction:
                    self._writer.execute("COMMIT")
                self._files.check()
        except BaseException as error:  # noqa: BLE001 - every waiting thread must receive it
            _fail(batch, error)
            if self._writer.in_transaction:
                self._writer.execute("ROLLBACK")
        for write in batch:
            write.done = True

    def _set_flushing(self, wanted: bool) -> None:
        """Set whether later commits wait until they are on disk."""
        if wanted != self._flushing:
            self._writer.execute(f"PRAGMA synchronous={'FULL' if wanted else 'NORMAL'}")
            self._flushing = wanted

    def _run(self, write: _Write, *, alone: bool) -> None:
        """Run one write. Its exception rolls back this write alone; a storage error ends the whole commit.

        A write that is alone in its commit needs no savepoint.
        """
        if not alone:
            self._writer.execute("SAVEPOINT write")
        try:
            write.value = write.work(self._writer)
        except Exception as error:
            if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.IntegrityError):
                raise
            write.error = error
            self._writer.execute("ROLLBACK" if alone else "ROLLBACK TO write")
        if not alone:
            self._writer.execute("RELEASE write")

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            connection.row_factory = sqlite3.Row
            connection.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON;")
            connection.execute("PRAGMA temp_store=MEMORY")  # by default each savepoint writes its journal to a file
        except BaseException:  # recovery renames a damaged file, and Windows cannot rename an open one
            connection.close()
            raise
        return connection

    @contextmanager
    def _reader(self) -> Iterator[sqlite3.Connection]:
        self._files.check_at_intervals()
        try:
            connection = self._readers.pop()
        except IndexError:
            connection = self._connect_reader()
        try:
            yield connection
        finally:
            if connection.in_transaction:  # its ROLLBACK failed
                connection.close()
            else:
                self._readers.append(connection)

    def _connect_reader(self) -> sqlite3.Connection:
        """Connect to the open file, not to another one that has taken its place."""
        self._files.check()
        connection = self._connect()
        try:
            self._files.check()
        except BaseException:
            connection.close()
            raise
        return connection


def _fail(batch: Sequence[_Write], error: BaseException) -> None:
    """Give the writes of a failed commit its error.

    A write that raised an exception of its own keeps it, unless an earlier write of the batch had succeeded. The failed
    commit rolls that one back, and the exception may result from its data, as when the second of two equal posts is
    refused.
    """
    earlier_succeeded = False
    for write in batch:
        earlier_succeeded = earlier_succeeded or write.error is None
        if earlier_succeeded:
            write.error = error


@contextmanager
def translate_storage_errors(path: Path) -> Iterator[None]:
    """Translate the errors of SQLite and of the operating system for a file.

    Raises StorageError, DatabaseDamaged or MachineShortage.
    """
    try:
        yield
    except sqlite3.OperationalError as error:
        primary_code = getattr(error, "sqlite_errorcode", 0) & 0xFF
        shortage = shortage_behind(primary_code, path)
        if shortage is not None:
            raise shortage from error
        raise (DatabaseBusy if primary_code == sqlite3.SQLITE_BUSY else StorageError)(path, str(error)) from error
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError):
        raise
    except sqlite3.DatabaseError as error:
        CleanEnd(path).mark_damaged()
        raise DatabaseDamaged(path, str(error)) from error
    except (OSError, MemoryError) as error:
        raise shortage_of(error, f"{path} cannot be read or written") or StorageError(
            path, getattr(error, "strerror", None) or str(error)
        ) from error
