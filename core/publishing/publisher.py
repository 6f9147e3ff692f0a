"""The publisher: publishes an occurrence to its accounts concurrently, and the parts of a thread in order."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from core.accounts.port import OUTBOX, Accounts, UnknownDestination
from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.payload import Payload
from core.publishing.fence import DestinationResult, Fence
from core.publishing.network import Network

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class OccurrenceResult:
    """The result of an occurrence: one result for each destination, in the payload's order."""

    results: tuple[DestinationResult, ...]

    @property
    def final(self) -> bool:
        """Whether every destination is final."""
        return all(result.final for result in self.results)

    @property
    def retry_after(self) -> timedelta | None:
        """The longest wait that a destination asks for."""
        return max((result.retry_after for result in self.results if result.retry_after), default=None)


class Publisher:
    """Finds the account and network of each destination, and publishes through the fence."""

    def __init__(self, fence: Fence, accounts: Accounts, networks: Mapping[str, Network]) -> None:
        self._fence = fence
        self._accounts = accounts
        self._networks = networks

    def publish(self, payload: Payload) -> OccurrenceResult:
        """Publish to each destination at most once, and return the results. Safe to repeat; never raises."""
        accounts = payload.accounts
        if len(accounts) == 1:  # needs no thread pool
            return OccurrenceResult(results=tuple(self._publish_thread(payload, accounts[0])))
        with ThreadPoolExecutor(max_workers=len(accounts), thread_name_prefix="publish") as pool:
            threads = pool.map(lambda account: self._publish_thread(payload, account), accounts)
            found = {result.destination: result for thread in threads for result in thread}
            return OccurrenceResult(results=tuple(found[destination] for destination in payload.destinations))

    def _publish_thread(self, payload: Payload, account: Destination) -> list[DestinationResult]:
        """Publish the parts for one account in order, usually one. A part follows only a published one."""
        results: list[DestinationResult] = []
        for destination in payload.destinations:
            if destination.account == account:
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
        except Exception:  # noqa: BLE001 - one destination's error must not affect the others
            log.exception("%s to %s", payload.occurrence_key, destination)
            return self._fence.defer(payload, destination, "Punctual failed. See its log for the error.")

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
        return self._fence.publish_once(payload, account, network, part=destination.part, earlier_references=references)

    def _hold_back(self, payload: Payload, destination: Destination, blocking: DestinationResult) -> DestinationResult:
        """Return the result of a part that follows an unpublished one: waiting, or refused if that one is final.

        If the post was changed or cancelled, the fence returns *superseded* instead of *refused*.
        """
        number = blocking.destination.part
        if not blocking.final:
            return DestinationResult(destination=destination, state="waiting", reason=f"It waits for part {number}.")
        return self._fence.refuse(
            payload, destination, f"Part {number} is not confirmed as published. Resolve that, then retry."
        )
