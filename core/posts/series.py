"""A series: a repeating rule in a zone, from a first date to an optional last date."""

from collections import deque
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from core.errors import PunctualError
from core.posts.models import SKIPPED_LIMIT, Post, Repeat
from core.posts.recurrence import NeverRuns, cron_expression, describe_rule, next_runs, rule_of
from core.posts.repeat_rules import EveryNWeeks, RepeatRule
from core.time.expressions import parse_expression
from core.time.instants import DateOutOfRange, SkippedHour, instant, wall_time
from core.time.phrases import date_and_time, promise

MOST_RUNS = 1000
"""The most runs after which a series can end."""
_MILLISECOND = timedelta(milliseconds=1)


class EndsBeforeStart(PunctualError):
    """The last date is before the first."""

    hint = "Choose a last date on or after the first, or none."

    def __init__(self, first: date, last: date) -> None:
        super().__init__(f"The last date, {last:%d %b %Y}, is before the first, {first:%d %b %Y}.")


class FewerRuns(PunctualError):
    """The rule ends before the wished number of runs."""

    def __init__(self, wished: int, runs: int) -> None:
        super().__init__(f"The rule has only {runs} runs, not {wished}.")
        self.hint = f"Let it end after {runs} runs, or choose another rule."


class TooManyRuns(PunctualError):
    """A series is to end after more than MOST_RUNS runs."""

    hint = "Give a last date, or no end."

    def __init__(self, wished: int) -> None:
        super().__init__(f"A series can end after at most {MOST_RUNS:,} runs, not {wished:,}.")


class SeveralRunsADay(PunctualError):
    """A series ends with a day, and the last of the wished runs is not the last one of its day."""

    hint = "Choose a last date, or another number of runs."

    def __init__(self, wished: int, last: date) -> None:
        super().__init__(f"After {wished} runs, on {last:%d %b %Y}, more runs follow on that day.")


def build_series(
    rule: RepeatRule,
    at: time,
    zone: str,
    *,
    first: date,
    last: date | None = None,
    runs: int | None = None,
    now: datetime,
) -> Repeat:
    """Return the series of a rule at a time of day, from `first` to `last` as calendar days in `zone`.

    With `runs`, the last date is that of the run with this number. A rule of every n weeks counts the week of `first`
    as its first one. If the first date has begun, the series has no start and begins with the next run. Raises
    EndsBeforeStart, NeverRuns, TooManyRuns, FewerRuns, SeveralRunsADay, SecondsInRule, UnknownZone or DateOutOfRange.
    """
    if runs is not None and runs > MOST_RUNS:
        raise TooManyRuns(runs)
    if last is not None and last < first:
        raise EndsBeforeStart(first, last)
    start = start_of_day(first, zone)
    every_n_weeks = isinstance(rule, EveryNWeeks)
    repeat = Repeat(
        expression=cron_expression(rule, at),
        starts_at=start if start > now else None,
        ends_at=end_of_day(last, zone) if last else None,
        every_weeks=rule.weeks if isinstance(rule, EveryNWeeks) else 1,
        anchor=_anchor(first, at, zone) if every_n_weeks else None,
    )
    if runs is None:
        next_runs(repeat, zone, after=now, count=1)
        return repeat
    return _ending_after(repeat, zone, runs, now)


def _ending_after(repeat: Repeat, zone: str, runs: int, now: datetime) -> Repeat:
    """Return a series that ends with the day of its run of this number."""
    found = next_runs(repeat, zone, after=now, count=runs + 1)
    if len(found) < runs:
        raise FewerRuns(runs, len(found))
    last = wall_time(found[runs - 1], zone).date()
    ends_at = end_of_day(last, zone)
    if len(found) > runs and found[runs] <= ends_at:
        raise SeveralRunsADay(runs, last)
    return repeat.model_copy(update={"ends_at": ends_at})


def _anchor(first: date, at: time, zone: str) -> datetime:
    """Return the instant at which the clocks show a time on the Monday of a week.

    Only whole weeks count from it, so it need not be exact: where the clocks skip the time, the time before will do.
    """
    monday = first - timedelta(days=first.weekday())
    try:
        return instant(datetime.combine(monday, at), zone, which=1)
    except SkippedHour as skipped:
        return instant(skipped.before, zone, which=1)


def runs_of(post: Post, *, after: datetime, count: int = 5) -> list[datetime]:
    """Return up to `count` runs of a repeating post after an instant; none after the last one, or of another post."""
    rule = post.repeat
    if rule is None:
        return []
    try:
        return next_runs(rule, post.zone, after=after, count=count)
    except NeverRuns:
        return []


def runs_between(post: Post, *, after: datetime, until: datetime, limit: int) -> list[datetime]:
    """Return the last runs of a repeating post between two instants, at most `limit`; none of another post."""
    rule = post.repeat
    if rule is None:
        return []
    firings = parse_expression(rule.expression, post.zone, start=rule.starts_at, end=rule.ends_at).after(after)
    passed = takewhile(lambda run: run <= until, firings)
    return list(deque((each for each in passed if not rule.exclude(each)), maxlen=limit))


def is_run(repeat: Repeat, zone: str, run: datetime) -> bool:
    """Return whether a series has a run at an instant."""
    try:
        return next_runs(repeat, zone, after=run - _MILLISECOND, count=1) == [run]
    except NeverRuns:
        return False


def runs_on(day: date, repeat: Repeat, zone: str) -> list[datetime]:
    """Return the runs of a series on a calendar day in its zone, at most SKIPPED_LIMIT."""
    last = min(repeat.ends_at or end_of_day(day, zone), end_of_day(day, zone))
    of_day = repeat.model_copy(update={"ends_at": last})
    try:
        return next_runs(of_day, zone, after=start_of_day(day, zone) - _MILLISECOND, count=SKIPPED_LIMIT)
    except NeverRuns:
        return []


def same_run(repeat: Repeat, zone: str, run: datetime) -> datetime | None:
    """Return the run that an earlier run of a series is by its rule: itself, or else the only run of its day.

    Skipped runs count. Return None if there is neither.
    """
    rule = repeat.model_copy(update={"skipped": ()})
    if is_run(rule, zone, run):
        return run
    of_day = runs_on(wall_time(run, zone).date(), rule, zone)
    return of_day[0] if len(of_day) == 1 else None


def describe_timing(post: Post, slack: timedelta = timedelta()) -> str:
    """Return the rule of a repeating post as a sentence, or the time of a one-time post, in the post's zone.

    `slack` is how long after its times the post may go out.
    """
    if post.repeat is not None:
        return describe_rule(*rule_of(post.repeat), post.zone, slack)
    return promise(date_and_time(post.due_at, post.zone), slack) if post.due_at is not None else ""


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
