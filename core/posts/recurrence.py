"""Repeating rules to and from AWS's cron expressions, in words, and their next runs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, time, timedelta
from itertools import takewhile

from core.errors import PunctualError
from core.posts.repeat_rules import (
    ChosenWeekdays,
    Daily,
    MonthlyDate,
    MonthlyLastDay,
    MonthlyWeekday,
    OwnCron,
    Rule,
    TimedRule,
    Weekday,
    Weekdays,
    ordinal,
)
from core.time import cron_days
from core.time.cron import Cron
from core.time.expressions import CronRule, InvalidExpression, parse_expression
from core.time.instants import instants, wall_time

_YEAR = timedelta(days=366)


class SecondsInRule(PunctualError):
    """A cron rule runs on whole minutes."""

    def __init__(self, at: time) -> None:
        super().__init__(f"A repeating post goes out on a whole minute, not at {at:%H:%M:%S}.")
        self.hint = f"Choose {at:%H:%M}, or schedule single posts."


class NeverRuns(PunctualError):
    """The rule names no time between its first and its last date."""

    hint = "Look at the dates: the rule must come at least once between the first and the last one."

    def __init__(self, expression: str, zone: str, after: datetime, end: datetime | None) -> None:
        limits = [f"after {wall_time(after, zone):%d %b %Y, %H:%M}"]
        if end is not None:
            limits.append(f"up to {wall_time(end, zone):%d %b %Y, %H:%M}")
        super().__init__(f"{expression} has no run {' and '.join(limits)} in {zone}.")


def cron(rule: Rule, at: time | None) -> str:
    """Return the rule as a schedule expression, at that time of day; an own cron has its times within.

    Raises SecondsInRule.
    """
    if isinstance(rule, OwnCron):
        return rule.expression
    if at is None:
        raise ValueError("only an own cron goes without a time of day")
    if at.second or at.microsecond:
        raise SecondsInRule(at)
    return f"cron({at.minute} {at.hour} {rule.day_fields} *)"


def in_words(rule: Rule, at: time | None, zone: str) -> str:
    """Return `Every weekday at 09:00 Europe/Berlin`."""
    return f"{rule.words} at {at:%H:%M} {zone}" if at is not None else f"{rule.words}, {zone}"


def read(expression: str) -> tuple[Rule, time | None]:
    """Return the rule and the time of day that an expression stands for, whoever wrote it.

    What is none of the rules offered is an OwnCron, without a time. Raises InvalidExpression unless it is a cron.
    """
    named = _cron_of(expression)
    rule, at = _rule(named.days), time(named.hours[0], named.minutes[0])
    if rule is None or named != replace(_cron_of(cron(rule, at)), days=named.days):
        return OwnCron(expression=expression), None
    return rule, at


def preview(
    expression: str, zone: str, start: datetime | None, end: datetime | None, *, after: datetime, count: int = 5
) -> list[datetime]:
    """Return the next runs after `after`, in UTC. Raises NeverRuns if there is none, InvalidExpression, UnknownZone."""
    runs = parse_expression(expression, zone, start=start, end=end).next(count, after=after)
    if not runs:
        raise NeverRuns(expression, zone, after, end)
    return runs


def crosses_clock_change(runs: Sequence[datetime], zone: str) -> bool:
    """Whether the offset from UTC differs among the runs, so that the same wall time is another instant."""
    return len({wall_time(run, zone).utcoffset() for run in runs}) > 1


def cautions(rule: Rule, at: time | None, zone: str, *, after: datetime) -> list[str]:
    """Return sentences on runs that the person may expect and will not get, in the year that follows `after`.

    None for an own cron, whose writer is taken to know.
    """
    if isinstance(rule, OwnCron):
        return []
    sentences = []
    if isinstance(rule, MonthlyDate) and rule.day > 28:
        sentences.append(
            f"Months without a {ordinal(rule.day)} are skipped. Choose the last day of the month to post in each."
        )
    begin = wall_time(after, zone).replace(tzinfo=None)
    walls = _cron_of(cron(rule, at)).wall_times(begin)
    sentences += [
        f"No post on {wall:%d %b %Y}: the clocks go forward over {wall:%H:%M}."
        for wall in takewhile(lambda wall: wall < begin + _YEAR, walls)
        if not instants(wall, zone)
    ]
    return sentences


def _cron_of(expression: str) -> Cron:
    rule = parse_expression(expression).rule
    if not isinstance(rule, CronRule):
        raise InvalidExpression(expression)
    return rule.cron


def _rule(days: cron_days.DayRule) -> TimedRule | None:
    match days:
        case cron_days.DatesOfMonth((day,)):
            return MonthlyDate(day=day)
        case cron_days.DatesOfMonth(numbers) if len(numbers) == 31:
            return Daily()
        case cron_days.DaysOfWeek(numbers):
            return _weekly(numbers)
        case cron_days.DaysBeforeLast(0):
            return MonthlyLastDay()
        case cron_days.NthOfWeekday(number, nth) if nth <= 4:
            return MonthlyWeekday(nth=nth, weekday=_weekday(number))
        case cron_days.LastOfWeekday(number):
            return MonthlyWeekday(nth=None, weekday=_weekday(number))
    return None


def _weekly(numbers: tuple[int, ...]) -> TimedRule:
    if len(numbers) == 7:
        return Daily()
    if numbers == (2, 3, 4, 5, 6):
        return Weekdays()
    return ChosenWeekdays(days=tuple(_weekday(number) for number in numbers))


def _weekday(number: int) -> Weekday:
    """AWS counts from Sunday, which is 1."""
    return list(Weekday)[(number + 5) % 7]
