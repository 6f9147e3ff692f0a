"""Caretakers: they finish what was left half done, tidy, and look after things, for as long as an engine runs."""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from core.errors import PunctualError
from core.time.instants import Clock

log = logging.getLogger(__name__)

EVERY_SECONDS = 30.0
"""Twice in the minute after which an unfinished change counts as left; so all is armed or named within two."""


class Caretaker:
    """One thread that repeats some duties, one after the other.

    One that fails is logged and tried again next time. What waits for other people's servers belongs to another
    caretaker than what must be done soon.
    """

    def __init__(
        self,
        duties: Mapping[str, Callable[[], object]],
        *,
        name: str = "caretaker",
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self._duties = duties
        self._every = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Do every duty now, then again and again."""
        self._thread.start()

    def stop(self, *, within_seconds: float | None = None) -> None:
        """Return once the duty under way is done, or that long has passed; the duty ends with the process then."""
        self._stopped.set()
        self._thread.join(within_seconds)

    def _run(self) -> None:
        while not self._stopped.is_set():
            for name, duty in self._duties.items():
                self._do(name, duty)
            self._stopped.wait(self._every)

    def _do(self, name: str, duty: Callable[[], object]) -> None:
        try:
            duty()
        except PunctualError as error:
            log.warning("Could not %s: %s %s", name, error, error.hint)
        except Exception:  # noqa: BLE001 - a bug in one duty must not end the others for as long as the server runs
            log.exception("Could not %s", name)


def at_most_every(pause: timedelta, duty: Callable[[], object], clock: Clock) -> Callable[[], None]:
    """Return a duty that is done at once and then after each `pause`; one that failed is tried the next time.

    A clock that is set back holds nothing up: what was then done in the future is done anew.
    """
    done_at: datetime | None = None

    def do() -> None:
        nonlocal done_at
        now = clock()
        if done_at is None or not timedelta() <= now - done_at < pause:
            duty()
            done_at = now

    return do
