"""The recorder: writes the results of attempts in batches, so that workers do not wait for the file."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from core.engine.store import Store
from core.errors import PunctualError

log = logging.getLogger(__name__)

RETRY_SECONDS = 1.0
"""The pause before the next try after a storage error."""

BATCH_SECONDS = 0.02
"""How long results collect before one transaction writes them. A transaction costs more than a result."""

ResultWrite = Callable[[sqlite3.Connection], int | None]
"""Writes the result of one attempt and returns the instant of the next attempt, or None."""


class Recorder:
    """Writes results in the order of `put`, on its own thread.

    A kill loses the results that are not yet written. Their invocations run again.
    """

    def __init__(self, store: Store, *, stopping: threading.Event, on_due: Callable[[int], None]) -> None:
        """Start nothing yet. The thread calls `on_due` with the instant of each next attempt after the commit.

        After `stopping` is set, a storage error loses the results of its batch. Before, the thread tries again.
        """
        self._store = store
        self._stopping = stopping
        self._on_due = on_due
        self._writes: SimpleQueue[ResultWrite | None] = SimpleQueue()
        self._producers = 0
        self._thread = threading.Thread(target=self._run, name="engine-recorder", daemon=True)

    def start(self, producers: int) -> None:
        """Start to record. The thread ends when each of the `producers` has called `producer_done`."""
        self._producers = producers
        self._thread.start()

    def put(self, write: ResultWrite) -> None:
        """Queue a result; return at once."""
        self._writes.put(write)

    def producer_done(self) -> None:
        """End one producer, which queues no more results."""
        self._writes.put(None)

    def join(self, timeout: float) -> None:
        """Wait at most `timeout` seconds until every producer is done and every result is written."""
        self._thread.join(timeout)

    def _run(self) -> None:
        while self._producers:
            batch = self._next_batch()
            writes = [write for write in batch if write is not None]
            self._producers -= len(batch) - len(writes)
            for due in self._store_results(writes) if writes else ():
                if due is not None:
                    self._on_due(due)

    def _next_batch(self) -> list[ResultWrite | None]:
        """Wait for one item and return it with all that arrive within BATCH_SECONDS."""
        batch = [self._writes.get()]
        self._stopping.wait(BATCH_SECONDS)
        while True:
            try:
                batch.append(self._writes.get_nowait())
            except Empty:
                return batch

    def _store_results(self, writes: Sequence[ResultWrite]) -> list[int | None]:
        """Write results in one transaction; return the instants of their next attempts.

        After a storage error, try again: the claims stay until the results are written.
        """
        while True:
            try:
                return self._store.write_unflushed(lambda connection: [write(connection) for write in writes])
            except PunctualError as error:
                log.error("The results of %d attempts cannot be recorded yet: %s %s", len(writes), error, error.hint)
                if self._stopping.wait(RETRY_SECONDS):
                    return []
            except Exception:  # noqa: BLE001 - the thread must survive; the claims become free when this process ends
                if len(writes) > 1:  # a faulty result must not lose the others
                    return [due for write in writes for due in self._store_results([write])]
                log.exception("The result of an attempt cannot be recorded")
                return []
