"""The rules for repeating posts that a user can choose, each valid once built.

Every rule except CustomCron has `day_fields`, the day-of-month, month and day-of-week fields of its cron expression,
and is combined with a time of day. Every rule has a `description` of its days, without the time.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, model_validator

from core.errors import PunctualError
from core.posts.custom_cron import cron_expression
from core.posts.models import EVERY_WEEKS_LIMIT, FrozenModel


class NoDayChosen(PunctualError):
    """A rule for chosen weekdays has no weekday."""

    hint = "Choose at least one weekday."

    def __init__(self) -> None:
        super().__init__("A post that repeats on chosen weekdays needs at least one weekday.")


class NoSuchDay(PunctualError):
    """No month has this day."""

    hint = "Choose a day from 1 to 31, or the last day of the month."

    def __init__(self, day: int) -> None:
        super().__init__(f"No month has a day {day}.")


class NoSuchDate(PunctualError):
    """No year has this date."""

    hint = "Choose a date of the calendar, such as 24 December."

    def __init__(self, month: int, day: int) -> None:
        super().__init__(f"No year has a day {day} in month {month}.")


class NoSuchPeriod(PunctualError):
    """A rule of every n weeks has too few or too many weeks."""

    hint = f"Choose 2 to {EVERY_WEEKS_LIMIT} weeks. For every week, choose the rule with weekdays."

    def __init__(self, weeks: int) -> None:
        super().__init__(f"A post cannot repeat every {weeks} weeks.")


class NoSuchWeek(PunctualError):
    """Not every month has this many of a weekday."""

    hint = "Choose the first, second, third, fourth or last one."

    def __init__(self, nth: int) -> None:
        super().__init__(f"A post cannot repeat on weekday number {nth} of a month.")


_LEAP_YEAR = 2024


class Weekday(StrEnum):
    """A day of the week in AWS's abbreviation, from Monday on."""

    MONDAY = "MON"
    TUESDAY = "TUE"
    WEDNESDAY = "WED"
    THURSDAY = "THU"
    FRIDAY = "FRI"
    SATURDAY = "SAT"
    SUNDAY = "SUN"

    @property
    def title_case(self) -> str:
        """The English name, such as `Monday`."""
        return self.name.title()


def _unique_days(days: tuple[Weekday, ...]) -> tuple[Weekday, ...]:
    if not days:
        raise NoDayChosen
    return tuple(day for day in Weekday if day in days)


def _day_of_month(day: int) -> int:
    if not 1 <= day <= 31:
        raise NoSuchDay(day)
    return day


def _period(weeks: int) -> int:
    if not 2 <= weeks <= EVERY_WEEKS_LIMIT:
        raise NoSuchPeriod(weeks)
    return weeks


def _nth_or_last(nth: int | None) -> int | None:
    if nth is not None and not 1 <= nth <= 4:
        raise NoSuchWeek(nth)
    return nth


class Daily(FrozenModel):
    """Every day."""

    day_fields: ClassVar[str] = "* * ?"
    description: ClassVar[str] = "Every day"


class EveryWeekday(FrozenModel):
    """Monday to Friday."""

    day_fields: ClassVar[str] = "? * MON-FRI"
    description: ClassVar[str] = "Every weekday"


class ChosenWeekdays(FrozenModel):
    """Some days of every week, without duplicates and from Monday on. Raises NoDayChosen."""

    days: Annotated[tuple[Weekday, ...], AfterValidator(_unique_days)]

    @property
    def day_fields(self) -> str:
        """The day fields of the cron expression."""
        return f"? * {','.join(self.days)}"

    @property
    def description(self) -> str:
        """The days, such as `Every Monday and Friday`."""
        *others, last = (day.title_case for day in self.days)
        return f"Every {', '.join(others)} and {last}" if others else f"Every {last}"


class EveryNWeeks(ChosenWeekdays):
    """Some days of every second, third or later week. Weeks begin on Monday. Raises NoDayChosen or NoSuchPeriod."""

    weeks: Annotated[int, AfterValidator(_period)]

    @property
    def description(self) -> str:
        """The days, such as `Every 2 weeks on Monday and Friday`."""
        return f"Every {self.weeks} weeks on {super().description.removeprefix('Every ')}"


class MonthlyDate(FrozenModel):
    """One date of every month that has it. Raises NoSuchDay."""

    day: Annotated[int, AfterValidator(_day_of_month)]

    @property
    def day_fields(self) -> str:
        """The day fields of the cron expression."""
        return f"{self.day} * ?"

    @property
    def description(self) -> str:
        """The date, such as `On the 22nd of every month`."""
        return f"On the {ordinal(self.day)} of every month"


class MonthlyLastDay(FrozenModel):
    """The last day of every month, from the 28th to the 31st."""

    day_fields: ClassVar[str] = "L * ?"
    description: ClassVar[str] = "On the last day of every month"


class MonthlyWeekday(FrozenModel):
    """The first to fourth of a weekday in every month, or its last if `nth` is None. Raises NoSuchWeek."""

    nth: Annotated[int | None, AfterValidator(_nth_or_last)]
    weekday: Weekday

    @property
    def day_fields(self) -> str:
        """The day fields of the cron expression."""
        return f"? * {self.weekday}#{self.nth}" if self.nth else f"? * {self.weekday}L"

    @property
    def description(self) -> str:
        """The day, such as `On the second Tuesday of every month`."""
        which = ("first", "second", "third", "fourth")[self.nth - 1] if self.nth else "last"
        return f"On the {which} {self.weekday.title_case} of every month"


class Yearly(FrozenModel):
    """One date of every year that has it. Raises NoSuchDate."""

    month: int
    day: int

    @model_validator(mode="after")
    def _is_a_date(self) -> Self:
        try:
            date(_LEAP_YEAR, self.month, self.day)
        except ValueError:
            raise NoSuchDate(self.month, self.day) from None
        return self

    @property
    def day_fields(self) -> str:
        """The day fields of the cron expression."""
        return f"{self.day} {self.month} ?"

    @property
    def description(self) -> str:
        """The date, such as `Every year on 24 December`."""
        every = "Every leap year" if (self.month, self.day) == (2, 29) else "Every year"
        return f"{every} on {self.day} {date(_LEAP_YEAR, self.month, 1):%B}"


class CustomCron(FrozenModel):
    """A cron expression that the user wrote, with or without `cron(...)`. Raises NoCron or InvalidCron."""

    expression: Annotated[str, AfterValidator(cron_expression)]

    @property
    def description(self) -> str:
        """The expression, such as `Custom schedule cron(0 9 1,15 * ? *)`."""
        return f"Custom schedule {self.expression}"


TimedRule = Daily | EveryWeekday | ChosenWeekdays | EveryNWeeks | MonthlyDate | MonthlyLastDay | MonthlyWeekday | Yearly
RepeatRule = TimedRule | CustomCron


def ordinal(number: int) -> str:
    """Return `1st`, `22nd`, `13th`."""
    suffix = "th" if number in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{suffix}"
