"""Redraws of open pages: a page is drawn again when what it shows has changed, and not before."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import streamlit as st

from core.errors import PunctualError
from core.scheduling.post_views import SELDOM
from ui.frame.application import application
from ui.frame.state import DIALOG_OPEN, DRAWN, DRAWN_AGAIN

HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
COARSE = timedelta(minutes=5)
"""How old a phrase such as `in 3 hours 12 minutes` may be. The instant beside it is exact."""
FRAME_INTERVAL = timedelta(seconds=15)
"""How often an open page looks for a missing worker, a replaced home, and other numbers in its navigation."""


def redraw_on_change(shown: Callable[[], object]) -> None:
    """Compare `shown()` with the noted value every few seconds; draw the page again when they differ.

    Nothing is visible, and nothing but that is sent. Call it before the list, which notes what it shows with
    `note_drawn`. An error of `shown` draws the page again, too, which shows it.
    """
    st.session_state.pop(DRAWN, None)
    interval = _interval()
    looks: list[int] = []
    st.fragment(_look, run_every=interval)(shown, interval, looks)


def redraw_frame_on_change(frame: Callable[[], object], shown: object) -> None:
    """Draw the page again when what surrounds it, `frame()`, is no longer what is `shown`. Nothing is visible."""
    looks: list[int] = []
    st.fragment(_look_at_frame, run_every=FRAME_INTERVAL)(frame, shown, looks)


def draw_again() -> None:
    """Draw the page again though no person asked for it. Its error stays. A dialog would close, so nothing happens."""
    if not st.session_state.get(DIALOG_OPEN):
        st.session_state[DRAWN_AGAIN] = True
        st.rerun()


def note_drawn(shown: object) -> None:
    """Note what a list shows now."""
    st.session_state[DRAWN] = shown


def phrase_age(instants: Iterable[datetime], now: datetime) -> tuple[timedelta, int]:
    """Return a value that changes when the phrases for the distances of instants are too old.

    All phrases grow old together, so that twenty posts do not cause twenty redraws.
    """
    step = min((_step(abs(each - now)) for each in instants), default=COARSE)
    return step, int(now.timestamp() // step.total_seconds())


def _step(distance: timedelta) -> timedelta:
    if distance < MINUTE:
        return timedelta(seconds=1)
    return MINUTE if distance < HOUR else COARSE


def _interval() -> timedelta:
    try:
        return application().views.refresh_interval()
    except PunctualError:
        return SELDOM


def _look(shown: Callable[[], object], interval: timedelta, looks: list[int]) -> None:
    """Look once. The first call belongs to the run of the whole page, which draws the list afterwards."""
    looks.append(1)
    if len(looks) == 1 or st.session_state.get(DIALOG_OPEN):
        return
    del looks[1:]
    if _interval() != interval or _value(shown) != st.session_state.get(DRAWN):
        draw_again()


def _look_at_frame(frame: Callable[[], object], shown: object, looks: list[int]) -> None:
    """Look once. The first call belongs to the run of the whole page, whose messages another run would take away."""
    looks.append(1)
    if len(looks) == 1 or st.session_state.get(DIALOG_OPEN):
        return
    del looks[1:]
    if frame() != shown:
        draw_again()


def _value(shown: Callable[[], object]) -> object:
    try:
        return shown()
    except PunctualError as error:
        return str(error)
