"""Day rules: the days of a month that the two day fields of a cron rule select.

Weekdays have AWS's numbers, 1-7 = SUN-SAT.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_SATURDAY, _SUNDAY = 5, 6  # the numbers of calendar.weekday


class DayRule(Protocol):
    """Selects days of a month."""

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the selected days of the month, in order, or an empty sequence."""


@dataclass(frozen=True, slots=True)
class DatesOfMonth:
    """`1,15` or `*`: dates of the month."""

    dates: tuple[int, ...]

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the dates that exist in the month."""
        last = calendar.monthrange(year, month)[1]
        return [date for date in self.dates if date <= last]


@dataclass(frozen=True, slots=True)
class DaysBeforeLast:
    """`L` or `L-3`: a number of days before the last day."""

    before: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the selected day, or nothing if the month is too short."""
        day = calendar.monthrange(year, month)[1] - self.before
        return [day] if day >= 1 else []


@dataclass(frozen=True, slots=True)
class LastWorkday:
    """`LW`: the last day of the month that is a Monday to Friday."""

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the selected day."""
        return NearestWorkday(calendar.monthrange(year, month)[1]).days_in(year, month)


@dataclass(frozen=True, slots=True)
class NearestWorkday:
    """`15W`: the Monday to Friday that is nearest to a date and in the same month."""

    date: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the selected day, or nothing if the month does not have the date."""
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
    """`MON-FRI` or `*`: days of the week."""

    weekdays: tuple[int, ...]

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the days of the month that are one of the weekdays."""
        first_weekday, last = calendar.monthrange(year, month)  # 0 = Monday
        return [day for day in range(1, last + 1) if (first_weekday + day) % 7 + 1 in self.weekdays]


@dataclass(frozen=True, slots=True)
class NthOfWeekday:
    """`FRI#2`: the second Friday."""

    weekday: int
    nth: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the selected day, or nothing if the weekday occurs fewer than `nth` times."""
        return DaysOfWeek((self.weekday,)).days_in(year, month)[self.nth - 1 : self.nth]


@dataclass(frozen=True, slots=True)
class LastOfWeekday:
    """`FRIL` or `6L`: the last Friday."""

    weekday: int

    def days_in(self, year: int, month: int) -> Sequence[int]:
        """Return the selected day."""
        return DaysOfWeek((self.weekday,)).days_in(year, month)[-1:]
