"""The links of posts that are written, each requested once in the background."""

import threading
from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.publishing.page_status import page_status
from core.time.instants import Clock

BROKEN = frozenset({404, 410})
"""The statuses of a page that does not exist."""
CHECKED_FOR = timedelta(hours=1)
"""How long a result counts."""
SETTLED = timedelta(seconds=2)
"""How long a link is in the text before it is requested, because a person may still be typing it."""
THREADS = 2
KEPT = 500
"""The most links that are remembered, and the most that wait."""


@dataclass
class _Link:
    seen_at: datetime
    asked: bool = False
    status: int | None = None
    done: bool = False


class LinkChecks:
    """Requests links in at most THREADS daemon threads, which end when there is nothing to do."""

    def __init__(self, clock: Clock, status_of: Callable[[str], int | None] = page_status) -> None:
        self._clock = clock
        self._status_of = status_of
        self._links: dict[str, _Link] = {}
        self._waiting: deque[str] = deque()
        self._running = 0
        self._changed = threading.Condition()

    def broken(self, urls: Collection[str], *, settled: timedelta = SETTLED) -> dict[str, int]:
        """Return the statuses of the links that are known to be BROKEN, and request the unknown ones in the background.

        A link is requested once it was first seen `settled` ago. Never waits.
        """
        with self._changed:
            for url in dict.fromkeys(urls):
                self._look_at(url, settled)
            return {
                url: status
                for url in dict.fromkeys(urls)
                if (status := self._links[url].status) in BROKEN and status is not None
            }

    def unknown(self, urls: Collection[str]) -> bool:
        """Return whether the result of a link is still to come."""
        with self._changed:
            return any(not self._links[url].done for url in urls if url in self._links)

    def wait(self, urls: Collection[str], *, seconds: float) -> None:
        """Wait until the results of links that were requested are known, at most so many seconds."""
        with self._changed:
            self._changed.wait_for(lambda: all(self._links[url].done for url in urls if url in self._links), seconds)

    def _look_at(self, url: str, settled: timedelta) -> None:
        now, link = self._clock(), self._links.pop(url, None)
        if link is None or (link.done and not timedelta() <= now - link.seen_at < CHECKED_FOR):
            link = _Link(seen_at=now)
        self._links[url] = link  # at the end: the links that were looked at longest ago are forgotten first
        if not link.asked and now - link.seen_at >= settled and len(self._waiting) < KEPT:
            link.asked = True
            self._waiting.append(url)
            if self._running < THREADS:
                self._running += 1
                threading.Thread(target=self._run, name="link-check", daemon=True).start()
        while len(self._links) > KEPT:
            del self._links[next(iter(self._links))]

    def _run(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._running -= 1
                    return
                url = self._waiting.popleft()
            status = None
            try:
                status = self._status_of(url)
            finally:
                with self._changed:
                    if url in self._links:
                        self._links[url].status, self._links[url].done = status, True
                    self._changed.notify_all()
