"""Repeat rules as people write them: on the command line, and in tables."""

import re
from collections.abc import Sequence

from core.errors import PunctualError
from core.posts.repeat_rules import (
    ChosenWeekdays,
    CustomCron,
    Daily,
    EveryNWeeks,
    EveryWeekday,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    RepeatRule,
    Weekday,
    Yearly,
)
from core.posts.repeat_syntax import REPEAT_SYNTAX

_ORDINALS = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": None}
_WRITTEN_ORDINALS = {nth: text for text, nth in _ORDINALS.items()}
_EVERY_N_WEEKS = re.compile(r"every-(\d{1,3})-weeks")
_DATE = re.compile(r"(\d{1,2})-(\d{1,2})")
_MONTHLY_WEEKDAY = re.compile(rf"({'|'.join(_ORDINALS)})-([a-z]{{3}})")


class UnreadableRule(PunctualError):
    """A text is no repeat rule."""

    hint = f"Write one of: {REPEAT_SYNTAX}."

    def __init__(self, text: str, reason: str) -> None:
        super().__init__(f"{text!r} is not a repeat rule.{reason}")


def read_rule(text: str) -> RepeatRule:
    """Return the rule of a text such as `weekdays` or `monthly:15`. Raises UnreadableRule."""
    try:
        return _rule(text.strip())
    except (ValueError, PunctualError) as error:
        raise UnreadableRule(text, f" {error}" if isinstance(error, PunctualError) else "") from None


def write_rule(rule: RepeatRule) -> str:
    """Return the text that `read_rule` reads as the rule."""
    match rule:
        case Daily():
            return "daily"
        case EveryWeekday():
            return "weekdays"
        case EveryNWeeks(weeks=weeks, days=days):
            return f"every-{weeks}-weeks:{_write_weekdays(days)}"
        case ChosenWeekdays(days=days):
            return _write_weekdays(days)
        case MonthlyDate(day=day):
            return f"monthly:{day}"
        case MonthlyLastDay():
            return "monthly:last"
        case MonthlyWeekday(nth=nth, weekday=weekday):
            return f"monthly:{_WRITTEN_ORDINALS[nth]}-{weekday.lower()}"
        case Yearly(month=month, day=day):
            return f"yearly:{month}-{day}"
        case CustomCron(expression=expression):
            return f"cron:{expression.removeprefix('cron(').removesuffix(')')}"


def _rule(text: str) -> RepeatRule:
    kind, _, rest = text.partition(":")
    match kind.lower(), rest.lower():
        case "daily", "":
            return Daily()
        case "weekdays", "":
            return EveryWeekday()
        case "cron", _:
            return CustomCron(expression=rest.strip(" '\""))  # in a table, nothing removes the marks of a shell
        case "monthly", "last":
            return MonthlyLastDay()
        case "monthly", day if day.isdigit():
            return MonthlyDate(day=int(day))
        case "monthly", other if found := _MONTHLY_WEEKDAY.fullmatch(other):
            return MonthlyWeekday(nth=_ORDINALS[found[1]], weekday=Weekday(found[2].upper()))
        case "yearly", on if found := _DATE.fullmatch(on):
            return Yearly(month=int(found[1]), day=int(found[2]))
        case every, days if found := _EVERY_N_WEEKS.fullmatch(every):
            return EveryNWeeks(weeks=int(found[1]), days=_weekdays(days))
        case days, "":
            return ChosenWeekdays(days=_weekdays(days))
    raise ValueError(text)


def _weekdays(days: str) -> tuple[Weekday, ...]:
    return tuple(Weekday(day.strip().upper()) for day in days.split(","))


def _write_weekdays(days: Sequence[Weekday]) -> str:
    return ",".join(day.lower() for day in days)
