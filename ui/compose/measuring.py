"""The length of a text as the network of an account counts it."""

from core.accounts.port import Account
from core.publishing.network import TextLength
from ui.frame.application import application


def measure(text: str, account: Account) -> TextLength:
    """Return the length of a text as the account's network counts it."""
    return application().networks[account.network].measure(text, account)
