"""A runner's periodic duties: heartbeats, claims of dead processes, pruning and clock jumps."""

import logging
import time
from collections.abc import Callable
from datetime import timedelta

from core.engine.store import Store
from core.storage.processes import Presence
from core.time.instants import Clock, epoch_ms

log = logging.getLogger(__name__)

HEARTBEAT_INTERVAL = timedelta(seconds=10)
PRUNE_INTERVAL = timedelta(hours=1)

_LEASE_GRACE = 5.0
"""Seconds after a clock jump in which no lease expires, so that live processes can renew theirs."""

_JUMP_THRESHOLD = 1.0
"""Seconds of difference between the wall clock and the monotonic clock that count as a jump."""


class Housekeeping:
    """Renews the leases of one runner, frees the claims of dead or stuck processes, and deletes expired rows."""

    def __init__(
        self,
        store: Store,
        presence: Presence,
        clock: Clock,
        *,
        longest_retry_delay: timedelta,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Make all duties due. No retry waits longer than `longest_retry_delay`; `monotonic` returns seconds."""
        self._store = store
        self._presence = presence
        self._clock = clock
        self._longest_retry_delay = longest_retry_delay
        self._monotonic = monotonic
        self._last_clock_times = (clock(), monotonic())
        self._last_heartbeat = self._last_prune = clock() - PRUNE_INTERVAL
        self._leases_valid_from = monotonic()
        self._is_first = True

    def run_due_duties(self) -> None:
        """Run the duties that are due. Cheap enough for several calls a second."""
        now = self._clock()
        self._detect_clock_jump()
        if now - self._last_heartbeat >= HEARTBEAT_INTERVAL:
            self._store.record_heartbeat(self._presence.token, epoch_ms(now))
            self._store.derive_again(newer=self._is_first)  # later on, a newer release is that of a newer process
            self._is_first = False
            self._last_heartbeat = now
        self._free_abandoned_claims(epoch_ms(now))
        if now - self._last_prune >= PRUNE_INTERVAL:
            self._store.prune(epoch_ms(now))
            # A clock that was ahead may have planned attempts too late.
            self._store.cap_next_attempt(epoch_ms(now + self._longest_retry_delay))
            self._last_prune = now

    def _detect_clock_jump(self) -> None:
        """Make all duties due if the wall clock was set, or the machine slept, since the last call."""
        wall, monotonic = self._clock(), self._monotonic()
        last_wall, last_monotonic = self._last_clock_times
        self._last_clock_times = (wall, monotonic)
        drift = (wall - last_wall).total_seconds() - (monotonic - last_monotonic)
        if abs(drift) < _JUMP_THRESHOLD:
            return
        log.warning("The clock jumped by %.1f s.", drift)
        self._last_heartbeat = self._last_prune = wall - PRUNE_INTERVAL
        self._leases_valid_from = monotonic + _LEASE_GRACE

    def _free_abandoned_claims(self, now: int) -> None:
        leases_are_valid = self._monotonic() >= self._leases_valid_from
        for owner, lease_end in self._store.lease_ends().items():
            if owner == self._presence.token:
                continue
            if not self._presence.is_alive(owner):
                log.warning("Process %s is dead. Its claims are free again.", owner)
                self._store.free_claims_of(owner, now)
            elif leases_are_valid and 0 < lease_end < now:
                log.warning("Process %s is alive but its lease has expired. Its claims are free again.", owner)
                self._store.free_claims_of(owner, now)
