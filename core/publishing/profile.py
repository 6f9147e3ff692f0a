"""The public profile of an account, as its network shows it."""

from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from core.accounts.port import Account


@dataclass(frozen=True, kw_only=True)
class Profile:
    """The display name, the handle without the first @, and the picture. What the network does not name is empty.

    The picture is at `avatar_url`, or is `avatar` if only the network's own client may read it.
    """

    name: str = ""
    handle: str = ""
    avatar_url: str = ""
    avatar: bytes | None = None


@runtime_checkable
class HasProfiles(Protocol):
    """A network whose accounts have a profile."""

    def profile(self, account: Account) -> Profile:
        """Return the profile of an account. Raises PunctualError."""
        ...


def as_text(found: Any) -> str:
    """Return a member of a response if it is a text, else an empty one."""
    return found if isinstance(found, str) else ""
