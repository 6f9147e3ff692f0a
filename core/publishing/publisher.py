"""The publisher: publishes an occurrence to its accounts concurrently, and the parts of a thread in order."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from core.accounts.port import OUTBOX, Accounts, UnknownDestination
from core.errors import PunctualError, shortage_of
from core.posts.destinations import Destination
from core.posts.payload import Payload
from core.publishing.bulkheads import THREADS, Bulkheads
from core.publishing.destination_results import DestinationResult
from core.publishing.fence import Fence
from core.publishing.network import Network
from core.publishing.transfer_time import LEASE

log = logging.getLogger(__name__)

MAX_CONCURRENT_ACCOUNTS = THREADS // 2
"""The most accounts that one occurrence publishes to at the same time. The other threads serve other occurrences."""
REVISIONS = 5
"""How many later revisions of a post are tried in turn, each if the one before was superseded meanwhile."""
BUSY_PAUSE = timedelta(seconds=30)
"""The wait that a destination without a free share asks for."""
_CHECK_SECONDS = 0.05
"""How often a publication looks whether the accounts that it waits for are stuck."""


@dataclass(frozen=True, kw_only=True)
class OccurrenceResult:
    """The result of an occurrence: one result for each destination, in the payload's order."""

    results: tuple[DestinationResult, ...]

    @property
    def final(self) -> bool:
        """Whether every destination is final."""
        return all(result.final for result in self.results)

    @property
    def superseded(self) -> bool:
        """Whether the post was changed or cancelled before it went out anywhere."""
        return all(result.state == "superseded" for result in self.results)

    @property
    def retry_after(self) -> timedelta | None:
        """The shortest wait of the destinations that are not final: one that asks for a long wait delays no other."""
        waits = [result.retry_after or timedelta() for result in self.results if not result.final]
        return min(waits, default=timedelta()) or None


