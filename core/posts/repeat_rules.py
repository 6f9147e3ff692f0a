"""The repeating rules that people choose, each valid once built.

Every rule but an own cron has `day_fields`, the three day fields of its cron expression (day-of-month, month,
day-of-week), and stands beside a time of day. Every rule has `words`, which tell people when, without that time.
"""

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AfterValidator

from core.errors import PunctualError
from core.posts.models import FrozenModel
from core.time.expressions import parse_expression


class NoDayChosen(PunctualError):
    """Chosen weekdays, and none chosen."""

    hint = "Choose at least one weekday."

    def __init__(self) -> None:
        super().__init__("A post that repeats on chosen weekdays needs at least one of them.")


class NoSuchDay(PunctualError):
    """No month has that day."""

    hint = "Choose a day from 1 to 31, or the last day of the month."

    def __init__(self, day: int) -> None:
        super().__init__(f"No month has a day {day}.")


class NoSuchWeek(PunctualError):
    """Not every month has that many of a weekday."""

    hint = "Choose the first, second, third, fourth or last one."

    def __init__(self, nth: int) -> None:
        super().__init__(f"A post cannot repeat on weekday number {nth} of a month.")


class Weekday(StrEnum):
    """A day of the week, from Monday on, as AWS abbreviates it."""

    MONDAY = "MON"
    TUESDAY = "TUE"
    WEDNESDAY = "WED"
    THURSDAY = "THU"
    FRIDAY = "FRI"
    SATURDAY = "SAT"
    SUNDAY = "SUN"

    @property
    def title_case(self) -> str:
        """`Monday`."""
        return self.name.title()


def _some_days(days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if not days:
        raise NoDayChosen
    return tuple(day for day in Weekday if day in days)


def _day_of_month(day: int) -> int:
    if not 1 <= day <= 31:
        raise NoSuchDay(day)
    return day


def _nth_or_last(nth: int | None) -> int | None:
    if nth is not None and not 1 <= nth <= 4:
        raise NoSuchWeek(nth)
    return nth


def _own(text: str) -> str:
    expression = text if text.startswith("cron(") else f"cron({text.strip()})"
    parse_expression(expression)
    return expression


class Daily(FrozenModel):
    """Every day."""

    day_fields: ClassVar[str] = "* * ?"
    words: ClassVar[str] = "Every day"


class Weekdays(FrozenModel):
    """Monday to Friday."""

    day_fields: ClassVar[str] = "? * MON-FRI"
    words: ClassVar[str] = "Every weekday"


class ChosenWeekdays(FrozenModel):
    """Some days of every week. Kept once each, from Monday on. Raises NoDayChosen."""

    days: Annotated[tuple[Weekday, ...], AfterValidator(_some_days)]

    @property
    def day_fields(self) -> str:
        return f"? * {','.join(self.days)}"

    @property
    def words(self) -> str:
        *others, last = (day.title_case for day in self.days)
        return f"Every {', '.join(others)} and {last}" if others else f"Every {last}"


class MonthlyDate(FrozenModel):
    """One date of every month that has it. Raises NoSuchDay."""

    day: Annotated[int, AfterValidator(_day_of_month)]

    @property
    def day_fields(self) -> str:
        return f"{self.day} * ?"

    @property
    def words(self) -> str:
        return f"On the {ordinal(self.day)} of every month"


class MonthlyLastDay(FrozenModel):
    """The 28th to 31st, whichever is the last."""

    day_fields: ClassVar[str] = "L * ?"
    words: ClassVar[str] = "On the last day of every month"


class MonthlyWeekday(FrozenModel):
    """The first to fourth of a weekday in every month, or, with `nth` None, its last. Raises NoSuchWeek."""

    nth: Annotated[int | None, AfterValidator(_nth_or_last)]
    weekday: Weekday

    @property
    def day_fields(self) -> str:
        return f"? * {self.weekday}#{self.nth}" if self.nth else f"? * {self.weekday}L"

    @property
    def words(self) -> str:
        which = ("first", "second", "third", "fourth")[self.nth - 1] if self.nth else "last"
        return f"On the {which} {self.weekday.title_case} of every month"


class OwnCron(FrozenModel):
    """A cron expression as a person wrote it, with or without `cron(...)` around it. Raises InvalidExpression."""

    expression: Annotated[str, AfterValidator(_own)]

    @property
    def words(self) -> str:
        return f"Whenever {self.expression} says"


TimedRule = Daily | Weekdays | ChosenWeekdays | MonthlyDate | MonthlyLastDay | MonthlyWeekday
Rule = TimedRule | OwnCron


def ordinal(number: int) -> str:
    """Return `1st`, `22nd`, `13th`."""
    suffix = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
