"""The viewer's time zone."""

import pytz
import streamlit as st

from ui.frame.application import application


def viewer_zone() -> str:
    """Return the browser's time zone, or the setting if the browser names none or an unknown one."""
    zone = st.context.timezone
    return zone if zone in pytz.all_timezones_set else application().settings.timezone
