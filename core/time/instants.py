"""Conversions between wall times in a zone and instants in UTC."""

from bisect import bisect_left
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytz

from core.errors import MachineShortage, PunctualError, shortage_of

Clock = Callable[[], datetime]
"""Returns the current instant in UTC, as an aware datetime. Only entry points pass `real_clock`."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZONES = frozenset(pytz.all_timezones)
"""The names of all zones. pytz fills its own set at the first use, and takes a file that it cannot open for a zone that
does not exist; when this module is loaded, files can be opened."""
_DAY = timedelta(days=1)
_MILLISECOND = timedelta(milliseconds=1)


class UnknownZone(PunctualError):
    """The time zone database does not contain this name."""

    hint = "Use the name of a zone, for example Europe/Berlin or America/New_York."

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
    """The clocks show this wall time twice, and the caller did not choose one."""

    def __init__(self, wall: datetime, zone: str, instants: tuple[datetime, datetime]) -> None:
        super().__init__(f"{wall:%H:%M} occurs twice in {zone} on {wall:%d %b %Y}: the clocks go back over it.")
        self.instants = instants
        self.zone = zone
        first, second = (offset_label(instant, zone) for instant in instants)
        self.hint = f"Choose the first ({first}) or the second ({second})."


class DateOutOfRange(PunctualError, OverflowError):
    """The date is too close to year 1 or year 9999 to be converted."""

    hint = "Choose a date within the next three years."

    def __init__(self, day: date) -> None:
        super().__init__(f"{day:%d %b %Y} is outside the supported range of dates.")


def real_clock() -> datetime:
    """Return the time of the machine's clock. For entry points only."""
    return datetime.now(UTC)


def time_zone(name: str) -> pytz.BaseTzInfo:
    """Return the zone with this exact IANA name.

    Raises UnknownZone, or MachineShortage if the file of the zone cannot be opened now; the next call tries again.
    """
    if name not in _ZONES:
        raise UnknownZone(name)
    try:
        return pytz.timezone(name)
    except (OSError, MemoryError) as error:
        affected = f"the rules of {name} cannot be read"
        raise shortage_of(error, affected) or MachineShortage(
            "access to the time zone database", "Check that Python's package pytz is complete.", affected
        ) from error


def wall_time(instant: datetime, zone: str) -> datetime:
    """Return the wall time in `zone` at `instant`, as an aware datetime. Raises UnknownZone."""
    return instant.astimezone(time_zone(zone))


def instants(wall: datetime, zone: str) -> tuple[datetime, ...]:
    """Return the instants, in UTC and in order, at which clocks in `zone` show the naive time `wall`.

    A wall time has no instant if the clocks skip it, two instants if they repeat it, and otherwise one. Its offset is
    that of one day before or of one day after, because no zone changes its clocks twice within two days. pytz's data
    ends with 2037; every later date has the offset of the end of 2037. Raises UnknownZone or DateOutOfRange.
    """
    tz = time_zone(zone)
    as_if_utc = wall.replace(tzinfo=UTC)
    try:
        offsets = {_offset(as_if_utc - _DAY, tz), _offset(as_if_utc + _DAY, tz)}
        candidates = sorted(as_if_utc - offset for offset in offsets)
    except OverflowError as error:
        raise DateOutOfRange(wall) from error
    if len(candidates) == 1:
        return (candidates[0],)
    return tuple(candidate for candidate in candidates if candidate + _offset(candidate, tz) == as_if_utc)


def instant(wall: datetime, zone: str, *, which: int | None = None) -> datetime:
    """Return the instant, in UTC, at which clocks in `zone` show the naive time `wall`.

    If the clocks repeat `wall`, `which` selects the first (1) or the second (2) instant. Otherwise it has no effect.
    Raises UnknownZone, DateOutOfRange, SkippedHour, or DoubledHour if the clocks repeat `wall` and `which` is None.
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
    """Return the UTC offset of `zone` at `instant`, such as `UTC+05:30`."""
    minutes = int((wall_time(instant, zone).utcoffset() or timedelta()).total_seconds() // 60)
    sign = "-" if minutes < 0 else "+"
    return f"UTC{sign}{abs(minutes) // 60:02d}:{abs(minutes) % 60:02d}"


def utc_text(instant: datetime) -> str:
    """Return the instant in ISO 8601 with a Z: in milliseconds if it has a fraction of a second, else in seconds."""
    precision = "milliseconds" if instant.microsecond else "seconds"
    return instant.astimezone(UTC).isoformat(timespec=precision).replace("+00:00", "Z")


def from_utc_text(text: str) -> datetime:
    """Return the instant of an ISO 8601 text with a Z or a UTC offset. Raises ValueError."""
    parsed = datetime.fromisoformat(text)
    if parsed.tzinfo is None:
        raise ValueError(f"{text!r} has no UTC offset")
    return parsed.astimezone(UTC)


def epoch_ms(instant: datetime) -> int:
    """Return the milliseconds since 1970 in UTC, rounded down. Stored instants have this form."""
    return (instant - EPOCH) // _MILLISECOND


def from_epoch_ms(count: int) -> datetime:
    """Return the instant of a number of milliseconds since 1970 in UTC."""
    return EPOCH + count * _MILLISECOND


def _offset(instant: datetime, tz: pytz.BaseTzInfo) -> timedelta:
    return instant.astimezone(tz).utcoffset() or timedelta()


def _around_gap(wall: datetime, zone: str) -> tuple[datetime, datetime]:
    """Return the last wall time, in whole minutes, before a gap and the first one after it."""
    tz = time_zone(zone)
    minute = timedelta(minutes=1)
    earliest = wall.replace(tzinfo=UTC, second=0, microsecond=0) - _DAY
    before = _offset(earliest, tz)
    change = earliest + minute * bisect_left(
        range(2 * _DAY // minute), 1, key=lambda count: _offset(earliest + minute * count, tz) != before
    )
    return wall_time(change - minute, zone).replace(tzinfo=None), wall_time(change, zone).replace(tzinfo=None)
