"""Recording what became of attempts, many in one transaction, so that who invokes functions waits for no file."""

import logging
import sqlite3
import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue

from core.engine.store import Store
from core.errors import PunctualError

log = logging.getLogger(__name__)

PATIENCE = 1.0
"""Seconds after which what the disk refused is tried again."""

GATHERING = 0.02
"""Seconds in which outcomes come together before they are written: each transaction costs more than an outcome."""

Outcome = Callable[[sqlite3.Connection], int | None]
"""Writes down what became of one attempt; returns when the next one is due, None where there is none."""


class Recorder:
    """Writes outcomes down in the order in which they come, on a thread of its own.

    What a kill takes from it is done again, like any attempt that was made and not recorded.
    """

    def __init__(self, store: Store, *, stopping: threading.Event, on_due: Callable[[int], None]) -> None:
        """Call `on_due` with each instant at which an outcome makes something due, once it is recorded.

        Once `stopping` is set, what the disk refuses is not tried again.
        """
        self._store = store
        self._stopping = stopping
        self._on_due = on_due
        self._outcomes: SimpleQueue[Outcome | None] = SimpleQueue()
        self._writers = 0
        self._thread = threading.Thread(target=self._work, name="engine-recorder", daemon=True)

    def start(self, writers: int) -> None:
        """Begin to record, until each of so many writers has left."""
        self._writers = writers
        self._thread.start()

    def put(self, outcome: Outcome) -> None:
        """Have an outcome written down; returns at once."""
        self._outcomes.put(outcome)

    def leave(self) -> None:
        """Say that one of the writers is done."""
        self._outcomes.put(None)

    def join(self, timeout: float) -> None:
        """Wait until every writer has left and all is recorded, or for `timeout` seconds."""
        self._thread.join(timeout)

    def _work(self) -> None:
        while self._writers:
            waiting = self._waiting()
            outcomes = [outcome for outcome in waiting if outcome is not None]
            self._writers -= len(waiting) - len(outcomes)
            for due in self._written(outcomes) if outcomes else ():
                if due is not None:
                    self._on_due(due)

    def _waiting(self) -> list[Outcome | None]:
        """Return what has come, once something has."""
        waiting = [self._outcomes.get()]
        self._stopping.wait(GATHERING)
        while True:
            try:
                waiting.append(self._outcomes.get_nowait())
            except Empty:
                return waiting

    def _written(self, outcomes: Sequence[Outcome]) -> list[int | None]:
        """Store outcomes, however long the disk refuses: only then are their claims given up."""
        while True:
            try:
                return self._store.note(lambda connection: [outcome(connection) for outcome in outcomes])
            except PunctualError as error:
                log.error("What became of %d attempts cannot be recorded yet: %s %s", len(outcomes), error, error.hint)
                if self._stopping.wait(PATIENCE):
                    return []
            except Exception:  # noqa: BLE001 - the thread must live; the claim is freed when this process ends
                if len(outcomes) > 1:  # whichever of them is wrong must not take the others along
                    return [due for outcome in outcomes for due in self._written([outcome])]
                log.exception("What became of an attempt cannot be recorded")
                return []
