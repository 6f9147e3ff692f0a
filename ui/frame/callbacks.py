"""How callbacks answer: what core refuses becomes words on the page, once."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import streamlit as st

from core.errors import PunctualError
from core.ledger.port import ChangedElsewhere
from ui.frame import failures
from ui.frame.state import NOTE, REFUSAL

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
    """Like `answering`, for the button that a dialog is there for: it closes the dialog unless core refuses.

    Where the post is another one by now, the dialog closes as well: the page tells that, and shows the post.
    """
    answered = answering(action)

    @wraps(action)
    def closed(*args: P.args, **kwargs: P.kwargs) -> None:
        answered(*args, **kwargs)
        if isinstance(st.session_state.get(REFUSAL), ChangedElsewhere | None):
            st.rerun()

    return closed


def say(words: str) -> None:
    """Let a callback say what it did, where the page does not show it by itself."""
    st.session_state[NOTE] = words


def refusal() -> None:
    """Show what the last callback was refused, if anything."""
    error = st.session_state.pop(REFUSAL, None)
    if error is not None:
        failures.show(error)


def beside() -> None:
    """Show what the last callback said or was refused at the edge of the window, where it moves nothing."""
    if NOTE in st.session_state:
        st.toast(st.session_state.pop(NOTE), icon=":material/check:")
    if REFUSAL in st.session_state:
        st.toast(failures.words(st.session_state.pop(REFUSAL)), icon=":material/error:", duration="infinite")
