"""When a schedule runs next, in the store's terms: milliseconds since 1970, UTC."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zlib import crc32

from core.time.expressions import Expression, parse

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)

_LAST = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""The end of the calendar: what the store holds must be readable as an instant."""

Definition = Mapping[str, Any]
"""A schedule as GetSchedule answers it; dates are epoch seconds."""


def milliseconds(instant: datetime) -> int:
    """Return the instant as the store keeps it."""
    return (instant - _EPOCH) // _MILLISECOND


def instant_of(milliseconds_: int) -> datetime:
    """Return what `milliseconds` turned into a number."""
    return _EPOCH + milliseconds_ * _MILLISECOND


@dataclass(frozen=True, slots=True)
class Timing:
    """Where a schedule stands. `fired` is the last occurrence that was handed over in this generation."""

    anchor: int
    fired: int | None = None
    occurrence: int | None = None
    due: int | None = None


def at_first(definition: Definition, now: int) -> Timing:
    """Return the timing of a schedule made now. An at() that is past is due at once."""
    return _planned(definition, Timing(anchor=now), _first(definition, now))


def after_update(old: Definition, timing: Timing, new: Definition, now: int) -> Timing:
    """Return the timing of a schedule whose definition was replaced now. What has fired never fires again.

    An occurrence that is pending stays pending if the expression stays; a schedule that is enabled again goes on with
    its next occurrence from now; an expression that was changed begins anew, as if just made.
    """
    if _when(old) != _when(new):
        begun = replace(timing, anchor=now)
        return _planned(new, begun, _unfired(new, begun, _first(new, now)))
    if timing.occurrence is not None:
        return _planned(new, timing, timing.occurrence)
    if runs_once(new):
        return _planned(new, timing, _unfired(new, timing, _first(new, now)))
    return _planned(new, timing, _next(new, timing.anchor, max(now, timing.fired or 0)))


def after_firing(definition: Definition, timing: Timing) -> Timing:
    """Return the timing once the pending occurrence was handed over. Raises UnknownZone if the zone is gone since."""
    fired = timing.occurrence
    assert fired is not None, "only what is due is handed over"
    following = _next(definition, timing.anchor, fired)
    return _planned(definition, replace(timing, fired=fired), following)


def more_missed_than(definition: Definition, timing: Timing, most: int, until: int) -> bool:
    """Tell whether more than `most` occurrences, from the pending one on, lie before `until`."""
    assert timing.occurrence is not None, "something is pending"
    later = expression_of(definition, timing.anchor).next(most, after=instant_of(timing.occurrence))
    return len(later) == most and milliseconds(later[-1]) < until


def skipped_to(definition: Definition, timing: Timing, earliest: int) -> Timing:
    """Return the timing with the first occurrence at or after `earliest` pending, whatever lies before it."""
    return _planned(definition, timing, _next(definition, timing.anchor, earliest - 1))


def _planned(definition: Definition, timing: Timing, occurrence: int | None) -> Timing:
    if occurrence is None or definition["State"] != "ENABLED":
        return replace(timing, occurrence=None, due=None)
    due = min(occurrence + _delay(definition, occurrence), _LAST)
    return replace(timing, occurrence=occurrence, due=due)


def _delay(definition: Definition, occurrence: int) -> int:
    """How far into its flexible window an occurrence goes out: spread evenly, and the same whenever it is asked."""
    window: int = definition["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
    if not window:
        return 0
    return crc32(f"{definition['GroupName']}/{definition['Name']}/{occurrence}".encode()) % (window * 60_000)


def _unfired(definition: Definition, timing: Timing, occurrence: int | None) -> int | None:
    if occurrence is None or timing.fired is None or occurrence > timing.fired:
        return occurrence
    return _next(definition, timing.anchor, timing.fired)


def _first(definition: Definition, now: int) -> int | None:
    first = expression_of(definition, now).first(instant_of(now))
    return None if first is None else milliseconds(first)


def _next(definition: Definition, anchor: int, after: int) -> int | None:
    if runs_once(definition):
        return None
    found = expression_of(definition, anchor).next(1, after=instant_of(after))
    return milliseconds(found[0]) if found else None


def expression_of(definition: Definition, anchor: int) -> Expression:
    """Return when a schedule runs whose expression was set at `anchor`. Raises InvalidExpression or UnknownZone."""
    text, zone = definition["ScheduleExpression"], definition["ScheduleExpressionTimezone"]
    if runs_once(definition):
        return _parsed(text, zone, None, None, None)
    return _parsed(text, zone, date_of(definition, "StartDate"), date_of(definition, "EndDate"), instant_of(anchor))


@lru_cache(maxsize=256)
def _parsed(text: str, zone: str, start: datetime | None, end: datetime | None, created: datetime | None) -> Expression:
    return parse(text, zone, start=start, end=end, created=created)


def runs_once(definition: Definition) -> bool:
    """Tell whether the expression is an at(), to which StartDate and EndDate mean nothing."""
    return bool(definition["ScheduleExpression"].startswith("at("))


def date_of(definition: Definition, member: str) -> datetime | None:
    """Return a date of the definition as an instant; None where it is not set."""
    seconds = definition.get(member)
    return None if seconds is None else _EPOCH + timedelta(seconds=seconds)


def _when(definition: Definition) -> tuple[Any, ...]:
    members = ("ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate")
    return tuple(definition.get(member) for member in members)
