"""The recorder: writes the results and receipts of attempts in batches, so that workers do not wait for the disk."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from core.engine.store import Store
from core.errors import MachineShortage
from core.storage.database import DatabaseDamaged, StorageError
from core.storage.identity import HomeReplaced

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""The pause before the next try after a storage error."""

BATCH_SECONDS = 0.02
"""How long results collect before one transaction writes them. A transaction costs more than a result."""

_STORAGE_ERRORS = (StorageError, DatabaseDamaged, HomeReplaced, MachineShortage)
"""The errors of the disk, not of a result: the same result may be written later."""

ResultWrite = Callable[[sqlite3.Connection], int | None]
"""Writes the result of one attempt and returns the instant of the next attempt, or None."""

StoreReceipts = Callable[[Sequence[Any]], None]
"""Stores receipts of functions, all or none, and returns when they are on disk."""


class Result(NamedTuple):
    """The result of one attempt, and the receipts of its function."""

    write: ResultWrite
    receipts: Sequence[Any] = ()


class Recorder:
    """Writes results in the order of `put`, on its own thread, each after its receipts.

    A kill loses the results that are not yet written. Their invocations run again.
    """

    def __init__(
        self,
        store: Store,
        *,
        stopping: threading.Event,
        on_due: Callable[[int], None],
        store_receipts: StoreReceipts,
    ) -> None:
        """Start nothing yet. The thread calls `on_due` with the instant of each next attempt after the commit.

        After `stopping` is set, a storage error loses the results of its batch. Before, the thread tries again.
        """
        self._store = store
        self._stopping = stopping
        self._on_due = on_due
        self._store_receipts = store_receipts
        self._results: SimpleQueue[Result | None] = SimpleQueue()
        self._producers = 0
        self._thread = threading.Thread(target=self._run, name="engine-recorder", daemon=True)

    def start(self, producers: int) -> None:
        """Start to record. The thread ends when each of the `producers` has called `producer_done`."""
        self._producers = producers
        self._thread.start()

    def put(self, result: Result) -> None:
        """Queue a result; return at once."""
        self._results.put(result)

    def producer_done(self) -> None:
        """End one producer, which queues no more results."""
        self._results.put(None)

    def join(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until every producer is done and every result is written."""
        self._thread.join(timeout)

    def _run(self) -> None:
        while self._producers:
            batch = self._next_batch()
            results = [result for result in batch if result is not None]
            self._producers -= len(batch) - len(results)
            for due in self._store_results(results) if results else ():
                if due is not None:
                    self._on_due(due)

    def _next_batch(self) -> list[Result | None]:
        """Wait for one item and return it with all that arrive within BATCH_SECONDS."""
        batch = [self._results.get()]
        self._stopping.wait(BATCH_SECONDS)
        while True:
            try:
                batch.append(self._results.get_nowait())
            except Empty:
                return batch

    def _store_results(self, results: Sequence[Result]) -> list[int | None]:
        """Write the receipts, then the results in one transaction; return the instants of their next attempts.

        After a storage error, try again: the claims stay until the results are written.
        """
        while True:
            try:
                if receipts := [receipt for result in results for receipt in result.receipts]:
                    self._store_receipts(receipts)
                results = [Result(result.write) for result in results]  # no receipt is stored twice
                return self._store.write_unflushed(partial(_write_all, results))
            except _STORAGE_ERRORS as error:
                log.error("The results of %d attempts cannot be recorded yet: %s %s", len(results), error, error.hint)
                if self._stopping.wait(RETRY_SECONDS):
                    return []
            except Exception:  # noqa: BLE001 - the thread must survive; the claims become free when this process ends
                if len(results) > 1:  # a faulty result must not lose the others
                    return [due for result in results for due in self._store_results([result])]
                log.exception("The result of an attempt cannot be recorded")
                if not results[0].receipts:
                    return []
                results = [Result(results[0].write)]  # the invocation would run again at each start


def _write_all(results: Sequence[Result], connection: sqlite3.Connection) -> list[int | None]:
    return [result.write(connection) for result in results]
