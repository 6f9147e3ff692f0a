"""Publishes an occurrence to its accounts, side by side, so that none holds up another; a thread in its order."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta

from core.accounts.port import OUTBOX, Accounts, UnknownDestination
from core.errors import PunctualError
from core.posts.models import account_and_part
from core.posts.payload import Payload
from core.publishing.fence import Fence, Verdict
from core.publishing.network import Network

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
        accounts = list(dict.fromkeys(account_and_part(destination)[0] for destination in payload.destinations))
        if len(accounts) == 1:
            return Answer(verdicts=tuple(self._thread(payload, accounts[0])))
        with ThreadPoolExecutor(max_workers=len(accounts), thread_name_prefix="publish") as pool:
            threads = pool.map(lambda account: self._thread(payload, account), accounts)
            found = {verdict.destination: verdict for thread in threads for verdict in thread}
            return Answer(verdicts=tuple(found[destination] for destination in payload.destinations))

    def _thread(self, payload: Payload, account: str) -> list[Verdict]:
        """Publish the parts of an account's thread, as a rule one, each once the one before it is out."""
        verdicts: list[Verdict] = []
        for destination in payload.destinations:
            if account_and_part(destination)[0] == account:
                verdicts.append(self._verdict(payload, destination, tuple(verdicts)))
        return verdicts

    def _behind(self, payload: Payload, destination: str, held: Verdict) -> Verdict:
        """Return how it stands with a part that comes after one that is not out; the fence knows the superseded."""
        number = account_and_part(held.destination)[1]
        if not held.final:
            reason = f"It goes out after part {number}."
            return Verdict(destination=destination, state="waiting", reason=reason)
        return self._fence.refuse(
            payload, destination, f"Part {number} is not known to be out. See to that, then retry."
        )

    def _verdict(self, payload: Payload, destination: str, before: Sequence[Verdict]) -> Verdict:
        """Publish to one destination. What goes wrong with it must not take the others along."""
        try:
            return self._publish_one(payload, destination, before)
        except PunctualError as error:
            log.warning("%s to %s: %s", payload.occurrence_key, destination, error)
            return self._fence.put_off(payload, destination, str(error))
        except Exception:  # noqa: BLE001 - see above
            log.exception("%s to %s", payload.occurrence_key, destination)
            return self._fence.put_off(payload, destination, "Punctual failed; its log says why.")

    def _publish_one(self, payload: Payload, destination: str, before: Sequence[Verdict]) -> Verdict:
        held = next((verdict for verdict in before if verdict.state != "published"), None)
        if held is not None:
            return self._behind(payload, destination, held)
        name, part = account_and_part(destination)
        try:
            account = OUTBOX if name == OUTBOX.destination else self._accounts.get(name)
            network = self._networks[account.network]
        except (UnknownDestination, KeyError):
            reason = f"No account {name} is connected. Connect it under Accounts, then retry."
            return self._fence.refuse(payload, destination, reason)
        if not account.enabled:
            reason = f"{account.label} is disabled. Enable it under Accounts, then retry."
            return self._fence.refuse(payload, destination, reason)
        earlier = tuple(verdict.reference for verdict in before if verdict.reference is not None)
        return self._fence.publish_once(payload, account, network, part=part, earlier=earlier)
