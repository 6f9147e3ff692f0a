"""The schedule expressions of EventBridge Scheduler: `at(...)`, `rate(...)` and `cron(...)`, and when they run."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count as counting
from itertools import islice
from typing import Protocol

from core.errors import PunctualError
from core.time import cron
from core.time.instants import EPOCH, SkippedHour, instant, instants, wall_time, zone_named

START_LENIENCE = timedelta(minutes=5)
"""How long ago a StartDate may be when a schedule is created, as on AWS; a run due since then still comes."""

_MILLISECOND = timedelta(milliseconds=1)
_BEFORE_ALL_CRONS = datetime(1969, 12, 30, tzinfo=UTC)
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
        self.text = text


class Rule(Protocol):
    """What is between the parentheses, bound to a zone. Its occurrences are whole milliseconds, as the store keeps
    them, so that one read back from there is the same one."""

    def onwards(self, earliest: datetime) -> Iterator[datetime]:
        """Yield the occurrences at or after `earliest`, in UTC and in order; ends where the calendar ends."""


@dataclass(frozen=True, slots=True)
class Expression:
    """When a schedule runs, as instants in UTC. Built by `parse`."""

    text: str
    zone: str
    rule: Rule
    start: datetime | None
    end: datetime | None

    def next(self, count: int, *, after: datetime) -> list[datetime]:
        """Return the next `count` occurrences strictly after `after`, from start to end, both included; fewer if it
        ends before."""
        return list(islice((occurrence for occurrence in self._onwards(after) if occurrence > after), count))

    def first(self, created: datetime) -> datetime | None:
        """Return the occurrence that a schedule created at `created` runs first; None if it never runs.

        An at() runs even when it is past, as on AWS. A rate without start runs at once. A start of a moment ago counts;
        of one that is longer past, which an update may keep, nothing is made up for.
        """
        if isinstance(self.rule, Once):
            return self.rule.instant
        just_started = self.start is not None and self.start >= created - START_LENIENCE
        return next(self._onwards(created - START_LENIENCE if just_started else created), None)

    def _onwards(self, earliest: datetime) -> Iterator[datetime]:
        for occurrence in self.rule.onwards(max(earliest, self.start) if self.start else earliest):
            if self.end is not None and occurrence > self.end:
                return
            yield occurrence


def parse(
    text: str,
    zone: str = "UTC",
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    created: datetime | None = None,
) -> Expression:
    """Read an expression as AWS does. Raises InvalidExpression, or UnknownZone.

    `start` and `end` bound rates and crons; an at() ignores them. A rate counts from `start`, else from `created`,
    the instant its schedule was made, else from whatever instant it is asked about.
    """
    zone_named(zone)
    kind = _KIND.fullmatch(text)
    if kind is None:
        raise InvalidExpression(text)
    try:
        if kind[1] == "at":
            return Expression(text, zone, Once(_at(kind[2], zone)), None, None)
        if kind[1] == "rate":
            return Expression(text, zone, Rate(_period(kind[2]), _anchor(start or created)), start, end)
        return Expression(text, zone, InZone(cron.parse(kind[2]), zone), start, end)
    except (ValueError, OverflowError) as error:
        raise InvalidExpression(text) from error


@dataclass(frozen=True, slots=True)
class Once:
    """An at()."""

    instant: datetime

    def onwards(self, earliest: datetime) -> Iterator[datetime]:
        if self.instant >= earliest:
            yield self.instant


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate(): equal steps from its anchor. A day is 24 hours, also where the clocks change."""

    period: timedelta
    anchor: datetime | None

    def onwards(self, earliest: datetime) -> Iterator[datetime]:
        anchor = self.anchor or earliest.astimezone(UTC)
        periods_since = -((anchor - earliest) // self.period)
        for number in counting(max(0, periods_since)):
            try:
                yield anchor + number * self.period
            except OverflowError:
                return


@dataclass(frozen=True, slots=True)
class InZone:
    """A cron() on the wall clock of a zone.

    A wall time that the clocks skip has no run; one that they show twice has one, the first time.
    """

    cron: cron.Cron
    zone: str

    def onwards(self, earliest: datetime) -> Iterator[datetime]:
        if earliest.year > _LAST_CRON_YEAR:
            return
        wall = wall_time(max(earliest, _BEFORE_ALL_CRONS), self.zone).replace(tzinfo=None)
        for minute in self.cron.walls(wall):
            shown = instants(minute, self.zone)
            if shown and shown[0] >= earliest:
                yield shown[0]


def _at(body: str, zone: str) -> datetime:
    """Return the instant of an at(), to the second.

    AWS does not say what an at() means where the clocks change. Here it is what java.time says: of a doubled time the
    first; a skipped time is later by the length of the gap, so 02:30 becomes 03:30.
    """
    if not _AT.fullmatch(body):
        raise ValueError(body)
    wall = datetime.fromisoformat(body)
    try:
        return instant(wall, zone, which=1)
    except SkippedHour as gap:
        return instant(gap.before, zone, which=1) + (wall - gap.before)


def _anchor(begin: datetime | None) -> datetime | None:
    """The first whole millisecond of a rate."""
    return begin and EPOCH - (EPOCH - begin) // _MILLISECOND * _MILLISECOND


def _period(body: str) -> timedelta:
    """Read `5 minutes`. AWS takes either number of the unit (`rate(1 minutes)`, `rate(2 minute)`: both recorded from
    the live Scheduler, whose guide states no rule; only the older EventBridge rules refuse them)."""
    found = _RATE.fullmatch(body)
    if found is None or int(found[1]) == 0:
        raise ValueError(body)
    return timedelta(**{f"{found[2]}s": int(found[1])})
