"""Caretakers: threads that repeat maintenance tasks."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core.errors import PunctualError
from core.storage.identity import HomeReplaced
from core.time.instants import Clock

log = logging.getLogger(__name__)

INTERVAL_SECONDS = 30.0
"""Half of SETTLE_GRACE, so that an incomplete change is repaired within two minutes."""


class Caretaker:
    """A thread that runs its tasks in rounds, one after the other.

    A task that fails is logged and runs again in the next round. Tasks that wait for external servers need a caretaker
    of their own, so that they do not delay urgent tasks. When the home is replaced, no further task starts.
    """

    def __init__(
        self,
        tasks: Mapping[str, Callable[[], object]],
        *,
        name: str = "caretaker",
        interval_seconds: float = INTERVAL_SECONDS,
        check_home: Callable[[], None] = lambda: None,
    ) -> None:
        """`tasks` has the tasks by name. A name is an infinitive for the log, such as "prune the ledger".

        `check_home` runs before each task, and raises HomeReplaced if the home is no longer the open one.
        """
        self._tasks = tasks
        self._check_home = check_home
        self._interval = interval_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the first round now, and each further one an interval after the end of the last."""
        self._thread.start()

    def stop(self, *, within_seconds: float | None = None) -> None:
        """Start no further task, and return when the running one has ended, or after `within_seconds`.

        A task that is then still running ends with the process.
        """
        self._stopped.set()
        self._thread.join(within_seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            for name, task in self._tasks.items():
                if not self._stopped.is_set():
                    self._run_task(name, task)
            self._stopped.wait(self._interval)

    def _run_task(self, name: str, task: Callable[[], object]) -> None:
        try:
            self._check_home()
            task()
        except HomeReplaced as error:
            log.critical("No further task starts: %s %s", error, error.hint)
            self._stopped.set()
        except PunctualError as error:
            log.warning("Could not %s: %s %s", name, error, error.hint)
        except Exception:  # noqa: BLE001 - a bug in one task must not stop the others
            log.exception("Could not %s", name)


def at_most_every(interval: timedelta, task: Callable[[], object], clock: Clock) -> Callable[[], None]:
    """Return a task that runs at the first call and then at most once per `interval`.

    A failed run does not count, and neither does a run that is in the future because the clock was set back.
    """
    last_run: datetime | None = None

    def run_if_due() -> None:
        nonlocal last_run
        now = clock()
        if last_run is None or not timedelta() <= now - last_run < interval:
            task()
            last_run = now

    return run_if_due
