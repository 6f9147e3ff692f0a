"""The accounts of a draft as chips, which choose its destinations."""

from collections.abc import Iterable

import streamlit as st

from core.accounts.port import Account
from ui.compose import draft_fields
from ui.frame.faces import face
from ui.frame.wording import escape_inline

FACE_SIZE = 24
"""Pixels of a face."""


def account_chips(draft: str, accounts: Iterable[Account]) -> None:
    """Draw a chip for each account. A disabled one is left out, unless the draft names it."""
    key = draft_fields.destinations_key(draft)
    chosen: list[str] = st.session_state[key]
    known: dict[str, Account] = {account.destination: account for account in accounts}
    labels = {name: _label(account) for name, account in known.items() if account.enabled or name in chosen}
    labels |= {name: f"{escape_inline(name)} (not connected)" for name in chosen if name not in known}
    with st.container(key="compose-chips"):
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


def _label(account: Account) -> str:
    return f"{face(account, FACE_SIZE)} {escape_inline(account.label)}"
