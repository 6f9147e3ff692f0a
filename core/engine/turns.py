"""Turns at what is ready: one thread goes through it alone, for as long as that is quick.

In one Python process threads that all have work cost each other more than they gain: a burst is out sooner when one
thread goes through it and wakes nobody. Functions that wait for somebody else are another matter; they may be many.
"""

import threading
import time
from queue import SimpleQueue

from core.engine.invocations import Invocation

QUICK = 0.002
"""Seconds. A function that takes longer waits for somebody else, as a rule."""


class Turns:
    """Hands out what is ready, in order, to threads that ask again and again.

    A thread keeps the turn from one invocation to the next. If it does not come back for QUICK seconds, the one that
    stands by takes the turn over, and it lines up again once it is back: a slow function holds nobody up for longer.
    """

    def __init__(self, ready: SimpleQueue[Invocation | None]) -> None:
        """Hand out what is put into `ready`; None in it ends one thread."""
        self._ready = ready
        self._standing_by = threading.Lock()
        self._changed = threading.Condition()
        self._holder: int | None = None
        self._away_since: float | None = None  # time.monotonic; None while the holder waits to be given something
        self._dozing = False  # whether the one that stands by waits for that, too

    def next(self) -> Invocation | None:
        """Wait for this thread's turn and for the next invocation; None: this thread is to end."""
        if not self._is_back():
            with self._standing_by:
                self._take_over()
        invocation = self._ready.get()
        with self._changed:
            self._away_since = time.monotonic()
            if invocation is None:
                self._holder = None
            if invocation is None or self._dozing:
                self._changed.notify()
        return invocation

    def _is_back(self) -> bool:
        """Tell whether this thread still has the turn."""
        with self._changed:
            if self._holder != threading.get_ident():
                return False
            self._away_since = None
            return True

    def _take_over(self) -> None:
        """Wait until nobody has the turn, or who has it stays away for too long; then it is this thread's."""
        with self._changed:
            while self._holder is not None:
                self._dozing = self._away_since is None
                left = self._left()
                if left <= 0:
                    break
                self._changed.wait(left)
            self._dozing = False
            self._holder, self._away_since = threading.get_ident(), None

    def _left(self) -> float:
        """Seconds until the holder has been away for too long."""
        return threading.TIMEOUT_MAX if self._away_since is None else self._away_since + QUICK - time.monotonic()
