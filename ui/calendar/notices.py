"""The message of the last move, with Undo, above the calendar."""

from collections.abc import Callable

import streamlit as st

from core.errors import PunctualError
from ui.frame.callbacks import callback
from ui.frame.state import CALENDAR_NOTICE
from ui.frame.wording import escape

Notice = tuple[int, str, str, Callable[[], str] | None]
"""A number that differs from that of the notice before, an icon, the message, and the function that undoes it."""


def notice() -> Notice:
    """Return the last notice; its message is empty if there is none."""
    found: Notice = st.session_state.setdefault(CALENDAR_NOTICE, (0, "", "", None))
    return found


def tell(message: str, undo: Callable[[], str] | None = None, *, icon: str = "check") -> None:
    """Replace the notice."""
    st.session_state[CALENDAR_NOTICE] = (notice()[0] + 1, icon, message, undo)


def tell_error(error: PunctualError) -> None:
    """Show why something was not done, and the remedy."""
    tell(f"{error} {error.hint}", icon="error")


@callback
def undo() -> None:
    """Undo the last move, if there is one to undo."""
    action = notice()[3]
    if action is None:
        tell("There is nothing to undo.", icon="info")
        return
    try:
        tell(action(), icon="undo")
    except PunctualError as error:
        tell_error(error)


def notice_line() -> None:
    """Draw the notice and its Undo. Without one, nothing is drawn."""
    _, icon, message, action = notice()
    if message:
        colour = "red" if icon == "error" else "gray"
        st.markdown(f":{colour}[:material/{icon}: {escape(message)}]", width="content")
    if action is not None:
        st.button("Undo", key="undo-move", icon=":material/undo:", type="tertiary", on_click=undo)
