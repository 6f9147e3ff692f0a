"""The viewer's locale: the first day of the week, and clocks of 12 or 24 hours."""

from dataclasses import dataclass
from datetime import datetime, time

import pytz
import streamlit as st
from babel import Locale, UnknownLocaleError

from ui.frame.viewer import viewer_zone


@dataclass(frozen=True)
class Conventions:
    """The first day of the week (0 is Monday), and whether times have 12 hours."""

    first_weekday: int = 0
    twelve_hours: bool = False

    def clock(self, at: datetime | time) -> str:
        """Return `09:00` or `9:00 am`, with seconds if there are any."""
        if not self.twelve_hours:
            return f"{at:%H:%M:%S}" if at.second else f"{at:%H:%M}"
        minutes = f"{at:%M:%S}" if at.second else f"{at:%M}"
        return f"{at.hour % 12 or 12}:{minutes} {'am' if at.hour < 12 else 'pm'}"

    def brief_clock(self, at: datetime | time) -> str:
        """Return `09:00`, `9am` or `9:30am`."""
        if not self.twelve_hours:
            return self.clock(at)
        minutes = f":{at:%M}" if at.minute else ""
        return f"{at.hour % 12 or 12}{minutes}{'am' if at.hour < 12 else 'pm'}"

    def hour(self, hour: int) -> str:
        """Return `09:00` or `9 am`."""
        return f"{hour % 12 or 12} {'am' if hour < 12 else 'pm'}" if self.twelve_hours else f"{hour:02d}:00"


def conventions(locale: str | None) -> Conventions:
    """Return the conventions of a locale such as `en-US`; of an unknown one, weeks from Monday and 24 hours."""
    try:
        found = Locale.parse(locale or "", sep="-")
    except (ValueError, UnknownLocaleError):
        return Conventions()
    pattern = found.time_formats["short"].pattern
    return Conventions(first_weekday=found.first_week_day, twelve_hours="h" in pattern or "K" in pattern)


def viewer_conventions() -> Conventions:
    """Return the conventions of the browser's locale."""
    return conventions(st.context.locale)


def viewer_country() -> str | None:
    """Return the country of the viewer's zone; None if the zone belongs to none or to several."""
    found = [code for code, zones in pytz.country_timezones.items() if viewer_zone() in zones]
    return found[0] if len(found) == 1 else None


def country_names() -> dict[str, str]:
    """Return the English names of countries by their codes."""
    return dict(Locale("en").territories)
