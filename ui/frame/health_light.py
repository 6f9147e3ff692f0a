"""The light of Health in the navigation: the worst result of the health checks, which run beside the pages."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from threading import Lock, Thread

from core.application import Application
from core.errors import PunctualError
from core.health.checks import run_checks
from core.health.findings import CheckResult, HealthStatus
from ui.frame.application import application

INTERVAL = timedelta(minutes=1)
"""How old the light may be before the checks run again."""
STARTING_INTERVAL = timedelta(seconds=10)
"""The same in the first INTERVAL. A worker that starts looks like one that is missing, so only *good* is shown then."""
_WORST_FIRST: tuple[HealthStatus, ...] = ("bad", "warning", "good")


class HealthLight:
    """The light of one application. It never waits for a check."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._application: Application | None = None
        self._status: HealthStatus = "unknown"
        self._began_at: datetime | None = None
        self._asked_at: datetime | None = None

    def read(self, app: Application) -> HealthStatus:
        """Return the latest status, *unknown* before the first one; run the checks in a thread if it is old."""
        now = app.clock()
        with self._lock:
            if self._application is not app:
                self._application, self._status, self._began_at, self._asked_at = app, "unknown", now, None
            interval = STARTING_INTERVAL if self._is_starting(now) else INTERVAL
            if self._asked_at is None or now - self._asked_at >= interval:
                self._asked_at = now
                Thread(target=self._run, args=(app, now), name="health-light", daemon=True).start()
            return self._status

    def note(self, app: Application, results: Iterable[CheckResult]) -> None:
        """Take the status from results, for example those that the Health page shows."""
        with self._lock:
            if self._application is app:
                self._status = worst(results)

    def _run(self, app: Application, now: datetime) -> None:
        results = run_checks(app, now)
        if worst(results) == "good" or not self._is_starting(now):
            self.note(app, results)

    def _is_starting(self, now: datetime) -> bool:
        return self._began_at is not None and now - self._began_at < INTERVAL


def worst(results: Iterable[CheckResult]) -> HealthStatus:
    """Return the worst status. Checks that could not be made count only if no other was."""
    found = {each.status for each in results}
    return next((each for each in _WORST_FIRST if each in found), "unknown")


def health_status() -> HealthStatus:
    """Return the status for the navigation; *bad* if the home cannot be opened. The page shows the reason then."""
    try:
        return _light.read(application())
    except PunctualError:
        return "bad"


def note_results(results: Iterable[CheckResult]) -> None:
    """Let the navigation show the status of these results."""
    _light.note(application(), results)


_light = HealthLight()
