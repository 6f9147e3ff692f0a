"""Conversion of repeating rules to and from AWS's cron expressions, their descriptions and their next runs."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice, takewhile

from core.errors import PunctualError
from core.posts.models import Repeat
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
    TimedRule,
    Weekday,
    Yearly,
    ordinal,
)
from core.time import cron_days
from core.time.cron import Cron
from core.time.expressions import CronRule, InvalidExpression, parse_expression
from core.time.instants import instants, wall_time
from core.time.phrases import promise

_YEAR = timedelta(days=366)
_WEEKDAYS = {Daily: tuple(Weekday), EveryWeekday: tuple(Weekday)[:5]}


class SecondsInRule(PunctualError):
    """A repeating rule has a time with seconds; cron runs on whole minutes."""

    def __init__(self, at: time) -> None:
        super().__init__(f"A repeating post needs a whole minute, not {at:%H:%M:%S}.")
        self.hint = f"Choose {at:%H:%M}, or schedule single posts."


class NeverRuns(PunctualError):
    """The rule has no run between its first and its last date."""

    hint = "Check the dates: at least one run must be between the first and the last date."

    def __init__(self, expression: str, zone: str, after: datetime, end: datetime | None) -> None:
        limits = [f"after {wall_time(after, zone):%d %b %Y, %H:%M}"]
        if end is not None:
            limits.append(f"up to {wall_time(end, zone):%d %b %Y, %H:%M}")
        super().__init__(f"{expression} has no run {' and '.join(limits)} in {zone}.")


def cron_expression(rule: RepeatRule, at: time | None) -> str:
    """Return the schedule expression of the rule at a time of day; a CustomCron contains its times.

    Raises SecondsInRule.
    """
    if isinstance(rule, CustomCron):
        return rule.expression
    if at is None:
        raise ValueError("only a CustomCron has no time of day")
    if at.second or at.microsecond:
        raise SecondsInRule(at)
    return f"cron({at.minute} {at.hour} {rule.day_fields} *)"


def describe_rule(rule: RepeatRule, at: time | None, zone: str, slack: timedelta = timedelta()) -> str:
    """Return a description such as `Every weekday at 09:00 Europe/Berlin`.

    With `slack`, posts may go out so long after their times: `Every weekday within a minute of 09:00 Europe/Berlin`.
    """
    if at is None:
        return f"{rule.description}, {promise('its times', slack)}, {zone}" if slack else f"{rule.description}, {zone}"
    time_of_day = promise(f"{at:%H:%M}", slack) if slack else f"at {at:%H:%M}"
    return f"{rule.description} {time_of_day} {zone}"


def parse_rule(expression: str) -> tuple[RepeatRule, time | None]:
    """Return the rule and the time of day of any cron expression; a CustomCron and None if no other rule matches.

    Raises InvalidExpression for an expression of another kind.
    """
    given = _cron_of(expression)
    rule, at = _rule(given), time(given.hours[0], given.minutes[0])
    if rule is None or given != replace(_cron_of(cron_expression(rule, at)), days=given.days):
        return CustomCron(expression=expression), None
    return rule, at


def rule_of(repeat: Repeat) -> tuple[RepeatRule, time | None]:
    """Return the rule of a series and the time of day, as `parse_rule`."""
    rule, at = parse_rule(repeat.expression)
    days = rule.days if isinstance(rule, ChosenWeekdays) else _WEEKDAYS.get(type(rule))
    return (EveryNWeeks(days=days, weeks=repeat.every_weeks), at) if days and repeat.every_weeks > 1 else (rule, at)


def next_runs(repeat: Repeat, zone: str, *, after: datetime, count: int = 5) -> list[datetime]:
    """Return up to `count` runs after `after`, in UTC, without the runs that do not count.

    Raises NeverRuns, InvalidExpression or UnknownZone.
    """
    firings = parse_expression(repeat.expression, zone, start=repeat.starts_at, end=repeat.ends_at).after(after)
    runs = list(islice((each for each in firings if not repeat.exclude(each)), count))
    if not runs:
        raise NeverRuns(repeat.expression, zone, after, repeat.ends_at)
    return runs


def crosses_clock_change(runs: Sequence[datetime], zone: str) -> bool:
    """Return whether the runs have different offsets from UTC."""
    return len({wall_time(run, zone).utcoffset() for run in runs}) > 1


def skipped_run_warnings(repeat: Repeat, zone: str, *, after: datetime) -> list[str]:
    """Return sentences on runs that the calendar or the clocks skip within a year; none for a CustomCron."""
    rule, _ = rule_of(repeat)
    if isinstance(rule, CustomCron):
        return []
    sentences = []
    if isinstance(rule, Yearly) and (rule.month, rule.day) == (2, 29):
        sentences.append("Only leap years have a 29 February. Choose 28 February to post every year.")
    if isinstance(rule, MonthlyDate) and rule.day > 28:
        sentences.append(
            f"Months without a {ordinal(rule.day)} are skipped. Choose the last day of the month to post in each."
        )
    begin = wall_time(after, zone).replace(tzinfo=None)
    end = begin + _YEAR
    if repeat.ends_at is not None:
        end = min(end, wall_time(repeat.ends_at, zone).replace(tzinfo=None))
    walls = takewhile(lambda wall: wall <= end, _cron_of(repeat.expression).wall_times(begin))
    sentences += [
        f"No post on {wall:%d %b %Y}: the clocks go forward over {wall:%H:%M}."
        for wall in walls
        if not instants(wall, zone) and not repeat.exclude(wall.replace(tzinfo=UTC))
    ]
    return sentences


def _cron_of(expression: str) -> Cron:
    rule = parse_expression(expression).rule
    if not isinstance(rule, CronRule):
        raise InvalidExpression(expression)
    return rule.cron


def _rule(cron: Cron) -> TimedRule | None:
    match cron.days:
        case cron_days.DatesOfMonth((day,)) if len(cron.months) == 1:
            return Yearly(month=cron.months[0], day=day) if _is_a_date(cron.months[0], day) else None
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


def _is_a_date(month: int, day: int) -> bool:
    return day <= (29 if month == 2 else 30 if month in (4, 6, 9, 11) else 31)


def _weekly(numbers: tuple[int, ...]) -> TimedRule:
    if len(numbers) == 7:
        return Daily()
    if numbers == (2, 3, 4, 5, 6):
        return EveryWeekday()
    return ChosenWeekdays(days=tuple(_weekday(number) for number in numbers))


def _weekday(number: int) -> Weekday:
    """Return the weekday of AWS's number, which is 1 for Sunday."""
    return list(Weekday)[(number + 5) % 7]
