"""What `--repeat` takes on the command line, as a rule."""

import argparse
import re

from core.errors import PunctualError
from core.posts.repeat_rules import (
    ChosenWeekdays,
    Daily,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    OwnCron,
    Rule,
    Weekday,
    Weekdays,
)

GRAMMAR = (
    "daily, weekdays, mon,wed,..., monthly:15, monthly:last, monthly:2nd-tue, monthly:last-fri, or cron:'0 9 ? * 2 *'"
)

_NTH = {"1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "last": None}
_MONTHLY_WEEKDAY = re.compile(rf"({'|'.join(_NTH)})-([a-z]{{3}})")


def rule_asked(text: str) -> Rule:
    """Return the rule that a `--repeat` value names. Raises argparse.ArgumentTypeError, which names what is taken."""
    try:
        return _rule(text.strip())
    except (ValueError, PunctualError) as error:
        hint = f" {error}" if isinstance(error, PunctualError) else ""
        raise argparse.ArgumentTypeError(f"{text!r} is no rule.{hint} Give {GRAMMAR}") from None


def _rule(text: str) -> Rule:
    kind, _, rest = text.partition(":")
    match kind.lower(), rest.lower():
        case "daily", "":
            return Daily()
        case "weekdays", "":
            return Weekdays()
        case "cron", _:
            return OwnCron(expression=rest)
        case "monthly", "last":
            return MonthlyLastDay()
        case "monthly", day if day.isdigit():
            return MonthlyDate(day=int(day))
        case "monthly", other if found := _MONTHLY_WEEKDAY.fullmatch(other):
            return MonthlyWeekday(nth=_NTH[found[1]], weekday=Weekday(found[2].upper()))
        case days, "":
            return ChosenWeekdays(days=tuple(Weekday(day.strip().upper()) for day in days.split(",")))
    raise ValueError(text)
