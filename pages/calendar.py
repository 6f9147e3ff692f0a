"""Calendar: posts, drafts and free posting times of a month, a week or a list of days, to plan in."""

from datetime import date, datetime

import streamlit as st

from core.drafts.draft import Draft
from core.scheduling.upcoming import QueueEntry
from core.time.instants import wall_time
from ui.calendar import actions, address, notices
from ui.calendar.component import calendar_grid
from ui.calendar.contents import Beside, Board, read_board
from ui.calendar.header import header, shown_choice
from ui.calendar.panel import opened_item, panel
from ui.calendar.periods import Period, period
from ui.calendar.viewer_locale import viewer_conventions
from ui.frame.application import application
from ui.frame.callbacks import show_toasts
from ui.frame.redraw import note_drawn, phrase_age, redraw_on_change
from ui.frame.state import PAGE_OPENED
from ui.frame.viewer import viewer_zone
from ui.posts.filters import current_filter, filter_controls


def shown_period(today: date) -> Period:
    """Return the period that the address names."""
    return period(address.view(), address.on(today), viewer_conventions().first_weekday)


def shown_board(shown: Period) -> Board:
    """Return the content of a period."""
    beside = Beside(countries=address.holiday_countries(), free_times=address.shows_free_times())
    return read_board(shown, viewer_zone(), viewer_conventions(), current_filter(), beside)


def content(board: Board, opened: QueueEntry | Draft | None, now: datetime) -> object:
    """Return the content of the page, to notice when it changes."""
    age = phrase_age([opened.due_at if isinstance(opened, QueueEntry) else opened.changed_at], now) if opened else None
    return board, opened, age


def content_now() -> object:
    """Return what the page would show now."""
    now = application().clock()
    board = shown_board(shown_period(wall_time(now, viewer_zone()).date()))
    return content(board, opened_item(board), now)


@st.fragment
def calendar() -> None:
    """Draw the controls, the grid, and the open post beside it."""
    now = application().clock()
    today = wall_time(now, viewer_zone()).date()
    shown = shown_period(today)
    header(shown, today)
    with st.container(horizontal=True, vertical_alignment="center", key="calendar-line"):
        filter_controls(["scheduled", "paused", "waiting", "published", "unconfirmed", "failed", "missed"])
        shown_choice()
    board = shown_board(shown)
    opened = opened_item(board)
    note_drawn(content(board, opened, now))
    with st.container(horizontal=True, key="calendar-columns"):
        with st.container(width="stretch", key="calendar-grid"):
            calendar_grid(
                board.grid,
                opened=address.opened(),
                message=notices.notice().message,
                act=lambda action: actions.run(action, shown),
            )
            if board.more:
                st.caption("This period has more posts than the calendar shows. Queue and History list all of them.")
        if opened is not None:
            panel(opened, now)
    show_toasts()


if st.session_state.get(PAGE_OPENED):
    notices.forget()
address.restore()
redraw_on_change(content_now)
calendar()
