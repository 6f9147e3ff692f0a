"""The search of a list of posts, by text and by account name."""

from collections.abc import Callable, Sequence

import streamlit as st

from core.posts.destinations import Destination
from ui.frame.application import application
from ui.frame.card_places import first_page
from ui.frame.state import SEARCH

SEARCH_LIMIT = 1000
"""How many posts a search reads."""

PAUSE = "60ms"
"""The pause in typing after which the search begins."""

Matcher = Callable[[str, Sequence[Destination]], bool]


def search_field() -> None:
    """Draw the search field; a new search resets the list. It searches while a person types."""
    st.text_input(
        "Search",
        key=SEARCH,
        type="search",
        live=PAUSE,
        placeholder="Search",
        icon=":material/search:",
        label_visibility="collapsed",
        on_change=first_page,
        bind="query-params",
    )


def search_words() -> list[str]:
    """Return the words in the search field."""
    return (st.session_state.get(SEARCH) or "").casefold().split()


def search_limit_note(which: str) -> None:
    """Draw the note that the search stopped before the end of the list. `which` is `next` or `last`."""
    st.caption(f"Only the {which} {SEARCH_LIMIT:,} posts were searched.")


def matcher() -> Matcher:
    """Return a function that takes a post's text and destinations, and returns whether they contain every word."""
    words = search_words()
    names = {account.destination: account.label for account in application().accounts.all()}

    def matches(text: str, destinations: Sequence[Destination]) -> bool:
        labels = (names.get(each.account, "") for each in destinations)
        searched = " ".join([text, *destinations, *labels]).casefold()
        return all(word in searched for word in words)

    return matches
