"""The viewer's time zone."""

from datetime import datetime

import pytz
import streamlit as st

from core.time.instants import offset_label
from ui.frame.application import application


def viewer_zone() -> str:
    """Return the browser's time zone, or the setting if the browser names none or an unknown one."""
    zone = st.context.timezone
    return zone if zone in pytz.all_timezones_set else application().settings.timezone


def zone_caption(now: datetime) -> None:
    """Draw the name of the viewer's time zone, with its offset now, above a list of times."""
    zone = viewer_zone()
    st.caption(f"Times in {zone} ({offset_label(now, zone)})")
