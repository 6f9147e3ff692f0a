"""The day half of a cron rule: given a month, which of its days.

Weekdays are numbered as AWS does, 1-7 = SUN-SAT.
"""

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_SATURDAY, _SUNDAY = 5, 6  # as calendar.weekday counts


class Days(Protocol):
    """The day half of a rule."""

    def of(self, year: int, month: int) -> Sequence[int]:
        """Return the days of that month, in order; none where the month has no such day."""


@dataclass(frozen=True, slots=True)
class NumberedDays:
    """`1,15` or `*`."""

    numbers: tuple[int, ...]

    def of(self, year: int, month: int) -> Sequence[int]:
        last = calendar.monthrange(year, month)[1]
        return [number for number in self.numbers if number <= last]


@dataclass(frozen=True, slots=True)
class DayBeforeLast:
    """`L`, or `L-3`: so many days before the last one."""

    before: int

    def of(self, year: int, month: int) -> Sequence[int]:
        day = calendar.monthrange(year, month)[1] - self.before
        return [day] if day >= 1 else []


@dataclass(frozen=True, slots=True)
class LastWorkday:
    """`LW`: the last Monday to Friday."""

    def of(self, year: int, month: int) -> Sequence[int]:
        return NearestWorkday(calendar.monthrange(year, month)[1]).of(year, month)


@dataclass(frozen=True, slots=True)
class NearestWorkday:
    """`15W`: the Monday to Friday nearest to that day, in the same month; none where the month has no such day."""

    day: int

    def of(self, year: int, month: int) -> Sequence[int]:
        last = calendar.monthrange(year, month)[1]
        if self.day > last:
            return []
        weekday = calendar.weekday(year, month, self.day)
        if weekday == _SATURDAY:
            return [self.day - 1 if self.day > 1 else 3]
        if weekday == _SUNDAY:
            return [self.day + 1 if self.day < last else self.day - 2]
        return [self.day]


@dataclass(frozen=True, slots=True)
class Weekdays:
    """`MON-FRI` or `*`, as 1-7 = SUN-SAT."""

    numbers: tuple[int, ...]

    def of(self, year: int, month: int) -> Sequence[int]:
        first, last = _weekday_of_first(year, month), calendar.monthrange(year, month)[1]
        return [day for day in range(1, last + 1) if (first + day - 2) % 7 + 1 in self.numbers]


@dataclass(frozen=True, slots=True)
class NthOfWeekday:
    """`FRI#2`: the second Friday; none where the month has no fifth."""

    weekday: int
    nth: int

    def of(self, year: int, month: int) -> Sequence[int]:
        return Weekdays((self.weekday,)).of(year, month)[self.nth - 1 : self.nth]


@dataclass(frozen=True, slots=True)
class LastOfWeekday:
    """`FRIL` or `6L`: the last Friday."""

    weekday: int

    def of(self, year: int, month: int) -> Sequence[int]:
        return Weekdays((self.weekday,)).of(year, month)[-1:]


def _weekday_of_first(year: int, month: int) -> int:
    return (calendar.monthrange(year, month)[0] + 1) % 7 + 1
