"""Publishes an occurrence to its destinations, side by side, so that none holds up another."""

import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from core.accounts import OUTBOX, Accounts, UnknownDestination
from core.errors import PunctualError
from core.publishing.fence import Fence, Verdict
from core.publishing.network import Network
from core.wire import Payload

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Answer:
    """How it stands with an occurrence: a verdict for each of its destinations, in their order."""

    verdicts: tuple[Verdict, ...]

    @property
    def final(self) -> bool:
        """Whether every destination is final."""
        return all(verdict.final for verdict in self.verdicts)

    @property
    def retry_after(self) -> timedelta | None:
        """The longest wait that a destination asked for."""
        return max((verdict.retry_after for verdict in self.verdicts if verdict.retry_after), default=None)


class Publisher:
    """Knows the accounts and the networks, and publishes behind the fence."""

    def __init__(self, fence: Fence, accounts: Accounts, networks: Mapping[str, Network]) -> None:
        self._fence = fence
        self._accounts = accounts
        self._networks = networks

    def publish(self, payload: Payload) -> Answer:
        """Publish to each destination once, and return how it stands with each. Safe to repeat; never raises."""
        if len(payload.destinations) == 1:
            return Answer(verdicts=(self._verdict(payload, payload.destinations[0]),))
        with ThreadPoolExecutor(max_workers=len(payload.destinations), thread_name_prefix="publish") as pool:
            verdicts = pool.map(lambda destination: self._verdict(payload, destination), payload.destinations)
            return Answer(verdicts=tuple(verdicts))

    def _verdict(self, payload: Payload, destination: str) -> Verdict:
        """Publish to one destination. What goes wrong with it must not take the others along."""
        try:
            return self._publish_one(payload, destination)
        except PunctualError as error:
            log.warning("%s to %s: %s", payload.occurrence_key, destination, error)
            return Verdict(destination=destination, state="waiting", reason=str(error))
        except Exception:  # noqa: BLE001 - see above
            log.exception("%s to %s", payload.occurrence_key, destination)
            return Verdict(destination=destination, state="waiting", reason="Punctual failed; its log says why.")

    def _publish_one(self, payload: Payload, destination: str) -> Verdict:
        try:
            account = OUTBOX if destination == OUTBOX.destination else self._accounts.get(destination)
            network = self._networks[account.network]
        except (UnknownDestination, KeyError):
            reason = f"No account {destination} is connected. Connect it under Accounts, then retry."
            return self._fence.refuse(payload, destination, reason)
        return self._fence.publish_once(payload, account, network)
