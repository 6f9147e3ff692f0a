"""The accounts a person has connected, and what every place promises that keeps them."""

from collections.abc import Sequence
from typing import Any, Protocol

from pydantic import Field, SecretStr

from core.errors import PunctualError
from core.posts.models import Destination, Value


class UnknownDestination(PunctualError):
    """No account of this name is connected."""

    def __init__(self, destination: str, known: list[str]) -> None:
        super().__init__(f"No account {destination!r} is connected.")
        self.hint = f"Connect it under Accounts, or choose one of: {', '.join(known)}."


class DisabledDestination(PunctualError):
    """The account is connected, and somebody disabled it."""

    hint = "Enable it under Accounts, or choose another destination."

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} is disabled.")


class Account(Value):
    """One connected account. `credentials` never leave this value but towards the network itself.

    `identity` is who the account is to its network for good, where its name may change: a DID, a chat's number.
    `limits` are those that the network told when the account was connected. Nothing is published to an account that is
    not `enabled`.
    """

    destination: Destination
    label: str
    address: str | None = None
    identity: str | None = None
    limits: dict[str, int] = Field(default_factory=dict)
    deduplicates: bool = False
    enabled: bool = True
    credentials: dict[str, SecretStr] = Field(default_factory=dict)

    @property
    def network(self) -> str:
        """The network's name: what stands before the colon."""
        return self.destination.partition(":")[0]


OUTBOX = Account(destination="outbox", label="Outbox (built in)", deduplicates=True)


class Accounts(Protocol):
    """The connected accounts. The outbox is always among them."""

    def all(self) -> list[Account]:
        """Return every account, the outbox first."""
        ...

    def get(self, destination: str) -> Account:
        """Return one account. Raises UnknownDestination."""
        ...

    def connect(self, account: Account) -> None:
        """Keep an account; one of the same destination is replaced."""
        ...

    def remove(self, destination: str) -> None:
        """Forget an account and its credentials. Posts that name it are refused when they are due."""
        ...


def named(destination: str, accounts: Sequence[Account]) -> Account:
    """Return the account of this name. Raises UnknownDestination."""
    for account in accounts:
        if account.destination == destination:
            return account
    raise UnknownDestination(destination, [account.destination for account in accounts])


def with_credentials(account: Account) -> dict[str, Any]:
    """Return an account ready for JSON with its credentials in the clear: for where they are kept, and nowhere else."""
    return account.model_dump() | {
        "credentials": {name: value.get_secret_value() for name, value in account.credentials.items()}
    }
