"""The links of posts that are written, each requested once in the background."""

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.publishing.daemon_threads import BackgroundWork
from core.publishing.page_status import page_status
from core.time.instants import Clock

log = logging.getLogger(__name__)

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
        self._work = BackgroundWork(self._status, self._store, threads=THREADS, name="link-check")

    def broken(self, urls: Collection[str], *, settled: timedelta = SETTLED) -> dict[str, int]:
        """Return the statuses of the links that are known to be BROKEN, and request the unknown ones in the background.

        A link is requested once it was first seen `settled` ago. Never waits.
        """
        with self._work.changed:
            for url in dict.fromkeys(urls):
                self._look_at(url, settled)
            return {
                url: status
                for url in dict.fromkeys(urls)
                if (status := self._links[url].status) in BROKEN and status is not None
            }

    def unknown(self, urls: Collection[str]) -> bool:
        """Return whether the result of a link is still to come."""
        with self._work.changed:
            return any(not self._links[url].done for url in urls if url in self._links)

    def wait(self, urls: Collection[str], *, seconds: float) -> None:
        """Wait until the results of links that were requested are known, at most so many seconds."""
        with self._work.changed:
            self._work.changed.wait_for(
                lambda: all(self._links[url].done for url in urls if url in self._links), seconds
            )

    def _look_at(self, url: str, settled: timedelta) -> None:
        now, link = self._clock(), self._links.pop(url, None)
        if link is None or (link.done and not timedelta() <= now - link.seen_at < CHECKED_FOR):
            link = _Link(seen_at=now)
        self._links[url] = link  # at the end: the links that were looked at longest ago are forgotten first
        if not link.asked and now - link.seen_at >= settled and len(self._work.waiting) < KEPT:
            link.asked = True
            self._work.add(url)
        while len(self._links) > KEPT:
            del self._links[next(iter(self._links))]

    def _status(self, url: str) -> int | None:
        try:
            return self._status_of(url)
        except Exception:  # noqa: BLE001 - a page that breaks the request must not end the thread
            log.exception("A link was not checked.")
            return None

    def _store(self, url: str, status: int | None) -> None:
        if url in self._links:
            self._links[url].status, self._links[url].done = status, True
