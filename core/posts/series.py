"""A series: a repeating rule in a zone, from a first date to an optional last date."""

from datetime import date, datetime, time, timedelta

from core.errors import PunctualError
from core.posts.models import Post, Repeat
from core.posts.recurrence import NeverRuns, cron_expression, describe_rule, next_runs, parse_rule
from core.posts.repeat_rules import RepeatRule
from core.time.instants import DateOutOfRange, SkippedHour, instant
from core.time.phrases import date_and_time


class EndsBeforeStart(PunctualError):
    """The last date is before the first."""

    hint = "Choose a last date on or after the first, or none."

    def __init__(self, first: date, last: date) -> None:
        super().__init__(f"The last date, {last:%d %b %Y}, is before the first, {first:%d %b %Y}.")


def build_series(rule: RepeatRule, at: time, zone: str, *, first: date, last: date | None, now: datetime) -> Repeat:
    """Return the series of a rule at a time of day, from `first` to `last` as calendar days in `zone`.

    If the first date has begun, the series has no start and begins with the next run. Raises EndsBeforeStart,
    NeverRuns, SecondsInRule, UnknownZone or DateOutOfRange.
    """
    if last is not None and last < first:
        raise EndsBeforeStart(first, last)
    start = start_of_day(first, zone)
    repeat = Repeat(
        expression=cron_expression(rule, at),
        starts_at=start if start > now else None,
        ends_at=end_of_day(last, zone) if last else None,
    )
    next_runs(repeat.expression, zone, repeat.starts_at, repeat.ends_at, after=now, count=1)
    return repeat


def runs_of(post: Post, *, after: datetime, count: int = 5) -> list[datetime]:
    """Return up to `count` runs of a repeating post after an instant; none after the last one, or of another post."""
    rule = post.repeat
    if rule is None:
        return []
    try:
        return next_runs(rule.expression, post.zone, rule.starts_at, rule.ends_at, after=after, count=count)
    except NeverRuns:
        return []


def describe_timing(post: Post) -> str:
    """Return the rule of a repeating post as a sentence, or the time of a one-time post, in the post's zone."""
    if post.repeat is not None:
        return describe_rule(*parse_rule(post.repeat.expression), post.zone)
    return date_and_time(post.due_at, post.zone) if post.due_at is not None else ""


def start_of_day(day: date, zone: str) -> datetime:
    """Return the first instant of a calendar day in a zone, which is after midnight if the clocks skip midnight."""
    midnight = datetime.combine(day, time())
    try:
        return instant(midnight, zone, which=1)
    except SkippedHour as skipped:
        return instant(skipped.after, zone, which=1)


def end_of_day(day: date, zone: str) -> datetime:
    """Return the last second of a calendar day in a zone."""
    if day == date.max:
        raise DateOutOfRange(day)
    return start_of_day(day + timedelta(days=1), zone) - timedelta(seconds=1)
