"""The day fields of a cron rule: the days of a month that they select.

Weekdays are numbered as on AWS, 1-7 = SUN-SAT.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_SATURDAY, _SUNDAY = 5, 6  # numbers of calendar.weekday


class DayRule(Protocol):
    """Selects days of a month."""

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the selected days of the month, in order; empty where the month has none."""


@dataclass(frozen=True, slots=True)
class DatesOfMonth:
    """`1,15` or `*`: days by number."""

    dates: tuple[int, ...]

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the dates that the month has."""
        last = calendar.monthrange(year, month)[1]
        return [date for date in self.dates if date <= last]


@dataclass(frozen=True, slots=True)
class DaysBeforeLast:
    """`L` or `L-3`: a number of days before the last day."""

    before: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the one selected day; empty where the month is too short."""
        day = calendar.monthrange(year, month)[1] - self.before
        return [day] if day >= 1 else []


@dataclass(frozen=True, slots=True)
class LastWorkday:
    """`LW`: the last Monday to Friday."""

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the one selected day."""
        return NearestWorkday(calendar.monthrange(year, month)[1]).days_in(year, month)


@dataclass(frozen=True, slots=True)
class NearestWorkday:
    """`15W`: the Monday to Friday nearest to a date, in the same month."""

    date: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the one selected day; empty where the month does not have the date."""
        last = calendar.monthrange(year, month)[1]
        if self.date > last:
            return []
        weekday = calendar.weekday(year, month, self.date)
        if weekday == _SATURDAY:
            return [self.date - 1 if self.date > 1 else 3]
        if weekday == _SUNDAY:
            return [self.date + 1 if self.date < last else self.date - 2]
        return [self.date]


@dataclass(frozen=True, slots=True)
class DaysOfWeek:
    """`MON-FRI` or `*`: weekdays by number."""

    weekdays: tuple[int, ...]

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the days that fall on the weekdays."""
        first, last = _weekday_of_first(year, month), calendar.monthrange(year, month)[1]
        return [day for day in range(1, last + 1) if (first + day - 2) % 7 + 1 in self.weekdays]


@dataclass(frozen=True, slots=True)
class NthOfWeekday:
    """`FRI#2`: the second Friday."""

    weekday: int
    nth: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the one selected day; empty where the month has no fifth of the weekday."""
        return DaysOfWeek((self.weekday,)).days_in(year, month)[self.nth - 1 : self.nth]


@dataclass(frozen=True, slots=True)
class LastOfWeekday:
    """`FRIL` or `6L`: the last Friday."""

    weekday: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the one selected day."""
        return DaysOfWeek((self.weekday,)).days_in(year, month)[-1:]


def _weekday_of_first(year: int, month: int) -> int:
    return (calendar.monthrange(year, month)[0] + 1) % 7 + 1
