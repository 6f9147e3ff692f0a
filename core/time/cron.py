"""AWS's cron dialect: the wall times that a rule selects.

A rule has six fields, separated by one space: minute, hour, day-of-month, month, day-of-week (1-7 = SUN-SAT), year.
This parser replaces aws-croniter, whose grammar refuses `LW` and steps of years, reads a bare day-of-week `L` as no
day, accepts `L-3` for a weekday, and stops after ten months without a run.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from core.time.cron_days import (
    DatesOfMonth,
    DayRule,
    DaysBeforeLast,
    DaysOfWeek,
    LastOfWeekday,
    LastWorkday,
    NearestWorkday,
    NthOfWeekday,
)


@dataclass(frozen=True, slots=True)
class Cron:
    """A parsed rule. Two spellings of the same fields are equal: `MON-FRI` equals `2-6`."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    days: DayRule
    months: tuple[int, ...]
    years: tuple[int, ...]

    def wall_times(self, earliest: datetime) -> Iterator[datetime]:
        """Yield the naive wall times that the rule selects, in order, from the minute of `earliest` on.

        The last year is 2199. A rule for a date that never occurs, such as 31 February, yields nothing and takes a few
        milliseconds.
        """
        earliest = earliest.replace(second=0, microsecond=0)
        for year, month in self._months(earliest):
            for day in self.days.days_in(year, month):
                if (year, month, day) < (earliest.year, earliest.month, earliest.day):
                    continue
                for hour in self.hours:
                    for minute in self.minutes:
                        wall = earliest.replace(year, month, day, hour, minute)
                        if wall >= earliest:
                            yield wall

    def _months(self, earliest: datetime) -> Iterator[tuple[int, int]]:
        for year in self.years:
            if year >= earliest.year:
                for month in self.months:
                    if (year, month) >= (earliest.year, earliest.month):
                        yield year, month


def parse_cron(fields: str) -> Cron:
    """Parse the six fields between the parentheses. Raises ValueError if they violate the grammar.

    Letter case does not matter (AWS's console accepts `mOn`). Ranges may wrap (`FRI-MON`, `22-2`), except for years.
    """
    if not fields.isascii():  # upper() turns some other letters into ASCII letters
        raise ValueError("the fields contain a letter outside ASCII")
    minute, hour, day_of_month, month, day_of_week, year = fields.upper().split(" ")
    if (day_of_month == "?") == (day_of_week == "?"):
        raise ValueError("exactly one of day-of-month and day-of-week must be ?")
    return Cron(
        minutes=_MINUTE.values(minute),
        hours=_HOUR.values(hour),
        days=_days_of_week(day_of_week) if day_of_month == "?" else _days_of_month(day_of_month),
        months=_MONTH.values(month),
        years=_YEAR.values(year),
    )


@dataclass(frozen=True, slots=True)
class _Field:
    """The grammar of one numeric field: its range, the names of its values and the form of its numbers."""

    low: int
    high: int
    max_step: int
    names: tuple[str, ...] = ()
    digits: str = "[0-9]{1,2}"
    wraps: bool = True

    def values(self, text: str) -> tuple[int, ...]:
        """Return the field's values in order. The text is `*`, or a list of values, ranges and steps."""
        if text == "*":
            return tuple(range(self.low, self.high + 1))
        return tuple(sorted({value for item in text.split(",") for value in self._item_values(item)}))

    def _item_values(self, item: str) -> range | list[int]:
        span, slash, step_text = item.partition("/")
        step = self._step(step_text) if slash else 1
        if span == "*" and slash:
            return range(self.low, self.high + 1, step)
        first_text, dash, last_text = span.partition("-")
        first = self.value(first_text)
        last = self.value(last_text) if dash else self.high if slash else first
        if first <= last:
            return range(first, last + 1, step)
        if not self.wraps:
            raise ValueError("years do not wrap")
        size = self.high - self.low + 1
        return [self.low + (number - self.low) % size for number in range(first, last + size + 1, step)]

    def value(self, text: str) -> int:
        """Return the value of a name or a number."""
        if text in self.names:
            return self.low + self.names.index(text)
        if not re.fullmatch(self.digits, text) or not self.low <= int(text) <= self.high:
            raise ValueError(f"{text!r} is not within {self.low}-{self.high}")
        return int(text)

    def _step(self, text: str) -> int:
        # AWS's console refuses `*/60` in the minutes. It does not treat it as `0`.
        if not re.fullmatch("[0-9]{1,3}", text) or not 1 <= int(text) <= self.max_step:
            raise ValueError(f"{text!r} is not a step within 1-{self.max_step}")
        return int(text)


_MINUTE = _Field(0, 59, 59)
_HOUR = _Field(0, 23, 23)
_DATE = _Field(1, 31, 31)
_DAYS_BEFORE_LAST = _Field(1, 30, 30)
_MONTH = _Field(1, 12, 12, ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"))
_WEEKDAY = _Field(1, 7, 7, ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), digits="[0-9]")
_YEAR = _Field(1970, 2199, 229, digits="[0-9]{4}", wraps=False)


def _days_of_month(text: str) -> DayRule:
    if text == "LW":
        return LastWorkday()
    if text == "L":
        return DaysBeforeLast(0)
    if text.startswith("L-"):
        return DaysBeforeLast(_DAYS_BEFORE_LAST.value(text[2:]))
    if text.endswith("W"):
        return NearestWorkday(_DATE.value(text[:-1]))
    return DatesOfMonth(_DATE.values(text))


def _days_of_week(text: str) -> DayRule:
    """Parse the day-of-week field.

    By AWS's guide, a value with `#` or `L` is the only value of the field, and `/` is not allowed. A bare `L` is the
    last day of the week, Saturday.
    """
    if "/" in text:
        raise ValueError("day-of-week has no steps")
    if text == "L":
        return DaysOfWeek((7,))
    if text.endswith("L"):
        return LastOfWeekday(_WEEKDAY.value(text[:-1]))
    weekday, sharp, nth = text.partition("#")
    if sharp:
        return NthOfWeekday(_WEEKDAY.value(weekday), _nth(nth))
    return DaysOfWeek(_WEEKDAY.values(text))


def _nth(text: str) -> int:
    if not re.fullmatch("[1-5]", text):
        raise ValueError(f"{text!r} is not a number within 1-5")
    return int(text)
