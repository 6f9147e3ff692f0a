"""What a runner does besides firing: it reports that it lives, frees what dead processes held, prunes, and heeds jumps
of the clock.
"""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from core.engine.store import Store
from core.engine.timing import milliseconds
from core.storage.processes import Presence
from core.time.instants import Clock

log = logging.getLogger(__name__)

BEAT = timedelta(seconds=10)
PRUNE = timedelta(hours=1)

_SETTLING = 5.0
"""Seconds after a jump of the clock in which live processes renew their leases, so that none is thought expired."""

_JUMP = 1.0
"""Seconds by which the wall clock and the steady one may differ before it counts as a jump."""


class Housekeeping:
    """Keeps one runner's claims alive and takes over those of others that are not."""

    def __init__(
        self,
        store: Store,
        presence: Presence,
        clock: Clock,
        *,
        longest_pause: timedelta,
        steady: Callable[[], float] = time.monotonic,
    ) -> None:
        """`longest_pause` lies between two attempts at most. `steady` answers seconds, on a clock that nobody sets."""
        self._store = store
        self._presence = presence
        self._clock = clock
        self._longest_pause = longest_pause
        self._steady = steady
        self._last = (clock(), steady())
        self._beaten = self._pruned = clock() - PRUNE
        self._leases_count_from = steady()

    def look(self) -> None:
        """Do what is to be done at this instant; cheap enough for several times a second."""
        now = self._clock()
        self._notice_a_jump()
        if now - self._beaten >= BEAT:
            self._store.beat(self._presence.token, milliseconds(now))
            self._beaten = now
        self._free_the_dead(milliseconds(now))
        if now - self._pruned >= PRUNE:
            self._store.prune(milliseconds(now))
            # What waits for longer was planned by a clock that was ahead.
            self._store.hasten(milliseconds(now + self._longest_pause))
            self._pruned = now

    def _notice_a_jump(self) -> None:
        """If the wall clock was set, or the machine slept, since the last look, do at once what is due now and then."""
        now = (self._clock(), self._steady())
        drift = (now[0] - self._last[0]).total_seconds() - (now[1] - self._last[1])
        self._last = now
        if abs(drift) < _JUMP:
            return
        log.warning("The clock jumped by %.1f s.", drift)
        self._beaten = self._pruned = now[0] - PRUNE
        self._leases_count_from = now[1] + _SETTLING

    def _free_the_dead(self, now: int) -> None:
        leases_count = self._steady() >= self._leases_count_from
        for owner, lease in self._store.owners().items():
            if owner == self._presence.token:
                continue
            if not self._presence.lives(owner):
                log.warning("Process %s has died; what it was doing is done again.", owner)
                self._store.bury(owner, now)
            elif leases_count and 0 < lease < now:
                log.warning("Process %s lives but does not answer; what it was doing is done again.", owner)
                self._store.bury(owner, now)
