"""The message of the last action in the calendar, with Undo or another offer."""

from collections.abc import Callable
from dataclasses import dataclass

import streamlit as st

from core.errors import PunctualError
from ui.calendar.component import CalendarMessage
from ui.frame.state import CALENDAR_NOTICE


@dataclass(frozen=True, kw_only=True)
class Notice:
    """A message. `undo` takes the move back and returns what it says then. `offer` is another action."""

    message: CalendarMessage
    undo: Callable[[], str] | None = None
    offer: Callable[[], None] | None = None


def notice() -> Notice:
    """Return the last notice; its message is empty if there is none."""
    found: Notice = st.session_state.setdefault(CALENDAR_NOTICE, Notice(message=CalendarMessage()))
    return found


def tell(text: str, *, undo: Callable[[], str] | None = None) -> None:
    """Replace the notice, with a button for `undo`."""
    _keep(CalendarMessage(number=_next(), text=text, button="Undo" if undo else ""), undo=undo)


def offer(text: str, button: str, action: Callable[[], None]) -> None:
    """Replace the notice by one that offers another action."""
    _keep(CalendarMessage(number=_next(), text=text, button=button), offer=action)


def tell_error(error: PunctualError) -> None:
    """Show why something was not done, and the remedy."""
    _keep(CalendarMessage(number=_next(), text=f"{error} {error.hint}", failed=True))


def forget() -> None:
    """Show no message; its undo is over."""
    st.session_state.pop(CALENDAR_NOTICE, None)


def take_back() -> None:
    """Undo the last move, if there is one to undo. Raises the errors of the undo."""
    undo = notice().undo
    tell(undo() if undo is not None else "There is nothing to undo.")


def answer() -> None:
    """Do what the button of the notice offers."""
    action = notice().offer
    if action is None:
        take_back()
        return
    tell("")
    action()


def _next() -> int:
    return notice().message.number + 1


def _keep(
    message: CalendarMessage, *, undo: Callable[[], str] | None = None, offer: Callable[[], None] | None = None
) -> None:
    st.session_state[CALENDAR_NOTICE] = Notice(message=message, undo=undo, offer=offer)
