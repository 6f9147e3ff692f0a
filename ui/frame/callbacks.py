"""Widget callbacks that may fail: their errors and messages appear once, on the next run of the page."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec
from uuid import uuid4

import streamlit as st

from core.errors import PunctualError
from core.ledger.refusals import ChangedElsewhere
from ui.frame import failures
from ui.frame.reveal import reveal
from ui.frame.state import CALLBACK_ERROR, DRAWN_AGAIN, ERROR_ID, FLASH, SHOWN_ERROR

P = ParamSpec("P")


def callback(action: Callable[P, None]) -> Callable[P, None]:
    """Let a callback raise PunctualError; `show_error` or `show_toasts` draws it on the next run."""

    @wraps(action)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            action(*args, **kwargs)
        except PunctualError as error:
            st.session_state[CALLBACK_ERROR] = error
            st.session_state[ERROR_ID] = uuid4().hex

    return guarded


def dialog_callback(action: Callable[P, None]) -> Callable[P, None]:
    """Decorate the callback of a dialog's main button: like `callback`, and a success closes the dialog.

    ChangedElsewhere also closes it: the page then shows the error and the newest version of the post.
    """
    guarded = callback(action)

    @wraps(action)
    def closing(*args: P.args, **kwargs: P.kwargs) -> None:
        guarded(*args, **kwargs)
        if isinstance(st.session_state.get(CALLBACK_ERROR), ChangedElsewhere | None):
            st.rerun()

    return closing


def flash(message: str) -> None:
    """Keep a message for the next run. Callbacks use it for results that nothing else on the page shows."""
    st.session_state[FLASH] = message


def show_error() -> None:
    """Draw the error of the last callback here, if there is one, and scroll to it."""
    error = st.session_state.pop(CALLBACK_ERROR, None)
    if error is not None:
        st.session_state[SHOWN_ERROR] = error
        reveal(st.session_state[ERROR_ID], key="error")
        failures.show(error)


def keep_shown_error() -> None:
    """Let this run show the error of the one before, if no person has asked for it. Call it first in a run."""
    shown, again = st.session_state.pop(SHOWN_ERROR, None), st.session_state.pop(DRAWN_AGAIN, False)
    if again and shown is not None:
        st.session_state.setdefault(CALLBACK_ERROR, shown)


def show_toasts() -> None:
    """Show the last callback's message and error as toasts, which move nothing on the page."""
    if FLASH in st.session_state:
        st.toast(st.session_state.pop(FLASH), icon=":material/check:")
    if CALLBACK_ERROR in st.session_state:
        error = st.session_state.pop(CALLBACK_ERROR)
        st.toast(failures.markdown(error), icon=":material/error:", duration="infinite")
