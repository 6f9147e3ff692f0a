"""The variants of a draft: texts that only one destination gets."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts.port import Account
from core.posts.destinations import Destination
from ui.compose.counter import counter
from ui.compose.threads import is_thread
from ui.compose.typed_text import latest_text
from ui.frame.state import widget_key
from ui.frame.wording import escape_inline


def fill(draft: str, variants: Mapping[Destination, str]) -> None:
    """Fill the variants of a draft, by destination."""
    for destination, text in variants.items():
        st.session_state[_switch_key(draft, destination)] = True
        st.session_state[_text_key(draft, destination)] = text


def clear(draft: str, destinations: Sequence[str]) -> None:
    """Remove the variants of a draft for these destinations."""
    for destination in destinations:
        st.session_state[_switch_key(draft, destination)] = False
        st.session_state.pop(_text_key(draft, destination), None)


def text_keys(draft: str, destinations: Sequence[str]) -> list[str]:
    """Return the keys of the text areas of the variants."""
    return [
        _text_key(draft, destination)
        for destination in destinations
        if st.session_state.get(_switch_key(draft, destination))
    ]


def variants(draft: str, destinations: Sequence[str]) -> dict[str, str]:
    """Return the variants of a draft, by destination."""
    return {
        destination: latest_text(_text_key(draft, destination))
        for destination in destinations
        if st.session_state.get(_switch_key(draft, destination))
    }


def variant_fields(draft: str, text: str, accounts: Sequence[Account]) -> None:
    """Draw a switch for each account, and a text field with a counter where the switch is on."""
    for account in accounts:
        switch = _switch_key(draft, account.destination)
        st.toggle(
            f"Different text for {escape_inline(account.label)}",
            key=switch,
            wrap=True,
            persist_state="session",
            on_change=_copy_text,
            args=(draft, account.destination, text),
        )
        if st.session_state[switch]:
            key = _text_key(draft, account.destination)
            variant = st.text_area(f"Text for {account.label}", key=key, height=140, persist_state="session")
            counter(key, variant or "", [] if is_thread(draft, account.destination) else [account])


def _copy_text(draft: str, destination: str, text: str) -> None:
    """Start a variant with the post's text, unless the variant exists."""
    st.session_state.setdefault(_text_key(draft, destination), text)


def _switch_key(draft: str, destination: str) -> str:
    return widget_key(f"differs-{destination}", draft)


def _text_key(draft: str, destination: str) -> str:
    return widget_key(f"text-{destination}", draft)
