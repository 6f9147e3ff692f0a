"""Account checks: find accounts that stopped working before a post fails on them."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from core.accounts.port import OUTBOX, Account, Accounts
from core.posts.destinations import Destination
from core.posts.models import FrozenModel, Instant
from core.publishing.network import Network
from core.storage.database import translate_storage_errors
from core.storage.home import write_private
from core.storage.locks import locked
from core.time.instants import Clock

log = logging.getLogger(__name__)

INTERVAL = timedelta(hours=4)
"""Time between checks of an account without a post ahead and without a problem."""
AHEAD = timedelta(minutes=15)
"""Time before a post at which its accounts are checked; it leaves time for a repair."""
URGENT_INTERVAL = timedelta(minutes=30)
"""Time between checks of an account with a post ahead or with a problem."""
BATCH = 5
"""Accounts that one run checks; the others wait for the next run."""


class AccountCheck(FrozenModel):
    """The result of an account's last check: its problem, and since when; both None for a working account.

    The file has the problem as `trouble`.
    """

    destination: Destination
    problem: str | None = Field(validation_alias=AliasChoices("problem", "trouble"), serialization_alias="trouble")
    since: Instant | None
    checked_at: Instant


_FILE = TypeAdapter(list[AccountCheck])


class AccountChecks:
    """Checks each enabled account every few hours and shortly before its next post; keeps the results in one file.

    Processes that share a home share the results; only one of them runs checks at a time.
    """

    def __init__(
        self,
        accounts: Accounts,
        networks: Mapping[str, Network],
        due: Callable[[datetime, datetime], set[Destination]],
        path: Path,
        clock: Clock,
    ) -> None:
        """`due` returns the destinations of the posts that are due between two instants."""
        self._accounts = accounts
        self._networks = networks
        self._due = due
        self._path = path
        self._running = FileLock(f"{path}.looking.lock")
        self._clock = clock

    def results(self) -> dict[str, AccountCheck]:
        """Return the last check of each checked account, by destination. Raises StorageError."""
        with translate_storage_errors(self._path):
            if not self._path.exists():
                return {}
            text = self._path.read_bytes()
        try:
            return {each.destination: each for each in _FILE.validate_json(text)}
        except ValidationError:
            log.warning("%s cannot be read; all accounts are checked again.", self._path)
            return {}

    def failing(self) -> dict[str, AccountCheck]:
        """Return the last checks of the enabled accounts that cannot be published to, by destination."""
        enabled = {account.destination for account in self._accounts.all() if account.enabled}
        return {name: each for name, each in self.results().items() if each.problem is not None and name in enabled}

    def run(self) -> None:
        """Check up to BATCH accounts whose check is due. Raises the errors of the accounts and of `due`.

        Does nothing while another process runs checks.
        """
        try:
            with self._running.acquire(timeout=0):
                self._check(self._due_for_check()[:BATCH])
        except Timeout:
            return

    def check(self, destination: str) -> AccountCheck:
        """Check one account now and store the result, also while another process runs checks.

        Raises UnknownDestination.
        """
        return self._check([self._accounts.get(destination)])[destination]

    def _due_for_check(self) -> list[Account]:
        """Return the accounts to check: first those with a post ahead, then those with the oldest check."""
        now, results = self._clock(), self.results()
        soon = self._due(now, now + AHEAD)

        def age(account: Account) -> timedelta:
            last = results.get(account.destination)
            return now - last.checked_at if last else timedelta.max

        def is_due(account: Account) -> bool:
            last = results.get(account.destination)
            urgent = account.destination in soon or (last is not None and last.problem is not None)
            return not timedelta() <= age(account) < (URGENT_INTERVAL if urgent else INTERVAL)

        due = [
            account
            for account in self._accounts.all()
            if account.enabled
            and account.network in self._networks
            and account.destination != OUTBOX.destination
            and is_due(account)
        ]
        return sorted(due, key=lambda account: (account.destination in soon, age(account)), reverse=True)

    def _check(self, accounts: Sequence[Account]) -> dict[str, AccountCheck]:
        """Check accounts and store the results; the results of removed accounts are deleted."""
        before = self.results()
        fresh: dict[str, AccountCheck] = {
            each.destination: self._check_account(each, before.get(each.destination)) for each in accounts
        }
        if fresh:
            connected = {account.destination for account in self._accounts.all()}
            with locked(self._path), translate_storage_errors(self._path):
                kept = [each for each in (self.results() | fresh).values() if each.destination in connected]
                write_private(self._path, _FILE.dump_json(kept, indent=1, by_alias=True))
        return fresh

    def _check_account(self, account: Account, before: AccountCheck | None) -> AccountCheck:
        try:
            problem = self._networks[account.network].check(account)
        except Exception:  # noqa: BLE001 - a bug in one check must not end the others
            log.exception("The check of %s failed", account.destination)
            problem = "Punctual failed while it checked this account. The reason is in its log."
        now = self._clock()
        since = (before.since if before else None) or now
        return AccountCheck(
            destination=account.destination, problem=problem, since=since if problem else None, checked_at=now
        )
