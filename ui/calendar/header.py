"""The head of the calendar: the period, the buttons for other periods, the view and what it shows beside posts."""

from datetime import date

import streamlit as st

from core.time.holidays import countries
from ui.calendar import address
from ui.calendar.periods import Period
from ui.calendar.viewer_locale import country_names
from ui.frame.card_places import reset_list
from ui.frame.wording import accessible_label

VIEWS = {"month": "Month", "week": "Week", "list": "List"}
_VIEW, _HOLIDAYS, _FREE = "calendar-view", "calendar-holidays", "calendar-free"


def header(period: Period, today: date) -> None:
    """Draw the title of the page with the period, and the controls."""
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall", key="calendar-head"):
        st.title("Calendar", anchor=False, width="content")
        st.header(period.title, anchor=False, width="stretch")
        for key, label, icon, help_text, on in (
            ("previous", "", ":material/chevron_left:", f"Previous {_noun(period)}", period.moved(-1)),
            ("today", "Today", None, None, None),
            ("next", "", ":material/chevron_right:", f"Next {_noun(period)}", period.moved(1)),
        ):
            label = accessible_label(label, help_text or "")
            st.button(label, key=key, icon=icon, help=help_text, on_click=show, args=(on,))
        st.session_state[_VIEW] = period.view
        st.segmented_control(
            "View",
            list(VIEWS),
            format_func=lambda each: VIEWS[each],
            required=True,
            key=_VIEW,
            label_visibility="collapsed",
            width="content",
            on_change=_change_view,
            args=(period, today),
        )


def show(on: date | None) -> None:
    """Show the period around a day; around today if there is none."""
    address.change(on=on.isoformat() if on else None)
    reset_list()


def shown_choice() -> None:
    """Draw the choice of what the calendar shows beside posts: free posting times, and holidays of countries."""
    names = country_names()
    chosen = address.holiday_countries()
    with st.popover("Show", icon=":material/visibility:", key="holidays"):
        st.session_state[_FREE] = address.shows_free_times()
        st.toggle("Free posting times", key=_FREE, on_change=_change_free)
        st.session_state[_HOLIDAYS] = chosen
        st.multiselect(
            "Countries whose public holidays are shown",
            sorted(countries(), key=lambda code: names.get(code, code)),
            format_func=lambda code: names.get(code, code),
            key=_HOLIDAYS,
            placeholder="None",
            on_change=_change_holidays,
        )


def _change_view(period: Period, today: date) -> None:
    """Show another view around today, if today was shown, else around the same day."""
    on = today if today in period.days and period.holds(today) else period.on
    address.change(view=st.session_state[_VIEW], on=None if on == today else on.isoformat())


def _change_holidays() -> None:
    address.change(holidays=",".join(st.session_state[_HOLIDAYS]))


def _change_free() -> None:
    address.show_free_times(st.session_state[_FREE])


def _noun(period: Period) -> str:
    return "two weeks" if period.view == "list" else period.view
