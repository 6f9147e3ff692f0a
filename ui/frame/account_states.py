"""The state of an account in a few words, with its colour and icon."""

from dataclasses import dataclass

from core.accounts.port import Account
from core.maintenance.account_checks import AccountCheck


@dataclass(frozen=True, kw_only=True)
class AccountState:
    """A state: its words, and its Material icon and colour."""

    words: str
    icon: str
    colour: str


WORKS = AccountState(words="works", icon="check_circle", colour="green")
BROKEN = AccountState(words="does not work", icon="error", colour="red")
DISABLED = AccountState(words="disabled", icon="block", colour="orange")
NOT_YET_CHECKED = AccountState(words="not checked yet", icon="help", colour="gray")
UNCHECKED = AccountState(words="not checked", icon="help", colour="gray")
"""The network does not say whether the account may post."""


def account_state(account: Account, checked: AccountCheck | None) -> AccountState:
    """Return the state of an account by its last check."""
    if not account.enabled:
        return DISABLED
    if checked is None:
        return NOT_YET_CHECKED
    if checked.problem is not None:
        return BROKEN
    return WORKS if checked.unchecked is None else UNCHECKED


def display_name(account: Account) -> str:
    """Return the name that the network shows, else the name in Punctual."""
    return account.name or own_name(account)


def own_name(account: Account) -> str:
    """Return the name in Punctual, without the network's."""
    return account.label.partition(" (")[0]
