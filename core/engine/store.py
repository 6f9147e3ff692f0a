"""The engine's memory: schedules, groups and invocations in one SQLite file."""

from datetime import datetime
from pathlib import Path

from core.engine.invocations import DeadLetter
from core.processes import Presence


class Store:
    """What the engine knows, in `engine.db`. Several processes may have it open at once."""

    def __init__(self, path: Path, *, now: datetime) -> None:
        """Open the file, made if missing. A damaged one is set aside. Raises StorageFault or NewerDatabase."""
        raise NotImplementedError

    def next_due(self) -> datetime | None:
        """Return the instant at which something is to be done next; None when nothing is pending."""
        raise NotImplementedError

    def running(self, presence: Presence) -> bool:
        """Tell whether a live process runs this home's engine."""
        raise NotImplementedError

    def heartbeat(self) -> datetime | None:
        """Return when a runner last reported, at most 10 s old while one runs; None if none ever did."""
        raise NotImplementedError

    def dead_letters(self) -> list[DeadLetter]:
        """Return the invocations that were given up, newest first."""
        raise NotImplementedError

    def retry(self, invocation_id: str, *, now: datetime) -> bool:
        """Invoke a dead letter's function again, from the first attempt; False if it is no dead letter any more."""
        raise NotImplementedError

    def discard(self, invocation_id: str) -> bool:
        """Forget a dead letter; False if it is no dead letter any more."""
        raise NotImplementedError

    def backup(self, target: Path) -> None:
        """Copy the file, whole and consistent, while it is in use."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the file."""
        raise NotImplementedError
