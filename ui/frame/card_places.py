"""The position and number of the cards of a list: a refresh moves no card and removes none under the pointer."""

from datetime import datetime

import streamlit as st

from core.scheduling.upcoming import QueueEntry
from ui.frame.application import application
from ui.frame.state import CARD_PLACES, LIST_LIMIT, PAGE_NUMBER, WAITING_LIMIT


def card_places() -> dict[str, datetime]:
    """Return the instant by which each shown post is sorted; the list adds to this dictionary."""
    places: dict[str, datetime] = st.session_state.setdefault(CARD_PLACES, {})
    return places


def reset_list() -> None:
    """Forget the positions and the limits, because the reader asks for another list."""
    for key in (CARD_PLACES, LIST_LIMIT, WAITING_LIMIT):
        st.session_state.pop(key, None)


def first_page() -> None:
    """Show the first page of another list."""
    st.session_state.pop(PAGE_NUMBER, None)
    reset_list()


def list_limit(page: int) -> int:
    """Return how many cards the list shows: `page` of them, and as many more for each click on Show more."""
    limit: int = st.session_state.get(LIST_LIMIT, page)
    return limit


def more_button(page: int) -> None:
    """Draw the button that shows `page` more cards."""
    st.button("Show more", key="more", on_click=_show_more, args=(page,), icon=":material/expand_more:")


def _show_more(page: int) -> None:
    st.session_state[LIST_LIMIT] = list_limit(page) + page


def departed(post_id: str) -> QueueEntry | None:
    """Return the current entry of a post that has left the list; None if the ledger does not know the post."""
    return application().views.entry(post_id)
