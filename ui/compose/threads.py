"""Threads: a text that is too long for one post of an account goes out as several numbered or unnumbered parts."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts.port import Account
from core.drafts.draft import DraftContent
from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.hand_split import hand_split
from core.publishing.composing import written_thread
from core.publishing.drafted_posts import has_threads, thread_of
from core.publishing.length_split import ThreadPart
from ui.compose import option_fields
from ui.compose.measuring import measure
from ui.frame import failures
from ui.frame.application import application
from ui.frame.state import widget_key
from ui.frame.wording import escape_inline


def fill(draft: str, numbered: Mapping[Destination, bool]) -> None:
    """Turn the thread switches of a draft on for these destinations; the values say whether parts are numbered."""
    for destination, number in numbered.items():
        st.session_state[_thread_key(draft, destination)] = True
        st.session_state[_number_key(draft, destination)] = number


def clear(draft: str, destinations: Sequence[str]) -> None:
    """Turn the thread switches of a draft off for these destinations."""
    for destination in destinations:
        st.session_state[_thread_key(draft, destination)] = False


def selected(draft: str, destinations: Sequence[str]) -> dict[str, bool]:
    """Return the destinations whose thread switch is on, each with whether its parts are numbered."""
    return {
        destination: bool(st.session_state.get(_number_key(draft, destination)))
        for destination in destinations
        if is_thread(draft, destination)
    }


def thread_fields(draft: str, texts: Mapping[str, str], accounts: Sequence[Account]) -> None:
    """Show a thread switch for each account with a part that exceeds its limit, and the error if it cannot be split.

    An account whose network has no threads gets no switch.
    """
    for account in with_threads(accounts):
        if _exceeds(texts[account.destination], account):
            with st.container(horizontal=True, vertical_alignment="center"):
                _switches(draft, account)
    try:
        for account in accounts:
            thread(draft, texts[account.destination], account)
    except PunctualError as error:
        failures.show(error)


def with_threads(accounts: Sequence[Account]) -> list[Account]:
    """Return the accounts whose network keeps the parts of a thread together."""
    return [account for account in accounts if has_threads(account, application().networks)]


def _switches(draft: str, account: Account) -> None:
    st.toggle(
        f"Split into a thread for {escape_inline(account.label)}",
        key=_thread_key(draft, account.destination),
        wrap=True,
        persist_state="session",
    )
    if is_thread(draft, account.destination):
        st.checkbox("Number the parts", key=_number_key(draft, account.destination), persist_state="session")


def thread(draft: str, text: str, account: Account) -> list[ThreadPart]:
    """Return the parts that an account gets of a text, one or more. Raises CannotSplit or DraftTooLarge."""
    networks, numbered = application().networks, selected(draft, [account.destination])
    if not numbered:
        return written_thread(text, networks[account.network])
    options = option_fields.chosen_options(draft, [account.destination])
    return thread_of(DraftContent(text=text, threads=numbered, options=options, zone="UTC"), account, networks)


def is_thread(draft: str, destination: str) -> bool:
    """Return whether the thread switch of a destination is on."""
    return bool(st.session_state.get(_thread_key(draft, destination)))


def _exceeds(text: str, account: Account) -> bool:
    return any(measure(part, account).excess for part in hand_split(text))


def _thread_key(draft: str, destination: str) -> str:
    return widget_key(f"thread-{destination}", draft)


def _number_key(draft: str, destination: str) -> str:
    return widget_key(f"numbered-{destination}", draft)
