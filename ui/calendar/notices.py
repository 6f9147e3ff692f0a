"""The message of the last action in the calendar, with Undo or another offer, above it."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import PunctualError
from ui.frame.callbacks import callback
from ui.frame.state import CALENDAR_NOTICE
from ui.frame.wording import escape


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message. `number` differs from that of the notice before. `undo` takes the move back and says so.

    `offer` is the label of a button and what it does.
    """

    number: int = 0
    icon: str = "check"
    message: str = ""
    undo: Callable[[], str] | None = None
    offer: tuple[str, Callable[[], None]] | None = None


def notice() -> Notice:
    """Return the last notice; its message is empty if there is none."""
    found: Notice = st.session_state.setdefault(CALENDAR_NOTICE, Notice())
    return found


def tell(
    message: str,
    *,
    icon: str = "check",
    undo: Callable[[], str] | None = None,
    offer: tuple[str, Callable[[], None]] | None = None,
) -> None:
    """Replace the notice."""
    st.session_state[CALENDAR_NOTICE] = Notice(
        number=notice().number + 1, icon=icon, message=message, undo=undo, offer=offer
    )


def tell_error(error: PunctualError) -> None:
    """Show why something was not done, and the remedy."""
    tell(f"{error} {error.hint}", icon="error")


def take_back() -> None:
    """Undo the last move, if there is one to undo."""
    undo = notice().undo
    if undo is None:
        tell("There is nothing to undo.", icon="info")
        return
    try:
        tell(undo(), icon="undo")
    except PunctualError as error:
        tell_error(error)


def notice_line() -> None:
    """Draw the notice with its button. Without one, nothing is drawn."""
    shown = notice()
    if not shown.message:
        return
    colour = "red" if shown.icon == "error" else "gray"
    st.markdown(f":{colour}[:material/{shown.icon}: {escape(shown.message)}]", width="content")
    if shown.undo is not None:
        st.button("Undo", key="undo-move", icon=":material/undo:", type="tertiary", on_click=callback(take_back))
    elif shown.offer is not None:
        label, action = shown.offer
        st.button(label, key="notice-offer", type="tertiary", on_click=callback(action))
