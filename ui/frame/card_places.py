"""Where the cards of a list stand: a refresh moves none, and takes none away under the reader's pointer."""

from datetime import datetime

import streamlit as st

from core.ledger.port import UnknownPost
from core.scheduling.upcoming import Entry, entry
from ui.frame.application import application
from ui.frame.state import PLACES, SHOWN


def places() -> dict[str, datetime]:
    """Return the posts that were shown, each with the instant that it stands at; the list adds to them."""
    kept: dict[str, datetime] = st.session_state.setdefault(PLACES, {})
    return kept


def anew() -> None:
    """Forget them, and how many were asked for: the reader wants another list."""
    st.session_state.pop(PLACES, None)
    st.session_state.pop(SHOWN, None)


def departed(post_id: str, now: datetime) -> Entry | None:
    """Return a post that has left the list, as it stands now; None if only the scheduler ever knew it."""
    try:
        return entry(application().ledger, post_id, now)
    except UnknownPost:
        return None
