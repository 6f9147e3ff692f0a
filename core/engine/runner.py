"""The runner: invokes functions at the instants that the store holds."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta

from core.engine.invocations import Invocation
from core.engine.store import Store
from core.moments import Clock
from core.processes import Presence

Function = Callable[[Invocation], None]
"""Raising means that the attempt failed; the error's text is recorded as the reason."""


class Runner:
    """Fires what is due, with bounded workers, for as long as it is started."""

    def __init__(
        self,
        store: Store,
        presence: Presence,
        functions: Mapping[str, Function],
        clock: Clock,
        *,
        workers: int = 32,
        retry_delays: Sequence[float] = (60, 120),
        redelivery_seconds: float = 900,
        max_event_age: timedelta = timedelta(hours=24),
    ) -> None: ...

    def start(self) -> None:
        """Begin to fire. Overdue schedules fire at once."""
        raise NotImplementedError

    def stop(self, timeout: float = 5.0) -> None:
        """Claim nothing more, let running functions finish within `timeout` seconds, and free what was not begun."""
        raise NotImplementedError

    def wake(self) -> None:
        """Look at once at what is due; needed only when the clock was moved."""
        raise NotImplementedError
