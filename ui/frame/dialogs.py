"""Deferred actions: a callback asks for a dialog or another page, and the shell opens it after the page.

The shell opens the dialog, not the fragment that refreshes itself: when a fragment's next refresh begins, Streamlit
drops elements that the previous run has drawn but not sent yet, and the dialog would be among them.
"""

from collections.abc import Callable

import streamlit as st

from ui.frame.state import DEFERRED, DIALOG_OPEN


def defer(action: Callable[[], None]) -> None:
    """Defer an action to the end of the next run of the whole page. Call it last in a callback."""
    st.session_state[DEFERRED] = action
    st.rerun()


def run_deferred() -> None:
    """Run the deferred action, if there is one. The shell calls it after the page."""
    if DEFERRED in st.session_state:
        st.session_state[DIALOG_OPEN] = True
        st.session_state.pop(DEFERRED)()


def dialog_buttons(label: str, key: str, action: Callable[..., None], *args: object, icon: str | None = None) -> None:
    """Draw the last line of a dialog: its main button, which calls `action` with `args`, and Cancel."""
    with st.container(horizontal=True):
        st.button(label, key=key, type="primary", icon=icon, on_click=action, args=args)
        cancel_button()


def cancel_button() -> None:
    """Draw the button that closes the dialog and changes nothing."""
    st.button("Cancel", key="close-dialog", on_click=st.rerun)
