"""Caretakers: threads that repeat maintenance tasks while an engine runs."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core.errors import PunctualError
from core.time.instants import Clock

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 30.0
"""Half of the minute that a change has to settle, so each is armed or shown as not armed within two minutes."""


class Caretaker:
    """A thread that repeats its tasks one after the other.

    A task that fails is logged and runs again in the next round. Tasks that wait for external servers need a caretaker
    of their own, apart from urgent ones.
    """

    def __init__(
        self,
        tasks: Mapping[str, Callable[[], object]],
        *,
        name: str = "caretaker",
        interval_seconds: float = INTERVAL_SECONDS,
    ) -> None:
        """`tasks` has the tasks by name; a name is an infinitive for the log, such as "prune the ledger"."""
        self._tasks = tasks
        self._interval = interval_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Run every task now and after each interval."""
        self._thread.start()

    def stop(self, *, within_seconds: float | None = None) -> None:
        """Return when the running task has ended, or after this time; the task then ends with the process."""
        self._stopped.set()
        self._thread.join(within_seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            for name, task in self._tasks.items():
                self._run_task(name, task)
            self._stopped.wait(self._interval)

    def _run_task(self, name: str, task: Callable[[], object]) -> None:
        try:
            task()
        except PunctualError as error:
            log.warning("Could not %s: %s %s", name, error, error.hint)
        except Exception:  # noqa: BLE001 - a bug in one task must not stop the others
            log.exception("Could not %s", name)


def at_most_every(pause: timedelta, task: Callable[[], object], clock: Clock) -> Callable[[], None]:
    """Return a task that runs at the first call and then once per `pause`; a failed run is repeated at the next call.

    A last run in the future, after the clock was set back, does not count.
    """
    last_run: datetime | None = None

    def run_if_due() -> None:
        nonlocal last_run
        now = clock()
        if last_run is None or not timedelta() <= now - last_run < pause:
            task()
            last_run = now

    return run_if_due
