"""The cron expression whose runs are one minute earlier than those of another: a scheduler that fires late needs it.

EventBridge Scheduler fires within a minute after a time. A relay that is invoked a minute early waits for the second.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from pytz.tzinfo import DstTzInfo

from core.time.cron import Cron
from core.time.cron_days import DatesOfMonth, DaysOfWeek
from core.time.expressions import CronRule, parse_expression
from core.time.instants import time_zone, wall_time

EARLIER = timedelta(minutes=1)
"""How much earlier the runs are."""

_EXPRESSION_LIMIT = 256
"""The most characters of an expression that AWS accepts."""
_FIRST_CHANGE = datetime(2026, 1, 1, tzinfo=UTC)
"""Changes of the clocks before it concern no run that is ahead."""
_DAYS_IN_MONTH = {1: 31, 2: 28, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
_MONTHS, _YEARS = 12, 2199 - 1970 + 1


@lru_cache(maxsize=1024)
def earlier_cron(expression: str, zone: str) -> str | None:
    """Return the cron expression whose runs in a zone are EARLIER than those of `expression`; None if there is none.

    None is also the result where the earlier minute and a run are on different sides of a change of the clocks that the
    zone data know: AWS skips a minute in the gap of spring, and runs a minute that autumn repeats the first time. So
    the earlier runs are neither fewer nor more. Raises InvalidExpression or UnknownZone.
    """
    rule = parse_expression(expression, zone).rule
    if not isinstance(rule, CronRule):  # a rate counts from its start, which an armed schedule does not keep
        return None
    fields = _earlier_fields(rule.cron, expression.removeprefix("cron(").removesuffix(")").split(" "))
    if fields is None or any(_selects(rule.cron, wall) for wall in _divided_minutes(zone)):
        return None
    earlier = f"cron({' '.join(fields)})"
    return earlier if len(earlier) <= _EXPRESSION_LIMIT else None


def _earlier_fields(cron: Cron, fields: Sequence[str]) -> list[str] | None:
    """Return the six fields of the wall times one minute earlier. A field that does not change keeps its text."""
    minute, hour, *day_fields = fields
    if 0 not in cron.minutes:
        return [_values(number - 1 for number in cron.minutes), hour, *day_fields]
    if len(cron.hours) == 24:
        minute = _values((number - 1) % 60 for number in cron.minutes)
    elif cron.minutes == (0,):
        minute, hour = "59", _values((number - 1) % 24 for number in cron.hours)
    else:  # the minute before a full hour has another hour than the others
        return None
    if 0 not in cron.hours or _is_every_day(cron):
        return [minute, hour, *day_fields]
    days_before = _days_before(cron) if (cron.minutes, cron.hours) == ((0,), (0,)) else None
    return [minute, hour, *days_before] if days_before is not None else None


def _days_before(cron: Cron) -> list[str] | None:
    """Return the fields of the days before those of a rule: day of month, month, day of week, year.

    AWS documents `L` for the last day of a month, and no text for the day before that. The day before a weekday of a
    number (`#`, `L`) or a workday (`W`) is no such day.
    """
    every_year = len(cron.years) == _YEARS
    match cron.days:
        case DaysOfWeek(weekdays) if len(cron.months) == _MONTHS and every_year:
            return ["?", "*", _values((number - 2) % 7 + 1 for number in weekdays), "*"]
        case DatesOfMonth((1,)):
            if 1 in cron.months and cron.months != (1,) and not every_year:
                return None  # 1 January belongs to the year before, and the other months to their own
            years = "*" if every_year else _values(year - (1 in cron.months) for year in cron.years)
            months = _values((number - 2) % 12 + 1 for number in cron.months)
            return ["L", "*" if len(cron.months) == _MONTHS else months, "?", years]
        case DatesOfMonth(dates) if 1 not in dates:
            return _dates_before(cron, dates)
    return None


def _dates_before(cron: Cron, dates: Sequence[int]) -> list[str] | None:
    """Return the fields of the dates before, in the months that have the dates; None if the months have different ones.

    A 29 February is not certain: 28 February is in every year.
    """
    if 29 in dates and 2 in cron.months:
        return None
    existing = {month: [date for date in dates if date <= _DAYS_IN_MONTH[month]] for month in cron.months}
    months = [month for month in cron.months if existing[month]]
    if not months or any(existing[month] != existing[months[0]] for month in months):
        return None
    years = "*" if len(cron.years) == _YEARS else _values(cron.years)
    before = _values(date - 1 for date in existing[months[0]])
    return [before, "*" if len(months) == _MONTHS else _values(months), "?", years]


def _is_every_day(cron: Cron) -> bool:
    days = cron.days in (DatesOfMonth(tuple(range(1, 32))), DaysOfWeek(tuple(range(1, 8))))
    return days and len(cron.months) == _MONTHS and len(cron.years) == _YEARS


@lru_cache(maxsize=256)
def _divided_minutes(zone: str) -> tuple[datetime, ...]:
    """Return the naive wall times at which a run and the minute before it are on different sides of a clock change.

    From 02:00 forward to 03:00, they are 02:00, whose minute before exists, and 03:00, whose minute before does not.
    From 03:00 back to 02:00, it is 03:00: the minute before it comes twice, and the first time is an hour too early.
    """
    tz = time_zone(zone)
    if not isinstance(tz, DstTzInfo):
        return ()
    walls: list[datetime] = []
    for change in tz._utc_transition_times:  # type: ignore[attr-defined]  # noqa: SLF001 - pytz has no public list
        at = change.replace(tzinfo=UTC)
        if at < _FIRST_CHANGE:
            continue
        before = at.replace(tzinfo=None) + (wall_time(at - EARLIER, zone).utcoffset() or timedelta())
        after = wall_time(at, zone).replace(tzinfo=None)
        walls += [before, after] if after > before else [before] if after < before else []
    return tuple(walls)


def _selects(cron: Cron, wall: datetime) -> bool:
    return next(cron.wall_times(wall), None) == wall


def _values(numbers: Iterable[int]) -> str:
    return ",".join(map(str, sorted(numbers)))
