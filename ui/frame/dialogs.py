"""The dialog that a callback wants opened, or the page that it leads to.

The page opens it, and not the list that refreshes itself: Streamlit drops what a list has drawn and not sent yet when
its next refresh begins, and the dialog with it.
"""

from collections.abc import Callable

import streamlit as st

from ui.frame.state import ASKED


def ask(opens: Callable[[], None]) -> None:
    """Let a callback have something opened, as its last act: the whole page is drawn anew."""
    st.session_state[ASKED] = opens
    st.rerun()


def asked() -> None:
    """Open it, if there is one; the last thing that a page draws."""
    if ASKED in st.session_state:
        st.session_state.pop(ASKED)()
