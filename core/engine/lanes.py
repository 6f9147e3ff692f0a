"""Lanes: the claimed invocations of a runner, with a bounded share of its workers for each lane."""

import threading
from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping
from queue import Empty

from core.engine.invocations import Invocation

NO_LANE = ""
"""The lane of invocations that no share bounds."""

LaneOf = Callable[[bytes], str]
"""Names the lane of a payload. Invocations that depend on the same server or account have the same lane."""


def no_lane(payload: bytes) -> str:
    """Return NO_LANE for every payload."""
    return NO_LANE


class LaneRooms:
    """The number of further invocations that one transaction may claim in each lane."""

    def __init__(self, lane_of: LaneOf = no_lane, claimed: Mapping[str, int] | None = None, most: int = 0) -> None:
        """Allow `most` claims in each lane, less those in `claimed`, and any number without a lane."""
        self.lane_of = lane_of
        self.held_back = 0
        """The number of occurrences that were stored without a claim."""
        self._claimed = Counter(claimed or {})
        self._most = most

    def room(self, lane: str, wanted: int) -> int:
        """Return how many of `wanted` claims the lane has room for."""
        return wanted if lane == NO_LANE else max(0, min(wanted, self._most - self._claimed[lane]))

    def take(self, lane: str, count: int = 1) -> None:
        """Count claims of a lane."""
        self._claimed[lane] += count

    def copy(self) -> "LaneRooms":
        """Return a copy, for a transaction that may roll back."""
        return LaneRooms(self.lane_of, self._claimed, self._most)


class Lanes:
    """The claimed invocations that wait for a worker, and the number that runs in each lane.

    A lane starts another invocation only while it runs fewer than a third of the idle workers, or none. So one lane
    that hangs occupies a quarter of the workers, and several lanes that hang leave some for the others.
    """

    def __init__(self, workers: int, on_room: Callable[[], None]) -> None:
        """Start empty. Any thread may call `on_room`, which must return at once, when more can be claimed."""
        self._workers = workers
        self._on_room = on_room
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._waiters = 0
        self._queued: dict[str, deque[tuple[int, Invocation]]] = {}
        self._running: dict[str, int] = {}
        self._busy = 0
        self._position = 0
        self._ends = 0

    def put(self, invocations: Iterable[Invocation]) -> None:
        """Add claimed invocations. The earliest of those that may run starts first."""
        with self._lock:
            for invocation in invocations:
                self._position += 1
                self._queued.setdefault(invocation.lane, deque()).append((self._position, invocation))
            if self._waiters:
                self._changed.notify()

    def end(self, threads: int) -> None:
        """Make `get` return None once for each of `threads` threads, as soon as no invocation may run."""
        with self._lock:
            self._ends += threads
            self._changed.notify_all()

    def get_nowait(self) -> Invocation | None:
        """Return the next invocation, or None if the thread must end. Raises queue.Empty if neither is there."""
        with self._lock:
            return self._take()

    def get(self) -> Invocation | None:
        """Wait for the next invocation and return it, or None if the thread must end."""
        with self._lock:
            while True:
                try:
                    return self._take()
                except Empty:
                    self._waiters += 1
                    self._changed.wait()
                    self._waiters -= 1

    def done(self, invocation: Invocation) -> None:
        """Free the worker of an invocation that has ended."""
        lane = invocation.lane
        with self._lock:
            self._busy -= 1
            left = self._running[lane] = self._running[lane] - 1
            if not left:
                del self._running[lane]
            if self._backlog() == self._workers or (lane and self._claimed_in(lane) == self._workers):
                self._on_room()
            if self._waiters:
                self._changed.notify()

    def take_unstarted(self) -> list[Invocation]:
        """Remove and return the invocations that no worker has started, in order."""
        with self._lock:
            unstarted = sorted(each for queue in self._queued.values() for each in queue)
            self._queued.clear()
        return [invocation for _, invocation in unstarted]

    def claim_limit(self) -> int:
        """Return how many invocations to claim now: none, or at least one for each worker.

        Invocations that wait for the share of their lane do not count, so they keep no other lane waiting. A claim
        takes many, because a transaction for each invocation would slow down a burst.
        """
        with self._lock:
            backlog = self._backlog()
        return 2 * self._workers - backlog if backlog <= self._workers else 0

    def rooms(self, lane_of: LaneOf) -> LaneRooms:
        """Return the room of each lane: two claims for each worker."""
        with self._lock:
            claimed = {lane: self._claimed_in(lane) for lane in {*self._queued, *self._running}}
        return LaneRooms(lane_of, claimed, 2 * self._workers)

    def _take(self) -> Invocation | None:
        runnable = [(queue[0][0], lane) for lane, queue in self._queued.items() if not self._is_full(lane)]
        if not runnable:
            if not self._ends:
                raise Empty
            self._ends -= 1
            return None
        lane = min(runnable)[1]
        queue = self._queued[lane]
        _, invocation = queue.popleft()
        self._running[lane] = self._running.get(lane, 0) + 1
        self._busy += 1
        if not queue:
            del self._queued[lane]
        elif self._is_full(lane):  # what waits for its share no longer counts
            self._on_room()
        return invocation

    def _is_full(self, lane: str) -> bool:
        if lane == NO_LANE:
            return False
        running = self._running.get(lane, 0)
        return running > 0 and running >= (self._workers - self._busy) // 3

    def _claimed_in(self, lane: str) -> int:
        return self._running.get(lane, 0) + len(self._queued.get(lane, ()))

    def _backlog(self) -> int:
        """Return the number of claimed invocations that do not wait for the share of their lane."""
        backlog = self._busy
        for lane, queue in self._queued.items():
            if not self._is_full(lane):
                backlog += len(queue)
        return backlog
