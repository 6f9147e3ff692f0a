"""The part of the page's address that the calendar keeps: view, day, open post, countries, and free times."""

from datetime import date
from typing import get_args

import streamlit as st

from core.time.holidays import countries
from ui.calendar.periods import View
from ui.calendar.viewer_locale import viewer_country
from ui.frame.state import CALENDAR_ADDRESS

VIEW, ON, OPEN, HOLIDAYS, FREE = "view", "on", "post", "holidays", "free"
_NAMES = (VIEW, ON, OPEN, HOLIDAYS, FREE)
_HIDDEN = "hidden"


def restore() -> None:
    """Take the address of the session's last visit over, if this one names nothing."""
    if not any(name in st.query_params for name in _NAMES):
        st.query_params.update(st.session_state.get(CALENDAR_ADDRESS, {}))


def view() -> View:
    """Return the view; a month unless the address names another one."""
    found = st.query_params.get(VIEW)
    return next((each for each in get_args(View) if each == found), "month")


def on(today: date) -> date:
    """Return a day of the period; today unless the address names a day."""
    try:
        return date.fromisoformat(st.query_params.get(ON, ""))
    except ValueError:
        return today


def opened() -> str | None:
    """Return the key of the post that is open beside the calendar."""
    return st.query_params.get(OPEN)


def holiday_countries() -> list[str]:
    """Return the codes of the countries whose holidays are shown; by default the country of the viewer's zone."""
    found = st.query_params.get(HOLIDAYS)
    if found is None:
        own = viewer_country()
        return [own] if own in countries() else []
    return [code for code in dict.fromkeys(found.split(",")) if code in countries()]


def shows_free_times() -> bool:
    """Return whether the calendar shows the free posting times; it does unless the address hides them."""
    return st.query_params.get(FREE) != _HIDDEN


def show_free_times(shown: bool) -> None:
    """Show or hide the free posting times."""
    change(free=None if shown else _HIDDEN)


def change(**members: str | None) -> None:
    """Change members of the address, remove those that are None, and keep it for the next visit."""
    for name, value in members.items():
        if value is None:
            st.query_params.pop(name, None)
        else:
            st.query_params[name] = value
    st.session_state[CALENDAR_ADDRESS] = {name: st.query_params[name] for name in _NAMES if name in st.query_params}
