"""The caretaker: finishes what was left half done, and tidies, for as long as an engine runs."""

import logging
import threading
from collections.abc import Callable, Mapping

from core.errors import PunctualError

log = logging.getLogger(__name__)

EVERY_SECONDS = 30.0
"""Twice in the minute after which an unfinished change counts as left; so all is armed or named within two."""


class Caretaker:
    """One thread that repeats some duties, each on its own: one that fails is logged and tried again next time."""

    def __init__(self, duties: Mapping[str, Callable[[], object]], *, every_seconds: float = EVERY_SECONDS) -> None:
        self._duties = duties
        self._every = every_seconds
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="caretaker", daemon=True)

    def start(self) -> None:
        """Do every duty now, then again and again."""
        self._thread.start()

    def stop(self) -> None:
        """Return once the duty under way is done."""
        self._stopped.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopped.is_set():
            for name, duty in self._duties.items():
                try:
                    duty()
                except PunctualError as error:
                    log.warning("Could not %s: %s %s", name, error, error.hint)
            self._stopped.wait(self._every)
