"""A clock for tests of code that sleeps: each sleep moves it, and no time passes."""

from collections.abc import Callable
from datetime import datetime, timedelta


class SleepClock:
    """A clock that only `sleep` moves. Tests may set `now`, and `before_sleep` runs before each sleep."""

    def __init__(self, now: datetime) -> None:
        self.now = now
        self.sleeps: list[float] = []
        self.before_sleep: Callable[[], None] = lambda: None

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        assert len(self.sleeps) < 1000, "the code sleeps without end"
        self.before_sleep()
        self.now += timedelta(seconds=seconds)
