"""The next occurrence of a schedule. Instants are milliseconds since 1970, UTC, as in the store."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zlib import crc32

from core.time.expressions import Expression, parse_expression
from core.time.instants import EPOCH, epoch_ms, from_epoch_ms

_MAX_INSTANT = epoch_ms(datetime.max.replace(tzinfo=UTC))
"""The last instant of a datetime. Every stored instant must be readable as one."""

Definition = Mapping[str, Any]
"""The members of GetSchedule's response except CreationDate and LastModificationDate. Dates are epoch seconds."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The progress of one generation of a schedule."""

    anchor: int
    """The instant at which the expression was set. A rate without StartDate counts from it."""
    fired: int | None = None
    """The last dispatched occurrence."""
    occurrence: int | None = None
    """The pending occurrence. None if there is none or the schedule is disabled."""
    due: int | None = None
    """The instant of its dispatch. A flexible window delays it."""


def initial_timing(definition: Definition, now: int) -> Timing:
    """Return the timing of a schedule created now. An at() in the past is due at once."""
    return with_occurrence(definition, Timing(anchor=now), _first(definition, now))


def timing_after_update(old: Definition, timing: Timing, new: Definition, now: int) -> Timing:
    """Return the timing after the definition was replaced now. No occurrence fires twice.

    If the expression, the zone or a date changes, the schedule starts afresh. If only the dates of a cron change,
    no run comes before the pending one. Otherwise a pending occurrence stays pending. When a schedule is enabled
    again, a repeating one continues with its next occurrence from now, and an at() that has not fired is pending.
    """
    if not same_expression(old, new):
        restarted = replace(timing, anchor=now)
        first, pending = _unfired(new, restarted, _first(new, now)), timing.occurrence
        if first is not None and pending is not None and first < pending and _is_running_cron(old, new, now):
            first = _next(new, now, pending - 1)
        return with_occurrence(new, restarted, first)
    if timing.occurrence is not None:
        return with_occurrence(new, timing, timing.occurrence)
    if runs_once(new):
        return with_occurrence(new, timing, _unfired(new, timing, _first(new, now)))
    return with_occurrence(new, timing, _next(new, timing.anchor, max(now, timing.fired or 0)))


def timing_after_firing(definition: Definition, timing: Timing) -> Timing:
    """Return the timing after the pending occurrence was dispatched. Raises UnknownZone if the zone has disappeared."""
    fired = timing.occurrence
    assert fired is not None, "only due schedules are dispatched"
    following = _next(definition, timing.anchor, fired)
    if following is None:
        return Timing(timing.anchor, fired)
    return with_occurrence(definition, replace(timing, fired=fired), following)


def has_missed_more_than(definition: Definition, timing: Timing, count: int, until: int) -> bool:
    """Return whether more than `count` occurrences from the pending one on are before `until`."""
    assert timing.occurrence is not None, "an occurrence is pending"
    later = expression_of(definition, timing.anchor).next(count, after=from_epoch_ms(timing.occurrence))
    return len(later) == count and epoch_ms(later[-1]) < until


def skip_to(definition: Definition, timing: Timing, earliest: int) -> Timing:
    """Return the timing whose pending occurrence is the first one at or after `earliest`."""
    return with_occurrence(definition, timing, _next(definition, timing.anchor, earliest - 1))


def with_occurrence(definition: Definition, timing: Timing, occurrence: int | None) -> Timing:
    """Return the timing with another pending occurrence; without one while the schedule is disabled."""
    if occurrence is None or definition["State"] != "ENABLED":
        return replace(timing, occurrence=None, due=None)
    due = min(occurrence + _window_delay(definition, occurrence), _MAX_INSTANT)
    return replace(timing, occurrence=occurrence, due=due)


def _window_delay(definition: Definition, occurrence: int) -> int:
    """Return the delay of an occurrence within its flexible window.

    A hash spreads the delays evenly, and each occurrence always has the same delay.
    """
    window: int = definition["FlexibleTimeWindow"].get("MaximumWindowInMinutes", 0)
    if not window:
        return 0
    return crc32(f"{definition['GroupName']}/{definition['Name']}/{occurrence}".encode()) % (window * 60_000)


def _unfired(definition: Definition, timing: Timing, occurrence: int | None) -> int | None:
    """Return `occurrence` if it is later than the last dispatched one, else the one after that."""
    if occurrence is None or timing.fired is None or occurrence > timing.fired:
        return occurrence
    return _next(definition, timing.anchor, timing.fired)


def _first(definition: Definition, now: int) -> int | None:
    first = expression_of(definition, now).first(from_epoch_ms(now))
    return None if first is None else epoch_ms(first)


def _next(definition: Definition, anchor: int, after: int) -> int | None:
    if runs_once(definition):
        return None
    found = expression_of(definition, anchor).next(1, after=from_epoch_ms(after))
    return epoch_ms(found[0]) if found else None


def expression_of(definition: Definition, anchor: int) -> Expression:
    """Return the parsed expression of a schedule whose expression was set at `anchor`.

    Raises InvalidExpression or UnknownZone.
    """
    text, zone = definition["ScheduleExpression"], definition["ScheduleExpressionTimezone"]
    if runs_once(definition):
        return _parsed(text, zone, None, None, None)
    return _parsed(text, zone, date_of(definition, "StartDate"), date_of(definition, "EndDate"), from_epoch_ms(anchor))


@lru_cache(maxsize=256)
def _parsed(text: str, zone: str, start: datetime | None, end: datetime | None, created: datetime | None) -> Expression:
    return parse_expression(text, zone, start=start, end=end, created=created)


def runs_once(definition: Definition) -> bool:
    """Return whether the expression is an at(), which ignores StartDate and EndDate."""
    return bool(definition["ScheduleExpression"].startswith("at("))


def date_of(definition: Definition, member: str) -> datetime | None:
    """Return a date of the definition as an instant, or None where it is unset."""
    seconds = definition.get(member)
    return None if seconds is None else EPOCH + timedelta(seconds=seconds)


def _is_running_cron(old: Definition, new: Definition, now: int) -> bool:
    """Return whether both definitions are the same cron in the same zone, which has begun."""
    starts = (date_of(definition, "StartDate") for definition in (old, new))
    return (
        new["ScheduleExpression"].startswith("cron(")
        and all(old[member] == new[member] for member in ("ScheduleExpression", "ScheduleExpressionTimezone"))
        and all(start is None or epoch_ms(start) <= now for start in starts)
    )


def same_expression(old: Definition, new: Definition) -> bool:
    """Return whether two definitions have the same expression, zone and dates."""
    members = ("ScheduleExpression", "ScheduleExpressionTimezone", "StartDate", "EndDate")
    return all(old.get(member) == new.get(member) for member in members)
