"""Looks after the connected accounts, so that one that stopped working is known before a post fails on it."""

import logging
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from filelock import FileLock, Timeout
from pydantic import TypeAdapter, ValidationError

from core.accounts.port import OUTBOX, Account, Accounts
from core.posts.models import Destination, Instant, Value, account_and_part
from core.publishing.network import Network
from core.scheduling.listing import Queue
from core.scheduling.upcoming import upcoming
from core.storage.database import translated
from core.storage.home import write_private
from core.storage.locks import locked
from core.time.instants import Clock

log = logging.getLogger(__name__)

EVERY = timedelta(hours=4)
"""How often an account is checked that has nothing to publish."""
AHEAD = timedelta(minutes=15)
"""How long before its next post an account is checked: time enough to mend it."""
AGAIN = timedelta(minutes=30)
"""How long a check holds for an account that has a post ahead, or that was in trouble."""
AT_ONCE = 5
"""Accounts that one look checks; the rest waits for the next."""
POSTS_LOOKED_AT = 200


class Checked(Value):
    """What the last check of an account found: `trouble` in words, and since when; None where there is none."""

    destination: Destination
    trouble: str | None
    since: Instant | None
    checked_at: Instant


_FILE = TypeAdapter(list[Checked])


class AccountWatch:
    """Checks each enabled account every few hours, and shortly before its next post. The results are kept in one file.

    Processes that share a home share the results, and never look at the same moment.
    """

    def __init__(
        self,
        accounts: Accounts,
        networks: Mapping[str, Network],
        due: Callable[[datetime, datetime], set[str]],
        path: Path,
        clock: Clock,
    ) -> None:
        """`due` returns the destinations of what goes out between two instants."""
        self._accounts = accounts
        self._networks = networks
        self._due = due
        self._path = path
        self._looking = FileLock(f"{path}.looking.lock")
        self._clock = clock

    def found(self) -> dict[str, Checked]:
        """Return what is known of each account that was checked, by its destination."""
        with translated(self._path):
            if not self._path.exists():
                return {}
            text = self._path.read_bytes()
        try:
            return {each.destination: each for each in _FILE.validate_json(text)}
        except ValidationError:
            log.warning("%s cannot be read; the accounts are checked anew.", self._path)
            return {}

    def troubles(self) -> dict[str, Checked]:
        """Return the last checks of those enabled accounts that cannot be published to, by destination."""
        enabled = {account.destination for account in self._accounts.all() if account.enabled}
        return {name: each for name, each in self.found().items() if each.trouble is not None and name in enabled}

    def look(self) -> None:
        """Check those accounts whose turn it is, up to AT_ONCE. Raises what accounts and queue raise."""
        try:
            with self._looking.acquire(timeout=0):
                self._check(self._in_turn()[:AT_ONCE])
        except Timeout:
            return  # another process is at it

    def check(self, destination: str) -> Checked:
        """Check one account now, whoever looks meanwhile, and keep what was found. Raises UnknownDestination."""
        return self._check([self._accounts.get(destination)])[destination]

    def _in_turn(self) -> list[Account]:
        """Return the accounts to be checked: those with a post ahead first, then those checked longest ago."""
        now, found = self._clock(), self.found()
        soon = self._due(now, now + AHEAD)

        def age(account: Account) -> timedelta:
            checked = found.get(account.destination)
            return now - checked.checked_at if checked else timedelta.max

        def is_in_turn(account: Account) -> bool:
            checked = found.get(account.destination)
            if not account.enabled:
                return False
            pressing = account.destination in soon or (checked is not None and checked.trouble is not None)
            return not timedelta() <= age(account) < (AGAIN if pressing else EVERY)

        turn = [
            account for account in self._accounts.all() if account.network in self._networks and is_in_turn(account)
        ]
        others = (account for account in turn if account.destination != OUTBOX.destination)
        return sorted(others, key=lambda account: (account.destination in soon, age(account)), reverse=True)

    def _check(self, accounts: Sequence[Account]) -> dict[str, Checked]:
        """Check accounts and keep what was found; what is known of accounts that were removed is forgotten."""
        before = self.found()
        fresh = {each.destination: self._checked(each, before.get(each.destination)) for each in accounts}
        if fresh:
            connected = {account.destination for account in self._accounts.all()}
            with locked(self._path), translated(self._path):
                kept = [each for each in (self.found() | fresh).values() if each.destination in connected]
                write_private(self._path, _FILE.dump_json(kept, indent=1))
        return fresh

    def _checked(self, account: Account, before: Checked | None) -> Checked:
        try:
            trouble = self._networks[account.network].check(account)
        except Exception:  # noqa: BLE001 - a bug over one account must not leave the others unchecked for good
            log.exception("The check of %s failed", account.destination)
            trouble = "Punctual failed while it checked this account; its log says why."
        now = self._clock()
        since = (before.since if before else None) or now
        return Checked(
            destination=account.destination, trouble=trouble, since=since if trouble else None, checked_at=now
        )


def destinations_due(queue: Queue, start: datetime, end: datetime) -> set[str]:
    """Return the destinations of the first POSTS_LOOKED_AT posts, repeating ones too, that are due until an instant."""
    entries = upcoming(queue, start, end, limit=POSTS_LOOKED_AT).entries
    posts = [entry.post for entry in entries if entry.post is not None]
    return {account_and_part(destination)[0] for post in posts for destination in post.destinations}