class Publisher:
    """Finds the account and network of each destination, and publishes through the fence.

    Each account has a share of the threads, its bulkhead. A destination whose share is taken is *waiting*, with nothing
    claimed. An occurrence for several accounts does not wait for one that is stuck: it is *waiting*, and its
    publication continues and records its result.
    """

    def __init__(
        self, fence: Fence, accounts: Accounts, networks: Mapping[str, Network], bulkheads: Bulkheads | None = None
    ) -> None:
        self._fence = fence
        self._accounts = accounts
        self._networks = networks
        self._bulkheads = bulkheads or Bulkheads()
        self._pool = ThreadPoolExecutor(max_workers=THREADS, thread_name_prefix="publish")
        self._continuing: set[Future[list[DestinationResult]]] = set()

    def publish(self, payload: Payload) -> OccurrenceResult:
        """Publish to each destination at most once, and return the results. Safe to repeat; never raises.

        If a later revision is due at the same instant, the post goes out as that revision says, to its destinations.
        """
        result = self._publish(payload)
        for _ in range(REVISIONS):
            newest = self._fence.newest_revision(payload) if result.superseded else None
            if newest is None:
                break
            payload = newest
            result = self._publish(payload)
        return result

    def close(self, within_seconds: float) -> None:
        """Wait for the publications that continue after their occurrence was answered, at most so many seconds."""
        wait(set(self._continuing), timeout=within_seconds)
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _publish(self, payload: Payload) -> OccurrenceResult:
        """Publish one revision. A run that does not count, which only an older relay sends, is *superseded*."""
        if payload.excluded:
            return OccurrenceResult(results=tuple(self._fence.exclude(payload, each) for each in payload.destinations))
        accounts = payload.accounts
        if len(accounts) == 1:  # needs no other thread
            return OccurrenceResult(results=tuple(self._publish_in_share(payload, accounts[0], payload.destinations)))
        found = {result.destination: result for result in self._publish_concurrently(payload)}
        return OccurrenceResult(
            results=tuple(
                found.get(destination) or _waiting(destination, "Its network has not answered yet.", LEASE)
                for destination in payload.destinations
            )
        )

    def _publish_concurrently(self, payload: Payload) -> list[DestinationResult]:
        """Return the results of all accounts but those that are stuck."""
        starts = self._starts(payload)
        running = dict(islice(starts, MAX_CONCURRENT_ACCOUNTS))
        results: list[DestinationResult] = []
        while True:
            for future in [future for future in running if future.done()]:
                results += future.result()
                del running[future]
                running.update(islice(starts, 1))
            awaited = [future for future, account in running.items() if not self._bulkheads.is_stuck(account)]
            if not awaited:
                break
            wait(awaited, timeout=_CHECK_SECONDS, return_when=FIRST_COMPLETED)
        for future in running:
            self._continuing.add(future)
            future.add_done_callback(self._continuing.discard)
        return results

    def _starts(self, payload: Payload) -> Iterator[tuple[Future[list[DestinationResult]], Destination]]:
        """Start the publication of one account for each item."""
        parts: dict[Destination, list[Destination]] = {}
        for destination in payload.destinations:
            parts.setdefault(destination.account, []).append(destination)
        for account, own_parts in parts.items():
            yield self._pool.submit(self._publish_in_share, payload, account, own_parts), account

    def _publish_in_share(
        self, payload: Payload, account: Destination, parts: Sequence[Destination]
    ) -> list[DestinationResult]:
        """Publish the parts for one account within its share; if it has none free, return them as waiting."""
        with self._bulkheads.share(account, payload.due) as entered:
            if entered:
                return self._publish_thread(payload, parts)
        return [_waiting(part, "Its network is slow, and other posts to it run.", BUSY_PAUSE) for part in parts]

    def _publish_thread(self, payload: Payload, parts: Sequence[Destination]) -> list[DestinationResult]:
        """Publish the parts for one account in order, usually one. A part follows only a published one."""
        results: list[DestinationResult] = []
        for destination in parts:
            results.append(self._publish_safely(payload, destination, tuple(results)))
        return results

    def _publish_safely(
        self, payload: Payload, destination: Destination, earlier: Sequence[DestinationResult]
    ) -> DestinationResult:
        """Publish to one destination. On any error, defer it, so that the other destinations are not affected."""
        try:
            return self._publish_one(payload, destination, earlier)
        except PunctualError as error:
            log.warning("%s to %s: %s", payload.occurrence_key, destination, error)
            return self._fence.defer(payload, destination, str(error))
        except Exception as error:  # noqa: BLE001 - one destination's error must not affect the others
            log.exception("%s to %s", payload.occurrence_key, destination)
            reason = str(shortage_of(error) or "Punctual failed. See its log for the error.")
            return self._fence.defer(payload, destination, reason)

    def _publish_one(
        self, payload: Payload, destination: Destination, earlier: Sequence[DestinationResult]
    ) -> DestinationResult:
        blocking = next((result for result in earlier if result.state != "published"), None)
        if blocking is not None:
            return self._hold_back(payload, destination, blocking)
        name = destination.account
        try:
            account = OUTBOX if name == OUTBOX.destination else self._accounts.get(name)
            network = self._networks[account.network]
        except (UnknownDestination, KeyError):
            reason = f"No account {name} is connected. Connect it under Accounts, then retry."
            return self._fence.refuse(payload, destination, reason)
        if not account.enabled:
            reason = f"{account.label} is disabled. Enable it under Accounts, then retry."
            return self._fence.refuse(payload, destination, reason)
        references = tuple(result.reference for result in earlier if result.reference is not None)
        if earlier and not references and network.threads == "replies":
            reason = "It cannot reply to the part before it, whose link is not known. Publish it by hand."
            return self._fence.refuse(payload, destination, reason)
        return self._fence.publish_once(payload, account, network, part=destination.part, earlier_references=references)

    def _hold_back(self, payload: Payload, destination: Destination, blocking: DestinationResult) -> DestinationResult:
        """Return the result of a part that follows an unpublished one: waiting, or refused if that one is final.

        If the post was changed or cancelled, the fence returns *superseded* instead of *refused*.
        """
        number = blocking.destination.part
        if not blocking.final:
            reason, pause = f"It waits for part {number}.", blocking.retry_after
            return DestinationResult(destination=destination, state="waiting", reason=reason, retry_after=pause)
        return self._fence.refuse(
            payload, destination, f"Part {number} is not confirmed as published. Resolve that, then retry."
        )


def _waiting(destination: Destination, reason: str, retry_after: timedelta) -> DestinationResult:
    """Return the result of a destination without a claim, or with one that another thread finishes."""
    reason = f"{reason} Punctual tries again by itself."
    return DestinationResult(destination=destination, state="waiting", reason=reason, retry_after=retry_after)
