"""The words that a reader looks for in a list of posts, in their texts and in the names of where they go."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.posts.models import account_and_part
from ui.frame.application import application
from ui.frame.card_places import anew
from ui.frame.state import SEARCH

LOOKED_THROUGH = 1000
"""How many posts a search looks through."""

Matches = Callable[[str, Sequence[str]], bool]


def search_field() -> None:
    """Draw the field; other words ask for another list."""
    st.text_input(
        "Search",
        key=SEARCH,
        placeholder="Search",
        icon=":material/search:",
        label_visibility="collapsed",
        on_change=anew,
    )


def searched() -> list[str]:
    """Return the words that are looked for, if any."""
    return (st.session_state.get(SEARCH) or "").casefold().split()


def looked_through(which: str) -> None:
    """Say that a search has ended before the list did."""
    st.caption(f"Only the {which} {LOOKED_THROUGH:,} posts were searched.")


def matching() -> Matches:
    """Return a test of one post, by its text and its destinations: whether it holds every word."""
    words = searched()
    names = {account.destination: account.label for account in application().accounts.all()}

    def holds(text: str, destinations: Sequence[str]) -> bool:
        labels = (names.get(account_and_part(each)[0], "") for each in destinations)
        everything = " ".join([text, *destinations, *labels]).casefold()
        return all(word in everything for word in words)

    return holds
