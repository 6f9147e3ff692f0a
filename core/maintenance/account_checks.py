"""Account checks: find an account that stopped working before a post to it fails."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from operator import not_
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import AliasChoices, Field, TypeAdapter, ValidationError

from core.accounts.port import OUTBOX, Account, Accounts
from core.maintenance.faces import Faces
from core.posts.destinations import Destination
from core.posts.models import FrozenModel, Instant
from core.publishing.network import Network, PostingPermission
from core.storage.locks import locked
from core.storage.private_files import read_private, write_private
from core.time.instants import Clock

log = logging.getLogger(__name__)

INTERVAL = timedelta(hours=4)
"""Time between checks of a working account without a post within LOOKAHEAD."""
LOOKAHEAD = timedelta(minutes=15)
"""Time before a post at which its accounts are checked. It leaves time for a repair."""
URGENT_INTERVAL = timedelta(minutes=30)
"""Time between checks of an account with a post within LOOKAHEAD or with a problem."""
FACE_INTERVAL = timedelta(days=7)
"""Time between renewals of the name and the avatar of an account, unless a person asks for a check."""
BATCH = 5
"""The most accounts that one run checks. The others wait for the next run."""


class AccountCheck(FrozenModel):
    """The result of an account's last check.

    `since` is the instant of the first check with a problem. `problem` and `since` are None for a working account.
    `unchecked` is what the network did not tell. `face_at` is the instant at which its name and avatar were renewed
    last, or could not be. The file names the problem `trouble`.
    """

    destination: Destination
    problem: str | None = Field(validation_alias=AliasChoices("problem", "trouble"), serialization_alias="trouble")
    unchecked: str | None = None
    since: Instant | None
    checked_at: Instant
    face_at: Instant | None = Field(default=None, exclude_if=not_)


_FILE = TypeAdapter(list[AccountCheck])


class AccountChecks:
    """Checks each enabled account every few hours and shortly before its next post, and keeps the results in one file.

    Processes that share a home share the results. Only one of them runs checks at a time.
    """

    def __init__(
        self,
        accounts: Accounts,
        networks: Mapping[str, Network],
        faces: Faces,
        destinations_due: Callable[[datetime, datetime], set[Destination]],
        path: Path,
        clock: Clock,
    ) -> None:
        """`destinations_due` returns the accounts of the posts that are due between two instants."""
        self._accounts = accounts
        self._networks = networks
        self._faces = faces
        self._destinations_due = destinations_due
        self._path = path
        self._running = FileLock(f"{path}.looking.lock")
        self._clock = clock

    def results(self) -> dict[str, AccountCheck]:
        """Return the last check of each checked account, by destination. Raises HomeUnusable."""
        try:
            return {each.destination: each for each in _FILE.validate_json(read_private(self._path, missing=b"[]"))}
        except ValidationError:
            log.warning("%s cannot be read. All accounts are checked again.", self._path)
            return {}

    def failing(self) -> dict[str, AccountCheck]:
        """Return the last checks of the enabled accounts with a problem, by destination."""
        enabled = {account.destination for account in self._accounts.all() if account.enabled}
        return {name: each for name, each in self.results().items() if each.problem is not None and name in enabled}

    def run(self) -> None:
        """Check at most BATCH accounts whose next check is due. Does nothing while another process runs checks.

        Raises the errors of `accounts` and of `destinations_due`.
        """
        try:
            with self._running.acquire(timeout=0):
                self._check(self._accounts_to_check()[:BATCH])
        except Timeout:
            return

    def check(self, destination: str) -> AccountCheck:
        """Check one account now and store the result, also while another process runs checks.

        Its name and avatar are renewed if it works. Raises UnknownDestination.
        """
        account = self._accounts.get(destination)
        return self._check([account], renew_faces=True)[destination]

    def _accounts_to_check(self) -> list[Account]:
        """Return the accounts whose next check is due: those with a post ahead first, then by age of the last check."""
        now, results = self._clock(), self.results()
        soon = self._destinations_due(now, now + LOOKAHEAD)

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

    def _check(self, accounts: Sequence[Account], *, renew_faces: bool = False) -> dict[str, AccountCheck]:
        """Check accounts and store the results. Deletes the results of removed accounts.

        With `renew_faces`, names and avatars are renewed whatever their age.
        """
        earlier = self.results()
        new: dict[str, AccountCheck] = {}
        for account in accounts:
            before = earlier.get(account.destination)
            result = self._check_account(account, before)
            face_at = before.face_at if before else None
            is_due = renew_faces or face_at is None or not timedelta() <= self._clock() - face_at < FACE_INTERVAL
            if result.problem is None and is_due:
                self._faces.renew(account)
                face_at = result.checked_at
            new[account.destination] = result.model_copy(update={"face_at": face_at})
        if new:
            connected = {account.destination for account in self._accounts.all()}
            with locked(self._path):
                kept = [each for each in (self.results() | new).values() if each.destination in connected]
                write_private(self._path, _FILE.dump_json(kept, indent=1, by_alias=True))
        return new

    def _check_account(self, account: Account, earlier: AccountCheck | None) -> AccountCheck:
        try:
            permission = self._networks[account.network].check(account)
        except Exception:  # noqa: BLE001 - a bug in one check must not end the others
            log.exception("The check of %s failed", account.destination)
            problem = "Punctual failed while it checked this account. The reason is in its log."
            permission = PostingPermission(problem=problem)
        now = self._clock()
        since = (earlier.since if earlier else None) or now
        return AccountCheck(
            destination=account.destination,
            problem=permission.problem,
            unchecked=permission.unchecked,
            since=since if permission.problem else None,
            checked_at=now,
        )
