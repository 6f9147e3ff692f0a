"""The viewer's time zone: the browser's, or the one that the person has chosen in this browser."""

import pytz
import streamlit as st

from ui.frame.application import application
from ui.frame.state import VIEWER_ZONE

COOKIE = "punctual_zone"
"""The cookie that keeps the chosen zone."""


def viewer_zone() -> str:
    """Return the chosen zone, else the browser's, else that of the settings."""
    return chosen_zone() or browser_zone()


def chosen_zone() -> str | None:
    """Return the zone that the person chose in this session, or in this browser before; None for the browser's."""
    zone = st.session_state.get(VIEWER_ZONE, st.context.cookies.get(COOKIE))
    return zone if zone in pytz.all_timezones_set else None


def browser_zone() -> str:
    """Return the browser's zone, or that of the settings if the browser names none or an unknown one."""
    zone = st.context.timezone
    return zone if zone in pytz.all_timezones_set else application().settings.timezone
