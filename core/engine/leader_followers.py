"""The Leader/Followers pattern: one thread processes ready invocations alone for as long as the process is busy.

Threads of one Python process that are all busy cost each other more than they gain: a burst ends sooner when one
thread processes it and wakes no other. A function that waits for another process does not compete for the processor,
so many of them may run at once.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from core.engine.invocations import Invocation

WATCH_SECONDS, SHORT_WATCH_SECONDS = 0.005, 0.001
"""The time in which a follower watches a working leader; the short one after the previous leader was blocked."""

MAX_LEADER_SECONDS = 0.05
"""The time after which one invocation no longer holds back the others, however busy the process is."""


class LeaderFollowers:
    """Hands out ready invocations, in order, to threads that call `next_invocation` in a loop.

    The leader keeps its role from one invocation to the next. If its function takes time while the process is idle,
    the function waits for another process: the follower becomes the leader, and the old leader queues up afterwards.
    """

    def __init__(
        self,
        ready: SimpleQueue[Invocation | None],
        on_idle: Callable[[], None],
        processor_time: Callable[[], float] = time.process_time,
    ) -> None:
        """Set up the roles. Each None in `ready` ends one thread; `processor_time` returns this process's seconds.

        Each thread calls `on_idle` before it waits, for leadership or for an invocation, and before it ends.
        """
        self._ready = ready
        self._on_idle = on_idle
        self._processor_time = processor_time
        self._follower_lock = threading.Lock()
        self._changed = threading.Condition()
        self._leader: int | None = None
        self._working_since: float | None = None  # time.monotonic; None while the leader waits for an invocation
        self._follower_sleeps = False  # whether the follower waits until the leader works
        self._watch_seconds = SHORT_WATCH_SECONDS

    def next_invocation(self) -> Invocation | None:
        """Wait until this thread leads, then for an invocation. None tells the thread to end."""
        if not self._still_leads():
            self._on_idle()
            with self._follower_lock:
                self._become_leader()
        invocation = self._wait_for_invocation()
        if invocation is None:
            self._on_idle()
        with self._changed:
            self._working_since = time.monotonic()
            if invocation is None:
                self._leader = None
            if invocation is None or self._follower_sleeps:
                self._changed.notify()
        return invocation

    def _wait_for_invocation(self) -> Invocation | None:
        try:
            return self._ready.get_nowait()
        except Empty:
            self._on_idle()
            return self._ready.get()

    def _still_leads(self) -> bool:
        with self._changed:
            if self._leader != threading.get_ident():
                self._watch_seconds = SHORT_WATCH_SECONDS
                return False
            self._watch_seconds = WATCH_SECONDS
            self._working_since = None
            return True

    def _become_leader(self) -> None:
        """Wait until there is no leader, or the leader's function is blocked, then lead."""
        with self._changed:
            while self._leader is not None and not self._leader_is_blocked():
                pass
            self._leader, self._working_since = threading.get_ident(), None

    def _leader_is_blocked(self) -> bool:
        """Watch the leader; return whether one function kept it while the process was idle, or for too long."""
        since, watched_from, spent = self._working_since, time.monotonic(), self._processor_time()
        if since is None:
            self._follower_sleeps = True
            self._changed.wait()
            self._follower_sleeps = False
            return False
        self._changed.wait(self._watch_seconds)
        if self._leader is None or self._working_since != since:
            return False
        now = time.monotonic()
        return self._processor_time() - spent < (now - watched_from) / 2 or now - since > MAX_LEADER_SECONDS
