"""A series: a repeating rule in a zone, from a first date to an optional last one."""

from datetime import date, datetime, time, timedelta

from core.errors import PunctualError
from core.posts.models import Repeat
from core.posts.recurrence import cron, preview
from core.posts.repeat_rules import Rule
from core.time import instants


class EndsBeforeItBegins(PunctualError):
    """The last date lies before the first."""

    hint = "Choose a last date on or after the first, or none."

    def __init__(self, first: date, last: date) -> None:
        super().__init__(f"The last date, {last:%d %b %Y}, is before the first, {first:%d %b %Y}.")


def series(rule: Rule, at: time, zone: str, *, first: date, last: date | None, now: datetime) -> Repeat:
    """Return the series of a rule at a time of day, from `first` to `last` as calendars in `zone` have them.

    A first date that has begun sets no start: the next run is simply the first. Raises EndsBeforeItBegins, NeverRuns,
    SecondsInRule, UnknownZone, BeyondCalendar.
    """
    if last is not None and last < first:
        raise EndsBeforeItBegins(first, last)
    begins = day_begins(first, zone)
    repeat = Repeat(
        expression=cron(rule, at),
        starts_at=begins if begins > now else None,
        ends_at=_day_ends(last, zone) if last else None,
    )
    preview(repeat.expression, zone, repeat.starts_at, repeat.ends_at, after=now, count=1)
    return repeat


def day_begins(day: date, zone: str) -> datetime:
    """Return the first instant of a calendar day in a zone, which is not midnight where clocks go forward over it."""
    midnight = datetime.combine(day, time())
    try:
        return instants.instant(midnight, zone, which=1)
    except instants.SkippedHour as skipped:
        return instants.instant(skipped.after, zone, which=1)


def _day_ends(day: date, zone: str) -> datetime:
    """Return the last second of a calendar day in a zone."""
    if day == date.max:
        raise instants.DateOutOfRange(day)
    return day_begins(day + timedelta(days=1), zone) - timedelta(seconds=1)
