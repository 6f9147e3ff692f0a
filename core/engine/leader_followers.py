"""The Leader/Followers pattern: while the process is busy, one thread processes all ready invocations.

Busy threads of one Python process slow each other down: a burst ends sooner if one thread processes it and wakes no
other. A function that waits for another process uses no processor time, so many such functions may run at once.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty
from typing import Protocol

from core.engine.invocations import Invocation

WATCH_SECONDS, SHORT_WATCH_SECONDS = 0.005, 0.001
"""How long a follower watches a working leader before it judges whether the leader is blocked.

The short time applies after a leader was blocked, until the next leader finishes an invocation.
"""

MAX_LEADER_SECONDS = 0.05
"""How long one invocation can delay the others while the process is busy."""


class ReadyQueue(Protocol):
    """Invocations that may run now. None ends the thread that gets it."""

    def get_nowait(self) -> Invocation | None:
        """Return the next item. Raises queue.Empty if there is none."""
        ...

    def get(self) -> Invocation | None:
        """Wait for the next item and return it."""
        ...


class LeaderFollowers:
    """Hands out ready invocations, in order, to threads that call `next_invocation` in a loop.

    The leader keeps its role from one invocation to the next. If the process is idle while the leader's function runs,
    the leader is blocked: the function waits for another process. Then a follower becomes the leader, and the blocked
    thread becomes a follower after its function.
    """

    def __init__(
        self,
        ready: ReadyQueue,
        on_idle: Callable[[], None],
        processor_time: Callable[[], float] = time.process_time,
    ) -> None:
        """Start without a leader. Each None in `ready` ends one thread.

        Each thread calls `on_idle` before it waits, for leadership or for an invocation, and before it ends.
        `processor_time` returns the processor time of this process in seconds.
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
        """Wait until this thread leads and an invocation is ready; return it, or None if the thread must end."""
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
        """Wait until there is no leader or the leader is blocked, then lead."""
        with self._changed:
            while self._leader is not None and not self._leader_is_blocked():
                pass
            self._leader, self._working_since = threading.get_ident(), None

    def _leader_is_blocked(self) -> bool:
        """Watch the leader; return whether its function waits for another process or takes too long.

        If the leader waits for an invocation, wait until it works and return False.
        """
        since, watched_from, processor_time = self._working_since, time.monotonic(), self._processor_time()
        if since is None:
            self._follower_sleeps = True
            self._changed.wait()
            self._follower_sleeps = False
            return False
        self._changed.wait(self._watch_seconds)
        if self._leader is None or self._working_since != since:
            return False
        now = time.monotonic()
        return self._processor_time() - processor_time < (now - watched_from) / 2 or now - since > MAX_LEADER_SECONDS
