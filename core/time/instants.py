"""Wall clocks and instants: what a person means by a time, and when that is."""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytz

from core.errors import PunctualError

Clock = Callable[[], datetime]
"""Answers the present instant, aware, in UTC. Only entry points pass the real one."""


EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class UnknownZone(PunctualError):
    """The name is in no time zone database."""

    hint = "Choose a zone from the list, for example Europe/Berlin or America/New_York."

    def __init__(self, zone: str) -> None:
        super().__init__(f"There is no time zone called {zone!r}.")


class SkippedHour(PunctualError):
    """The clocks jump over this wall time."""

    def __init__(self, wall: datetime, zone: str, before: datetime, after: datetime) -> None:
        super().__init__(f"{wall:%H:%M} does not exist in {zone} on {wall:%d %b %Y}: the clocks go forward over it.")
        self.before = before
        self.after = after
        self.hint = f"The nearest times are {before:%H:%M} before the change and {after:%H:%M} after it."


class DoubledHour(PunctualError):
    """The clocks show this wall time twice; the person must say which one."""

    def __init__(self, wall: datetime, zone: str, instants: tuple[datetime, datetime]) -> None:
        super().__init__(f"{wall:%H:%M} comes twice in {zone} on {wall:%d %b %Y}: the clocks go back over it.")
        self.instants = instants
        first, second = (offset_label(instant, zone) for instant in instants)
        self.hint = f"Say which one: the first ({first}) or the second ({second})."


class BeyondCalendar(PunctualError, OverflowError):
    """The date lies at an end of the calendar, the years 1 and 9999, where nothing can be reckoned any more."""

    hint = "Choose a date within the next three years."

    def __init__(self, day: date) -> None:
        super().__init__(f"{day:%d %b %Y} is too near to an end of the calendar.")


def real_clock() -> datetime:
    """The machine's own clock. For entry points only."""
    return datetime.now(UTC)


def zone_named(zone: str) -> pytz.BaseTzInfo:
    """Return the zone of an IANA name, exactly spelled. Raises UnknownZone."""
    if zone not in pytz.all_timezones_set:
        raise UnknownZone(zone)
    return pytz.timezone(zone)


def wall_time(instant: datetime, zone: str) -> datetime:
    """Return what a clock in `zone` shows at `instant`, aware of its offset."""
    return instant.astimezone(zone_named(zone))


def instants(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """Return the instants, in UTC and in order, at which clocks in `zone` show the naive time `wall`.

    One as a rule; none where the clocks jump over it; two where they go back over it. The offsets in force a day
    before and a day after are the only candidates, since no zone changes its clocks twice within two days. (The zone
    data ends with 2037; every later year keeps the offset of its last day.) Raises UnknownZone or BeyondCalendar.
    """
    tz = zone_named(zone)
    as_if_utc = wall.replace(tzinfo=UTC)
    try:
        offsets = {_offset(as_if_utc - _DAY, tz), _offset(as_if_utc + _DAY, tz)}
        candidates = sorted(as_if_utc - offset for offset in offsets)
    except OverflowError as error:
        raise BeyondCalendar(wall) from error
    if len(candidates) == 1:
        return (candidates[0],)
    return tuple(candidate for candidate in candidates if candidate + _offset(candidate, tz) == as_if_utc)


def instant(wall: datetime, zone: str, *, which: int | None = None) -> datetime:
    """Return the one instant, in UTC, at which clocks in `zone` show the naive time `wall`.

    Where the hour comes twice, `which` is 1 for the first and 2 for the second; elsewhere it changes nothing.
    Raises UnknownZone, BeyondCalendar, SkippedHour, or DoubledHour when `which` is needed and not given.
    """
    found = instants(wall, zone)
    if not found:
        raise SkippedHour(wall, zone, *_around_gap(wall, zone))
    if len(found) == 1:
        return found[0]
    first, second = found
    if which is None:
        raise DoubledHour(wall, zone, (first, second))
    return second if which == 2 else first


def offset_label(instant: datetime, zone: str) -> str:
    """Return the offset in force, as in `UTC+05:30`."""
    minutes = int((wall_time(instant, zone).utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def utc_text(instant: datetime) -> str:
    """Return the instant as ISO 8601 in UTC with a Z, to the second or, where it has them, to the millisecond."""
    precision = "milliseconds" if instant.microsecond else "seconds"
    return instant.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def from_utc_text(text: str) -> datetime:
    """Read what `utc_text` wrote; any ISO 8601 instant with an offset is taken. Raises ValueError without one."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} names no offset from UTC")
    return moment.astimezone(UTC)


def milliseconds(instant: datetime) -> int:
    """Return whole milliseconds since 1970 in UTC: how files keep instants."""
    return (instant - EPOCH) // timedelta(milliseconds=1)


def from_milliseconds(count: int) -> datetime:
    """Read what `milliseconds` wrote."""
    return EPOCH + timedelta(milliseconds=count)


def _offset(instant: datetime, tz: pytz.BaseTzInfo) -> timedelta:
    return instant.astimezone(tz).utcoffset() or timedelta()


def _around_gap(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """The last whole minute before the gap and the first one after it, as clocks there show them."""
    tz = zone_named(zone)
    minute = timedelta(minutes=1)
    earliest = wall.replace(tzinfo=UTC, second=0, microsecond=0) - _DAY
    before = _offset(earliest, tz)
    change = earliest + minute * bisect_left(
        range(2 * _DAY // minute), 1, key=lambda count: _offset(earliest + minute * count, tz) != before
    )
    return wall_time(change - minute, zone).replace(tzinfo=None), wall_time(change, zone).replace(tzinfo=None)
