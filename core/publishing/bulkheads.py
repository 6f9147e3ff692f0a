"""Bulkheads: each account publishes with a share of the threads, so that a network that hangs delays only itself."""

import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from core.posts.destinations import Destination

THREADS = 64
"""The threads whose shares bound the publications of one account."""
PATIENCE_SECONDS = 1.0
"""How long a publication waits for its account's share, and how old a publication is that counts as slow."""
SLOW_PUBLICATIONS = 2
"""An account is stuck while so many of its publications are slow: a single one may be a long upload."""


class Bulkheads:
    """The publications that run for each account. Any thread may use it.

    An account may start another publication while it runs fewer than a third of the idle threads, or none. So one
    account that hangs occupies a quarter of the threads, and several that hang leave some for the others.
    """

    def __init__(
        self,
        threads: int = THREADS,
        *,
        patience: float = PATIENCE_SECONDS,
        slow_publications: int = SLOW_PUBLICATIONS,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start with every thread idle. `patience` and the results of `monotonic` are in seconds."""
        self.patience = patience
        self._threads = threads
        self._slow_publications = slow_publications
        self._monotonic = monotonic
        self._changed = threading.Condition()
        self._busy = 0
        self._started: dict[Destination, list[float]] = {}
        self._waiting: dict[Destination, list[tuple[datetime, int]]] = {}
        self._numbers = itertools.count()

    @classmethod
    def for_workers(cls, workers: int) -> "Bulkheads":
        """Return the bulkheads of a posting server beside an engine with so many workers.

        With few workers, the engine runs one post to the same accounts at a time. Then one slow publication already
        keeps the fast destinations of the next post waiting.
        """
        return cls(slow_publications=SLOW_PUBLICATIONS if workers >= 4 * SLOW_PUBLICATIONS else 1)

    @contextmanager
    def share(self, account: Destination, due: datetime) -> Iterator[bool]:
        """Wait for the account's share and hold a part of it during the block; yield False if there was none in time.

        Publications of one account wait in due order. None waits longer than the patience, or while the account is
        stuck.
        """
        started = self._enter(account, due)
        try:
            yield started is not None
        finally:
            if started is not None:
                self._leave(account, started)

    def is_stuck(self, account: Destination) -> bool:
        """Return whether several publications to the account take longer than the patience."""
        with self._changed:
            return self._is_stuck(account)

    def _enter(self, account: Destination, due: datetime) -> float | None:
        with self._changed:
            place = (due, next(self._numbers))
            queue = self._waiting.setdefault(account, [])
            heapq.heappush(queue, place)
            try:
                if not self._wait(account, queue, place):
                    return None
            finally:
                queue.remove(place)
                heapq.heapify(queue)
                if not queue:
                    del self._waiting[account]
                self._changed.notify_all()
            started = self._monotonic()
            self._started.setdefault(account, []).append(started)
            self._busy += 1
            return started

    def _wait(self, account: Destination, queue: list[tuple[datetime, int]], place: tuple[datetime, int]) -> bool:
        """Wait until the publication is the first of its account and may start; return False if that takes too long."""
        deadline = self._monotonic() + self.patience
        while self._is_full(account) or queue[0] != place:
            left = deadline - self._monotonic()
            if left <= 0 or self._is_stuck(account):
                return False
            self._changed.wait(None if left == math.inf else left)
        return True

    def _leave(self, account: Destination, started: float) -> None:
        with self._changed:
            self._busy -= 1
            running = self._started[account]
            running.remove(started)
            if not running:
                del self._started[account]
            self._changed.notify_all()

    def _is_full(self, account: Destination) -> bool:
        return len(self._started.get(account, ())) >= max(1, (self._threads - self._busy) // 3)

    def _is_stuck(self, account: Destination) -> bool:
        """Judge by the oldest publications, which come first."""
        running = self._started.get(account, ())
        number = self._slow_publications
        return len(running) >= number and self._monotonic() - running[number - 1] > self.patience
