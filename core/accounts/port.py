"""Connected accounts, and the port of their storage."""

from collections.abc import Sequence
from operator import not_
from typing import Annotated, Any, Protocol

from pydantic import AfterValidator, Field, SecretStr

from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.models import FrozenModel, MediaReference

NAME_LENGTH = 100
"""Characters of a display name or a handle. No network allows as many."""


class UnknownDestination(PunctualError):
    """No account with this name is connected."""

    def __init__(self, destination: str, known: list[str]) -> None:
        super().__init__(f"No account {destination!r} is connected.")
        self.hint = f"Connect it under Accounts, or choose one of: {', '.join(known)}."


class DisabledDestination(PunctualError):
    """The account is connected but disabled."""

    hint = "Enable it under Accounts, or choose another destination."

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} is disabled.")


def _short_line(text: str) -> str:
    """Return a text as one line of at most NAME_LENGTH characters, without those that cannot be stored."""
    return " ".join(text.encode(errors="ignore").decode().split())[:NAME_LENGTH].rstrip()


ShortLine = Annotated[str, AfterValidator(_short_line)]


class Face(FrozenModel):
    """How the network shows an account: its display name, its handle without the first @, and its avatar.

    What the network does not name is empty. The avatar is a small picture in the media store.
    """

    name: ShortLine = Field(default="", exclude_if=not_)
    handle: ShortLine = Field(default="", exclude_if=not_)
    avatar: MediaReference | None = Field(default=None, exclude_if=not_)


class Account(Face):
    """One connected account. Its `credentials` go to its network and its storage only.

    `identity` is the network's permanent id of the account, such as a DID or a chat number; the name may change.
    `limits` are the network's limits at the time of connecting. `deduplicates` means that the network publishes a
    repeated request once. A disabled account gets no posts.
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
        """The network's name: the part of the destination before the colon."""
        return self.destination.partition(":")[0]

    @property
    def face(self) -> Face:
        """How the network shows the account."""
        return Face(name=self.name, handle=self.handle, avatar=self.avatar)


OUTBOX = Account(destination="outbox", label="Outbox (built in)", deduplicates=True)


class AccountLookup(Protocol):
    """Finds connected accounts."""

    def get(self, destination: str) -> Account:
        """Return one account. Raises UnknownDestination."""
        ...


class Accounts(AccountLookup, Protocol):
    """Storage of the connected accounts, which include the outbox."""

    def all(self) -> list[Account]:
        """Return every account, the outbox first."""
        ...

    def get(self, destination: str) -> Account:
        """Return one account. Raises UnknownDestination."""
        ...

    def connect(self, account: Account) -> None:
        """Store an account. It replaces an account with the same destination."""
        ...

    def set_enabled(self, destination: str, enabled: bool) -> None:
        """Change whether an account gets posts, and nothing else, whatever another process changes meanwhile.

        Raises UnknownDestination.
        """
        ...

    def set_face(self, destination: str, face: Face) -> None:
        """Replace how an account is shown, and nothing else, whatever another process changes meanwhile.

        Raises UnknownDestination.
        """
        ...

    def remove(self, destination: str) -> None:
        """Delete an account and its credentials. Posts to it are refused when they are due."""
        ...


def find_account(destination: str, accounts: Sequence[Account]) -> Account:
    """Return the account with this destination. Raises UnknownDestination."""
    for account in accounts:
        if account.destination == destination:
            return account
    raise UnknownDestination(destination, [account.destination for account in accounts])


def with_plain_credentials(account: Account) -> dict[str, Any]:
    """Return an account as JSON members with unmasked credentials, for its storage only."""
    return account.model_dump() | {
        "credentials": {name: value.get_secret_value() for name, value in account.credentials.items()}
    }
