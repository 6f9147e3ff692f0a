"""The numbers of posts that wait for a person, beside the names of the pages that show them."""

from typing import NamedTuple

import streamlit as st

from core.errors import PunctualError
from core.scheduling.waiting import HISTORY, QUEUE
from ui.frame.application import application
from ui.frame.state import DIALOG_OPEN


class WaitingCounts(NamedTuple):
    """The posts that wait in the Queue and in History."""

    queue: int
    history: int


def waiting_counts() -> WaitingCounts:
    """Return the numbers, at most some seconds old; zeros if they cannot be read. The page shows the reason then."""
    try:
        waiting = application().waiting.read()
    except PunctualError:
        return WaitingCounts(queue=0, history=0)
    return WaitingCounts(queue=waiting.count(QUEUE), history=waiting.count(HISTORY))


def with_count(title: str, count: int) -> str:
    """Return a page's title such as `History (3)`."""
    return f"{title} ({count})" if count else title


@st.fragment(run_every="15s")
def refresh_counts(shown: WaitingCounts) -> None:
    """Draw the page again when the numbers change, unless that would close a dialog. Nothing is visible."""
    if waiting_counts() != shown and not st.session_state.get(DIALOG_OPEN):
        st.rerun()
