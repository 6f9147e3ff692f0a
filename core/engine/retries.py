"""Retries: when the next attempt of a failed invocation is due, and when there is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """The delays before further attempts, as of Lambda's asynchronous invocation and its on-failure queue.

    `delays` are the seconds before the second attempt, the third and so on. `redelivery_seconds` is the delay before
    every later one. `max_event_age` counts from the instant at which the occurrence was first due.

    A function may ask to wait longer than the delay (Retry-After), at most `redelivery_seconds`. It cannot ask for an
    earlier attempt: that would use up the attempts while the receiver is down for some minutes.
    """

    delays: Sequence[float]
    redelivery_seconds: float
    max_event_age: timedelta

    def next_attempt(
        self, attempt: int, first_due: datetime, now: datetime, *, asked: timedelta | None = None
    ) -> datetime | None:
        """Return the instant of the attempt after `attempt`, or None if the event is too old by then."""
        delay = self.delays[attempt - 1] if attempt <= len(self.delays) else self.redelivery_seconds
        if asked is not None:
            delay = max(delay, min(asked.total_seconds(), self.redelivery_seconds))
        at = now + timedelta(seconds=delay)
        return None if at - first_due > self.max_event_age else at
