"""The schedule expressions of EventBridge Scheduler, `at(...)`, `rate(...)` and `cron(...)`, and their occurrences."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from typing import Protocol

from core.errors import PunctualError
from core.time.cron import Cron, parse_cron
from core.time.instants import EPOCH, SkippedHour, instant, instants, time_zone, wall_time

START_DATE_TOLERANCE = timedelta(minutes=5)
"""How far in the past a new schedule's StartDate may be, as on AWS. Runs due since that StartDate fire."""

_MILLISECOND = timedelta(milliseconds=1)

# The search for a cron's runs is limited to instants that have a wall time in every zone. Crons run from 1970 to 2199.
_EARLIEST_CRON_SEARCH = datetime(1969, 12, 30, tzinfo=UTC)
_LAST_CRON_YEAR = 2199

_KIND = re.compile(r"(at|rate|cron)\((.*)\)", re.ASCII)
_AT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}", re.ASCII)
_RATE = re.compile(r"(\d{1,9}) (minute|hour|day)s?", re.ASCII)


class InvalidExpression(PunctualError):
    """AWS rejects the expression. The message is AWS's own."""

    hint = (
        "Write at(2026-11-24T08:00:00), rate(2 hours), or cron(minute hour day-of-month month day-of-week year) "
        "with ? in one of the two day fields, for example cron(0 9 ? * MON-FRI *)."
    )

    def __init__(self, text: str) -> None:
        super().__init__(f"Invalid Schedule Expression {text}.")


class ExpressionRule(Protocol):
    """The rule of an at, rate or cron expression.

    Its occurrences are whole milliseconds. The engine stores milliseconds, so a stored occurrence loses no precision.
    """

    def occurrences_from(self, earliest: datetime) -> Iterator[datetime]:
        """Yield the occurrences at or after `earliest`, in UTC and in order, to the end of the calendar."""


@dataclass(frozen=True, slots=True)
class Expression:
    """A parsed expression with its bounds: the occurrences of a schedule. Built by `parse_expression`."""

    rule: ExpressionRule
    start: datetime | None
    end: datetime | None

    def next(self, count: int, *, after: datetime) -> list[datetime]:
        """Return the next `count` occurrences after `after`, in UTC, or fewer if the schedule ends earlier.

        An occurrence at `after` itself is excluded. `start` and `end` are inclusive.
        """
        return list(islice(self.after(after), count))

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Yield the occurrences after an instant, as `next` returns them."""
        return (occurrence for occurrence in self._occurrences_from(instant) if occurrence > instant)

    def first(self, created: datetime) -> datetime | None:
        """Return the first occurrence, in UTC, of a schedule created at `created`, or None if it has no occurrence.

        An at() in the past still runs, as on AWS. A rate without a start runs at once. Runs before `created` count only
        if the start is at most START_DATE_TOLERANCE before `created`. An update may keep an older start.
        """
        if isinstance(self.rule, AtRule):
            return self.rule.instant
        just_started = self.start is not None and self.start >= created - START_DATE_TOLERANCE
        return next(self._occurrences_from(created - START_DATE_TOLERANCE if just_started else created), None)

    def _occurrences_from(self, earliest: datetime) -> Iterator[datetime]:
        for occurrence in self.rule.occurrences_from(max(earliest, self.start) if self.start else earliest):
            if self.end is not None and occurrence > self.end:
                return
            yield occurrence


def parse_expression(
    text: str,
    zone: str = "UTC",
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    created: datetime | None = None,
) -> Expression:
    """Parse an expression as AWS does. Raises InvalidExpression or UnknownZone.

    `start` and `end` bound rates and crons; an at() ignores them. A rate counts from `start`, else from `created`. With
    neither, it counts from the instant given to each call of `next` or `first`.
    """
    time_zone(zone)
    kind = _KIND.fullmatch(text)
    if kind is None:
        raise InvalidExpression(text)
    try:
        if kind[1] == "at":
            return Expression(AtRule(_at(kind[2], zone)), None, None)
        if kind[1] == "rate":
            return Expression(RateRule(_period(kind[2]), _rounded_up(start or created)), start, end)
        return Expression(CronRule(parse_cron(kind[2]), zone), start, end)
    except (ValueError, OverflowError) as error:
        raise InvalidExpression(text) from error


@dataclass(frozen=True, slots=True)
class AtRule:
    """An at(): one occurrence."""

    instant: datetime

    def occurrences_from(self, earliest: datetime) -> Iterator[datetime]:
        """Yield the instant if it is at or after `earliest`."""
        if self.instant >= earliest:
            yield self.instant


@dataclass(frozen=True, slots=True)
class RateRule:
    """A rate(): one run per period, counted from the anchor. A day has 24 hours, also across a clock change."""

    period: timedelta
    anchor: datetime | None

    def occurrences_from(self, earliest: datetime) -> Iterator[datetime]:
        """Yield the anchor and each period's end after it, from `earliest` on."""
        anchor = self.anchor or earliest.astimezone(UTC)
        periods_since = -((anchor - earliest) // self.period)
        for number in count(max(0, periods_since)):
            try:
                yield anchor + number * self.period
            except OverflowError:
                return


@dataclass(frozen=True, slots=True)
class CronRule:
    """A cron() on the wall clock of a zone.

    A wall time that the clocks skip has no run. A wall time that they repeat has one run, the first time.
    """

    cron: Cron
    zone: str

    def occurrences_from(self, earliest: datetime) -> Iterator[datetime]:
        """Yield the first instant of each selected wall time, from `earliest` on."""
        if earliest.year > _LAST_CRON_YEAR:
            return
        wall = wall_time(max(earliest, _EARLIEST_CRON_SEARCH), self.zone).replace(tzinfo=None)
        for minute in self.cron.wall_times(wall):
            found = instants(minute, self.zone)
            if found and found[0] >= earliest:
                yield found[0]


def _at(body: str, zone: str) -> datetime:
    """Return the instant of an at(), to the second.

    AWS does not document an at() at a clock change. This follows java.time: a repeated time is its first instant, and
    a skipped time moves later by the length of the gap, so 02:30 becomes 03:30.
    """
    if not _AT.fullmatch(body):
        raise ValueError(body)
    wall = datetime.fromisoformat(body)
    try:
        return instant(wall, zone, which=1)
    except SkippedHour as gap:
        return instant(gap.before, zone, which=1) + (wall - gap.before)


def _rounded_up(anchor: datetime | None) -> datetime | None:
    """Return the anchor rounded up to a whole millisecond."""
    return anchor and EPOCH - (EPOCH - anchor) // _MILLISECOND * _MILLISECOND


def _period(body: str) -> timedelta:
    """Return the period of a text such as `5 minutes`.

    The unit may be singular or plural with any number: the live Scheduler accepted `rate(1 minutes)` and
    `rate(2 minute)`. AWS's guide has no rule on this. Only the older EventBridge rules refuse such rates.
    """
    found = _RATE.fullmatch(body)
    if found is None or int(found[1]) == 0:
        raise ValueError(body)
    return timedelta(**{f"{found[2]}s": int(found[1])})
