"""The accounts a person has connected, and where their credentials lie."""

import json
from pathlib import Path

from filelock import FileLock
from pydantic import Field, SecretStr, TypeAdapter, ValidationError

from core.errors import PunctualError
from core.home import write_private
from core.models import Destination, Value


class UnknownDestination(PunctualError):
    """No account of this name is connected."""

    def __init__(self, destination: str, known: list[str]) -> None:
        super().__init__(f"No account {destination!r} is connected.")
        self.hint = f"Connect it under Accounts, or choose one of: {', '.join(known)}."


class AccountsUnreadable(PunctualError):
    """The accounts file is not as it was written."""

    hint = "Correct the file, or rename it and connect the accounts again."

    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} cannot be read.")


class Account(Value):
    """One connected account. `credentials` never leave this value but towards the network itself.

    `identity` is who the account is to its network for good, where its name may change: a DID, a chat's number.
    `limits` are those that the network told when the account was connected.
    """

    destination: Destination
    label: str
    address: str | None = None
    identity: str | None = None
    limits: dict[str, int] = Field(default_factory=dict)
    deduplicates: bool = False
    credentials: dict[str, SecretStr] = Field(default_factory=dict)

    @property
    def network(self) -> str:
        """The network's name: what stands before the colon."""
        return self.destination.partition(":")[0]


OUTBOX = Account(destination="outbox", label="Outbox (built in)", deduplicates=True)

_FILE = TypeAdapter(list[Account])


class Accounts:
    """The connected accounts in a file that only this user can read. The outbox is always among them."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = FileLock(f"{path}.lock")

    def all(self) -> list[Account]:
        """Return every account, the outbox first. Raises AccountsUnreadable."""
        return [OUTBOX, *self._read()]

    def get(self, destination: str) -> Account:
        """Return one account. Raises UnknownDestination."""
        accounts = self.all()
        for account in accounts:
            if account.destination == destination:
                return account
        raise UnknownDestination(destination, [account.destination for account in accounts])

    def connect(self, account: Account) -> None:
        """Keep an account; one of the same destination is replaced. Raises AccountsUnreadable or HomeUnusable."""
        with self._lock:
            others = [each for each in self._read() if each.destination != account.destination]
            self._write([*others, account])

    def remove(self, destination: str) -> None:
        """Forget an account and its credentials. Posts that name it are refused when they are due."""
        with self._lock:
            self._write([each for each in self._read() if each.destination != destination])

    def _read(self) -> list[Account]:
        if not self._path.exists():
            return []
        try:
            return _FILE.validate_json(self._path.read_text())
        except (ValidationError, OSError):
            raise AccountsUnreadable(self._path) from None  # the error behind it would quote the file, secrets and all

    def _write(self, accounts: list[Account]) -> None:
        plain = [
            account.model_dump() | {"credentials": {k: v.get_secret_value() for k, v in account.credentials.items()}}
            for account in accounts
        ]
        write_private(self._path, json.dumps(plain, indent=1))
