"""The cards of links in posts that are written, each fetched once in the background."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.errors import PunctualError
from core.posts.models import LinkCard
from core.publishing.daemon_threads import BackgroundWork
from core.time.instants import Clock

log = logging.getLogger(__name__)

KEPT_FOR = timedelta(hours=1)
"""How long a card, or the reason why there is none, is kept."""
THREADS = 2
KEPT = 200
"""The most links that are remembered, and the most that wait."""


class CardFailed(PunctualError):
    """A card was not made because of a fault of Punctual, which its log names."""

    hint = "The post goes out with its link, without a card."

    def __init__(self, url: str) -> None:
        super().__init__(f"The card of {url} could not be made.")


class CardTooLate(PunctualError):
    """A page did not answer within the time that somebody waits for cards."""

    hint = "The post goes out with its link, without a card."

    def __init__(self, url: str) -> None:
        super().__init__(f"The card of {url} was not there in time.")


@dataclass
class _Fetch:
    begun_at: datetime
    found: LinkCard | PunctualError | None = None


class LinkCards:
    """Fetches cards in a few daemon threads, which end when there is nothing to do. Any thread may use it."""

    def __init__(
        self, clock: Clock, fetch: Callable[[str], LinkCard], *, threads: int = THREADS, kept: int | None = None
    ) -> None:
        """`fetch` returns the card of a link, or raises PunctualError. At most `kept` links are remembered, or KEPT."""
        self._clock = clock
        self._fetch = fetch
        self._kept = kept
        self._fetches: dict[str, _Fetch] = {}
        self._work = BackgroundWork(self._result, self._store, threads=threads, name="link-card")

    def card(self, url: str) -> LinkCard | PunctualError | None:
        """Return the card of a link, or the reason why there is none. None while it is fetched. Never waits."""
        with self._work.changed:
            fetch, now = self._fetches.pop(url, None), self._clock()
            is_new = fetch is None or (fetch.found is not None and not timedelta() <= now - fetch.begun_at < KEPT_FOR)
            if fetch is None or is_new:
                fetch = _Fetch(begun_at=now)
            self._fetches[url] = fetch  # at the end: the links that were looked at longest ago are forgotten first
            if is_new:
                self._begin(url)
            while len(self._fetches) > (self._kept or KEPT):
                del self._fetches[next(iter(self._fetches))]
            return fetch.found

    def forget(self, url: str) -> None:
        """Forget the card of a link, so that it is fetched again. Does nothing while it is fetched."""
        with self._work.changed:
            if url in self._fetches and self._fetches[url].found is not None:
                del self._fetches[url]

    def wait(self, *urls: str, seconds: float) -> None:
        """Wait until the cards of links are known or their fetches have failed, at most so many seconds."""
        with self._work.changed:
            self._work.changed.wait_for(lambda: not any(map(self._is_running, urls)), seconds)

    def fetched(self, urls: Iterable[str], *, seconds: float) -> dict[str, LinkCard | PunctualError]:
        """Return the card of each link, or the reason why there is none, within so many seconds."""
        begun = {url: self.card(url) for url in urls}
        self.wait(*begun, seconds=seconds)
        return {url: self.card(url) or CardTooLate(url) for url in begun}

    def _is_running(self, url: str) -> bool:
        return url in self._fetches and self._fetches[url].found is None

    def _begin(self, url: str) -> None:
        self._work.add(url)
        while len(self._work.waiting) > (self._kept or KEPT):
            self._fetches.pop(self._work.waiting.popleft(), None)

    def _store(self, url: str, found: LinkCard | PunctualError) -> None:
        if url in self._fetches:
            self._fetches[url].found = found

    def _result(self, url: str) -> LinkCard | PunctualError:
        try:
            return self._fetch(url)
        except PunctualError as error:
            return error
        except Exception:  # noqa: BLE001 - a page that breaks the parser must not end the thread
            log.exception("The card of a link was not made.")
            return CardFailed(url)
