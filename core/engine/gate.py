"""Keeps few functions running side by side while they are quick.

In one Python process threads that all have work cost each other more than they gain: a burst is out sooner when two
at a time go through it. Functions that wait for somebody else are another matter; they may be many.
"""

import threading

AT_ONCE = 2
QUICK = 0.005
"""Seconds. A function that takes longer waits for somebody else, as a rule."""


class Gate:
    """Lets AT_ONCE functions run side by side, besides all those that have taken longer than QUICK."""

    def __init__(self) -> None:
        self._room = threading.Condition()
        self._quick: set[int] = set()

    def enter(self) -> None:
        """Wait until this thread's function may begin, QUICK at most. Only one thread at a time may wait."""
        with self._room:
            while len(self._quick) >= AT_ONCE:
                if not self._room.wait(QUICK):
                    self._quick.clear()  # nobody else has entered meanwhile: each of them has taken at least so long
            self._quick.add(threading.get_ident())

    def leave(self) -> None:
        """Make room for another, once this thread's function is done."""
        with self._room:
            if threading.get_ident() in self._quick:  # who took long has made room already, and wakes nobody too early
                self._quick.remove(threading.get_ident())
                self._room.notify()
