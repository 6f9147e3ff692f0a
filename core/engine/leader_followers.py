"""Turns at what is ready: one thread goes through it alone, for as long as the process itself has work.

In one Python process threads that all have work cost each other more than they gain: a burst is out sooner when one
thread goes through it and wakes nobody. Functions that wait for somebody else are another matter; they may be many.
"""

import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from core.engine.invocations import Invocation

GLANCE, SHORT_GLANCE = 0.005, 0.001
"""Seconds for which a thread that is away is looked at; the short one where the last one there was had to wait."""

LONGEST = 0.05
"""Seconds after which a function holds nobody up, whatever the process is busy with."""


class Turns:
    """Hands out what is ready, in order, to threads that ask again and again.

    A thread keeps the turn from one invocation to the next. If it stays away while the process idles, it waits for
    somebody else: the thread that stands by takes the turn over, and the other lines up again once it is back.
    """

    def __init__(
        self,
        ready: SimpleQueue[Invocation | None],
        on_rest: Callable[[], None],
        processor_time: Callable[[], float] = time.process_time,
    ) -> None:
        """Hand out what is put into `ready`; None in it ends one thread. `processor_time` is this process's.

        `on_rest` is called on each thread before it waits, for its turn or for what becomes ready, and before it ends.
        """
        self._ready = ready
        self._on_rest = on_rest
        self._processor_time = processor_time
        self._standing_by = threading.Lock()
        self._changed = threading.Condition()
        self._holder: int | None = None
        self._away_since: float | None = None  # time.monotonic; None while the holder waits to be given something
        self._dozing = False  # whether the one that stands by waits for that, too
        self._glance = SHORT_GLANCE

    def next(self) -> Invocation | None:
        """Wait for this thread's turn and for the next invocation; None: this thread is to end."""
        if not self._is_back():
            self._on_rest()
            with self._standing_by:
                self._take_over()
        invocation = self._given()
        if invocation is None:
            self._on_rest()
        with self._changed:
            self._away_since = time.monotonic()
            if invocation is None:
                self._holder = None
            if invocation is None or self._dozing:
                self._changed.notify()
        return invocation

    def _given(self) -> Invocation | None:
        """Return what is ready, once something is."""
        try:
            return self._ready.get_nowait()
        except Empty:
            self._on_rest()
            return self._ready.get()

    def _is_back(self) -> bool:
        """Tell whether this thread still has the turn."""
        with self._changed:
            if self._holder != threading.get_ident():
                self._glance = SHORT_GLANCE
                return False
            self._glance = GLANCE
            self._away_since = None
            return True

    def _take_over(self) -> None:
        """Wait until nobody has the turn, or who has it waits for somebody else; then it is this thread's."""
        with self._changed:
            while self._holder is not None and not self._holder_waits():
                pass
            self._holder, self._away_since = threading.get_ident(), None

    def _holder_waits(self) -> bool:
        """Look for a while; tell whether one function kept the holder away, while the process idled or for too long."""
        since, begun, spent = self._away_since, time.monotonic(), self._processor_time()
        if since is None:
            self._dozing = True
            self._changed.wait()
            self._dozing = False
            return False
        self._changed.wait(self._glance)
        if self._holder is None or self._away_since != since:
            return False
        now = time.monotonic()
        return self._processor_time() - spent < (now - begun) / 2 or now - since > LONGEST
