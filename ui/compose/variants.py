"""Other words for one destination: the variants of the draft's text."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts.port import Account
from ui.compose.counter import counter
from ui.compose.threads import is_thread
from ui.frame.state import of
from ui.frame.wording import plain_within


def begin(draft: str, variants: Mapping[str, str]) -> None:
    """Let a draft say these to these destinations."""
    for destination, text in variants.items():
        st.session_state[_differs_key(draft, destination)] = True
        st.session_state[_text_key(draft, destination)] = text


def variants(draft: str, destinations: Sequence[str]) -> dict[str, str]:
    """Return the other texts that stand in the fields, by destination."""
    return {
        destination: st.session_state.get(_text_key(draft, destination)) or ""
        for destination in destinations
        if st.session_state.get(_differs_key(draft, destination))
    }


def vary(draft: str, text: str, accounts: Sequence[Account]) -> None:
    """Draw a switch for each account, and a field with a counter of its own where another text is wanted."""
    for account in accounts:
        switch = _differs_key(draft, account.destination)
        st.toggle(
            f"Another text for {plain_within(account.label)}",
            key=switch,
            wrap=True,
            persist_state="session",
            on_change=_start_with,
            args=(draft, account.destination, text),
        )
        if st.session_state[switch]:
            field = _text_key(draft, account.destination)
            said = st.text_area(f"Text for {account.label}", key=field, height=140, persist_state="session")
            counter(field, said or "", [] if is_thread(draft, account.destination) else [account])


def _start_with(draft: str, destination: str, text: str) -> None:
    """Begin another text with what all others get, unless it was written before."""
    st.session_state.setdefault(_text_key(draft, destination), text)


def _differs_key(draft: str, destination: str) -> str:
    return of(f"differs-{destination}", draft)


def _text_key(draft: str, destination: str) -> str:
    return of(f"text-{destination}", draft)
