"""The connected accounts in the navigation, each with its face and its state."""

import streamlit as st

from core.accounts.port import OUTBOX, Account
from core.errors import PunctualError
from core.maintenance.account_checks import AccountCheck
from core.time.phrases import excerpt
from ui.frame import links
from ui.frame.account_states import BROKEN, account_state, display_name
from ui.frame.application import application
from ui.frame.faces import face
from ui.frame.wording import escape_inline

MOST = 8
"""The most accounts that are listed. Those that do not work come first."""
FACE_SIZE, NAME_LENGTH = 24, 24
"""Pixels, and characters."""

ShownAccounts = tuple[tuple[Account, AccountCheck | None], ...]


def shown_accounts() -> ShownAccounts:
    """Return the connected accounts with their last checks; none if they cannot be read. The page shows the reason."""
    try:
        app = application()
        results = app.account_checks.results()
        found = [(each, results.get(each.destination)) for each in app.accounts.all() if each != OUTBOX]
    except PunctualError:
        return ()
    return tuple(sorted(found, key=lambda each: account_state(*each) != BROKEN))


def broken_accounts() -> frozenset[str]:
    """Return the destinations whose last check found a problem, whose marks an open page changes by itself."""
    try:
        results = application().account_checks.results().values()
    except PunctualError:
        return frozenset()
    return frozenset(each.destination for each in results if each.problem is not None)


def account_list(accounts: ShownAccounts) -> None:
    """Draw a link to Accounts for each of the first MOST accounts, and one for the others."""
    if not accounts:
        return
    with st.sidebar, st.container(key="account-list", gap="xxsmall"):
        st.caption("Connected")
        for account, checked in accounts[:MOST]:
            st.page_link(links.ACCOUNTS, label=_label(account, checked), width="stretch")
        if len(accounts) > MOST:
            st.page_link(links.ACCOUNTS, label=f"and {len(accounts) - MOST} more", width="stretch")


def _label(account: Account, checked: AccountCheck | None) -> str:
    """Return the face, the name and the state. The words in italics are for screen readers (style.css)."""
    state = account_state(account, checked)
    network = application().networks.get(account.network)
    words = f"{network.label}, {state.words}" if network else state.words
    name = escape_inline(excerpt(display_name(account), NAME_LENGTH))
    return f"{face(account, FACE_SIZE)} {name} :{state.colour}[:material/{state.icon}:] *{words}*"
