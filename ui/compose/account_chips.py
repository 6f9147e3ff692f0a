"""The accounts of a draft as chips, which choose its destinations."""

from collections.abc import Iterable

import streamlit as st

from core.accounts.port import Account
from ui.compose import draft_fields


def account_chips(draft: str, accounts: Iterable[Account]) -> None:
    """Draw a chip for each account. A disabled one is left out, unless the draft names it."""
    key = draft_fields.destinations_key(draft)
    chosen: list[str] = st.session_state[key]
    known: dict[str, Account] = {account.destination: account for account in accounts}
    labels = {name: account.label for name, account in known.items() if account.enabled or name in chosen}
    labels |= {name: f"{name} (not connected)" for name in chosen if name not in known}
    st.pills(
        "Destinations",
        labels,
        selection_mode="multi",
        wrap=True,
        format_func=lambda destination: labels.get(destination, destination),
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
