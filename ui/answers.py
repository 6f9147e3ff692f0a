"""How callbacks answer: what core refuses becomes words on the page, once."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from core.errors import PunctualError
from ui import failures
from ui.state import REFUSAL

P = ParamSpec("P")


def answering(action: Callable[P, None]) -> Callable[P, None]:
    """Let a callback raise PunctualError: `refusal` shows it when the page is drawn next."""

    @wraps(action)
    def answered(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            action(*args, **kwargs)
        except PunctualError as error:
            st.session_state[REFUSAL] = error

    return answered


def closing(action: Callable[P, None]) -> Callable[P, None]:
    """Like `answering`, for the button that a dialog is there for: it closes the dialog unless core refuses."""
    answered = answering(action)

    @wraps(action)
    def closed(*args: P.args, **kwargs: P.kwargs) -> None:
        answered(*args, **kwargs)
        if REFUSAL not in st.session_state:
            st.rerun()

    return closed


def refusal() -> None:
    """Show what the last callback was refused, if anything."""
    error = st.session_state.pop(REFUSAL, None)
    if error is not None:
        failures.show(error)


def refusal_beside() -> None:
    """Show it at the edge of the window, where it moves nothing on the page."""
    error = st.session_state.pop(REFUSAL, None)
    if error is not None:
        st.toast(f"{error}  \n{error.hint}", icon=":material/error:", duration="infinite")
