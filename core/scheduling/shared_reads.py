"""Shared reads: one read of the same data for all browser sessions of a process."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, TypeVar

from core.time.instants import Clock

T = TypeVar("T")

KEPT = 64
"""The most results that are kept."""


@dataclass
class _Read:
    """One kind of read, and its last result. The lock lets one session read while the others wait for its result."""

    lock: Lock = field(default_factory=Lock)
    value: Any = None
    changes: object = None
    read_at: datetime | None = None


class SharedReads:
    """Keeps the results of reads until the data change or some seconds have passed."""

    def __init__(self, change_count: Callable[[], object], clock: Clock) -> None:
        """`change_count` returns a value that differs after each change that this process can notice."""
        self._change_count = change_count
        self._clock = clock
        self._lock = Lock()
        self._reads: dict[Hashable, _Read] = {}

    def get(self, key: Hashable, read: Callable[[], T], *, kept_for: timedelta) -> T:
        """Return the result of `read`, or its last result under this key if it is fresh. Nobody may change the result.

        Raises the errors of `read`, and keeps none of them.
        """
        entry = self._entry(key)
        with entry.lock:
            changes, now = self._change_count(), self._clock()
            fresh = entry.read_at is not None and timedelta() <= now - entry.read_at < kept_for
            if not fresh or entry.changes != changes:
                entry.value = read()
                entry.changes, entry.read_at = changes, now
            value: T = entry.value
            return value

    def forget(self, key: Hashable) -> None:
        """Read again the next time, because this process has changed what is read."""
        with self._lock:
            self._reads.pop(key, None)

    def _entry(self, key: Hashable) -> _Read:
        """Return the entry of a key. The one that was used longest ago makes room for a new one."""
        with self._lock:
            entry = self._reads.pop(key, None) or _Read()
            self._reads[key] = entry
            while len(self._reads) > KEPT:
                del self._reads[next(iter(self._reads))]
            return entry
