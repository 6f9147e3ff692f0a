"""What tests of several folders share."""

from datetime import UTC, datetime, timedelta

import pytest


class MovableClock:
    """A clock that stands still until it is moved."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def move(self, **by: float) -> datetime:
        """Move by hours=, minutes=, seconds= ... and return the new time."""
        self.now += timedelta(**by)
        return self.now


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands at noon on 2 November 2026, UTC."""
    return MovableClock(datetime(2026, 11, 2, 12, tzinfo=UTC))
