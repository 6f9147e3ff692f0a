"""Whoever looks at the page: their time zone."""

import pytz
import streamlit as st

from ui.frame.application import application


def viewer_zone() -> str:
    """Return the browser's time zone, or the setting where the browser names none that is known."""
    named = st.context.timezone
    return named if named in pytz.all_timezones_set else application().settings.timezone
