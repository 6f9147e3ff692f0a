"""A text that is too long for a destination, sent to it as a thread."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.accounts.port import Account
from core.posts.models import Revision, account_and_part
from core.publishing.network import Length
from core.publishing.threads import CannotSplit, split, split_and_number
from ui.frame import failures
from ui.frame.application import application
from ui.frame.state import of
from ui.frame.wording import plain_within


def begin(draft: str, wanted: Mapping[str, bool]) -> None:
    """Let a draft go to these destinations as threads, numbered or not, as far as it is too long for one post."""
    for destination, numbered in wanted.items():
        st.session_state[_thread_key(draft, destination)] = True
        st.session_state[_number_key(draft, destination)] = numbered


def wanted(draft: str, destinations: Sequence[str]) -> dict[str, bool]:
    """Return the destinations whose switch is on, each with whether the parts are to be numbered."""
    return {
        destination: bool(st.session_state.get(_number_key(draft, destination)))
        for destination in destinations
        if is_thread(draft, destination)
    }


def threads_of(content: Revision) -> dict[str, bool]:
    """Return the accounts that a post goes to as a thread, each with whether its parts are numbered."""
    parts: dict[str, list[str]] = {}
    for destination in content.destinations:
        parts.setdefault(account_and_part(destination)[0], []).append(content.text_for(destination))
    return {account: said[1].endswith(f" 2/{len(said)}") for account, said in parts.items() if len(said) > 1}


def offer(draft: str, said: Mapping[str, str], accounts: Sequence[Account]) -> dict[str, list[str]]:
    """Draw, for each account that what it is told is too long for, the switches of a thread; return the parts."""
    for account in accounts:
        if _measure(said[account.destination], account).over:
            with st.container(horizontal=True, vertical_alignment="center"):
                st.toggle(
                    f"Send to {plain_within(account.label)} as a thread",
                    key=_thread_key(draft, account.destination),
                    wrap=True,
                    persist_state="session",
                )
                if is_thread(draft, account.destination):
                    st.checkbox(
                        "Number the parts", key=_number_key(draft, account.destination), persist_state="session"
                    )

    try:
        return threads(draft, said, accounts)
    except CannotSplit as error:
        failures.show(error)
        return {}


def threads(draft: str, said: Mapping[str, str], accounts: Sequence[Account]) -> dict[str, list[str]]:
    """Return the parts for each account that gets a thread. Raises CannotSplit."""
    return {
        account.destination: _parts(draft, said[account.destination], account)
        for account in accounts
        if is_thread(draft, account.destination) and _measure(said[account.destination], account).over
    }


def is_thread(draft: str, destination: str) -> bool:
    """Whether a text that is too long for one post goes to a destination as a thread."""
    return bool(st.session_state.get(_thread_key(draft, destination)))


def _parts(draft: str, text: str, account: Account) -> list[str]:
    numbered = st.session_state.get(_number_key(draft, account.destination))
    cut = split_and_number if numbered else split
    return cut(text, lambda part: _measure(part, account))


def _measure(text: str, account: Account) -> Length:
    return application().networks[account.network].measure(text, account)


def _thread_key(draft: str, destination: str) -> str:
    return of(f"thread-{destination}", draft)


def _number_key(draft: str, destination: str) -> str:
    return of(f"numbered-{destination}", draft)
