"""Where Punctual keeps its things: what differs between one machine and AWS, and nothing else does."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Protocol

from core.accounts.port import Accounts
from core.ledger.port import Ledger
from core.media.port import MediaStore
from core.outbox.port import Outbox
from core.posts.payload import TargetSettings
from core.scheduling.dead_letters import DeadLetterStore
from core.storage.database import Database


class Backend(Protocol):
    """The clients and the stores of one deployment, opened. All of it may be used from any thread."""

    name: str
    """Tells this deployment from every other; people can read it."""
    scheduler_client: Any
    """A boto3 `scheduler` client."""
    lambda_client: Any
    """A boto3 `lambda` client."""
    target: TargetSettings
    minimum_notice: timedelta
    """How long before its instant a post is fixed."""
    ledger: Ledger
    outbox: Outbox
    accounts: Accounts
    media: MediaStore
    dead_letters: DeadLetterStore

    databases: list[Database]
    """The files of this machine that it keeps open, the ledger's first."""

    def signing_secrets(self) -> Sequence[str]:
        """Return the active signing secrets, the one that signs first. They may change while Punctual runs."""
        ...

    def start(self, posting_url: Callable[[], str]) -> None:
        """Begin to fire what is due, where that is this process's work."""
        ...

    def close(self) -> None:
        """Stop firing, and close what is open."""
        ...
