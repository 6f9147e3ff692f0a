"""The accounts that a table names: by destination, by name, or by network."""

from collections.abc import Sequence

from core.accounts.port import Account, UnknownDestination, find_account
from core.errors import PunctualError


class AmbiguousDestination(PunctualError):
    """Several accounts have the name that a row gives."""

    def __init__(self, name: str, destinations: Sequence[str]) -> None:
        super().__init__(f"{name!r} can be several accounts.")
        self.hint = f"Write one of: {', '.join(destinations)}."


class AccountSnapshot:
    """The connected accounts at one moment, so that thousands of rows do not read them one by one."""

    def __init__(self, accounts: Sequence[Account]) -> None:
        self._accounts = accounts
        self._names: dict[str, list[Account]] = {}
        for account in accounts:
            for name in {account.destination.casefold(), account.label.casefold(), account.network}:
                self._names.setdefault(name, []).append(account)

    def get(self, destination: str) -> Account:
        """Return the account with this destination. Raises UnknownDestination."""
        return find_account(destination, self._accounts)

    def named(self, name: str) -> Account:
        """Return the account with a destination, a name or a network. Raises UnknownDestination, AmbiguousDestination.

        Upper and lower case are the same, and an exact destination comes first.
        """
        found = self._names.get(name.casefold(), [])
        exact = [each for each in found if each.destination.casefold() == name.casefold()]
        if len(exact or found) == 1:
            return (exact or found)[0]
        if found:
            raise AmbiguousDestination(name, [each.destination for each in found])
        raise UnknownDestination(name, [each.destination for each in self._accounts])
