"""The periods of the calendar: the days of a month, of a week or of a list."""

from calendar import Calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

View = Literal["month", "week", "list"]
LIST_DAYS = 14
"""The days of a list."""
EARLIEST, LATEST = date(2000, 1, 1), date(2100, 12, 31)
"""The calendar shows no day outside of these years, whatever the address asks for."""


@dataclass(frozen=True, kw_only=True)
class Period:
    """The days that a view shows around the day `on`."""

    view: View
    on: date
    days: tuple[date, ...]

    @property
    def title(self) -> str:
        """`December 2026`, or the first and the last day."""
        if self.view == "month":
            return f"{self.on:%B %Y}"
        first, last = self.days[0], self.days[-1]
        year = f" {first.year}" if first.year != last.year else ""
        month = f" {first:%b}" if (first.year, first.month) != (last.year, last.month) else ""
        return f"{first.day}{month}{year} – {last.day} {last:%b} {last.year}"

    def holds(self, day: date) -> bool:
        """Return whether a day belongs to the month, not to its margins; each day of another view does."""
        return self.view != "month" or (day.year, day.month) == (self.on.year, self.on.month)

    def moved(self, by: int) -> date:
        """Return a day of the next (1) or the previous (-1) period."""
        if self.view != "month":
            return _bounded(self.on + by * timedelta(days=7 if self.view == "week" else LIST_DAYS))
        first = self.on.replace(day=1)
        return _bounded((first + timedelta(days=31)).replace(day=1) if by > 0 else first - timedelta(days=1))


def period(view: View, on: date, first_weekday: int) -> Period:
    """Return the period of a view around a day: whole weeks for a month, a week, or the days from `on` for a list."""
    on = _bounded(on)
    if view == "month":
        days = tuple(Calendar(first_weekday).itermonthdates(on.year, on.month))
    elif view == "week":
        first = on - timedelta(days=(on.weekday() - first_weekday) % 7)
        days = tuple(first + timedelta(days=number) for number in range(7))
    else:
        days = tuple(on + timedelta(days=number) for number in range(LIST_DAYS))
    return Period(view=view, on=on, days=days)


def _bounded(day: date) -> date:
    return min(max(day, EARLIEST), LATEST)
