"""The values of `--repeat`, parsed into repeat rules."""

import argparse
import re

from core.cli.option_values import REPEAT_SYNTAX
from core.errors import PunctualError
from core.posts.repeat_rules import (
    ChosenWeekdays,
    CustomCron,
    Daily,
    EveryWeekday,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    RepeatRule,
    Weekday,
)

_ORDINALS = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": None}
_MONTHLY_WEEKDAY = re.compile(rf"({'|'.join(_ORDINALS)})-([a-z]{{3}})")


def parse_repeat(text: str) -> RepeatRule:
    """Return the rule of a `--repeat` value. Raises argparse.ArgumentTypeError, whose text gives the syntax."""
    try:
        return _rule(text.strip())
    except (ValueError, PunctualError) as error:
        reason = f" {error}" if isinstance(error, PunctualError) else ""
        raise argparse.ArgumentTypeError(f"{text!r} is not a repeat rule.{reason} Give {REPEAT_SYNTAX}") from None


def _rule(text: str) -> RepeatRule:
    kind, _, rest = text.partition(":")
    match kind.lower(), rest.lower():
        case "daily", "":
            return Daily()
        case "weekdays", "":
            return EveryWeekday()
        case "cron", _:
            return CustomCron(expression=rest)
        case "monthly", "last":
            return MonthlyLastDay()
        case "monthly", day if day.isdigit():
            return MonthlyDate(day=int(day))
        case "monthly", other if found := _MONTHLY_WEEKDAY.fullmatch(other):
            return MonthlyWeekday(nth=_ORDINALS[found[1]], weekday=Weekday(found[2].upper()))
        case days, "":
            return ChosenWeekdays(days=tuple(Weekday(day.strip().upper()) for day in days.split(",")))
    raise ValueError(text)
