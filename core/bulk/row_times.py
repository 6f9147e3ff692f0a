"""The dates and times of a table, in the forms that spreadsheets and schedulers write."""

import re
from collections.abc import Iterable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal

from core.errors import PunctualError
from core.time.instants import instants, utc_text, wall_time
from core.time.written_refusals import WrittenTime
from core.time.written_times import read_time

DateOrder = Literal["day first", "month first"]

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_REST = r"(?:(?:T|,?\s+(?:at\s+)?|,)(?P<rest>\S.*))?"
_WEEKDAY = r"(?:(?P<weekday>(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*)\.?,?\s+)?"
_MONTH = rf"(?P<name>(?:{'|'.join(_MONTHS)})[a-z]*)\.?"
_YEAR_FIRST = re.compile(rf"{_WEEKDAY}(?P<year>\d{{4}})([-./])(?P<month>\d{{1,2}})\3(?P<day>\d{{1,2}}){_REST}", re.I)
_NUMBERS = re.compile(rf"{_WEEKDAY}(?P<one>\d{{1,2}})([-./])(?P<two>\d{{1,2}})\3(?P<year>\d{{4}}){_REST}", re.I)
_DAY_NAME = re.compile(
    rf"{_WEEKDAY}(?P<day>\d{{1,2}})(?:st|nd|rd|th|\.)?\s+{_MONTH},?\s+(?P<year>\d{{4}}){_REST}", re.I
)
_NAME_DAY = re.compile(rf"{_WEEKDAY}{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?,?\s+(?P<year>\d{{4}}){_REST}", re.I)
_DATES = (_YEAR_FIRST, _NUMBERS, _DAY_NAME, _NAME_DAY)
_WORD = re.compile(r"[^\W\d_]{3}")
_TIME = re.compile(
    r"(?P<hour>\d{1,2})(?:[:.h](?P<minute>\d{2}))?(?:[:.](?P<second>\d{2})(?:[.,]\d+)?)?"
    r"\s*(?P<half>[ap]\.?m\.?)?\s*(?P<offset>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.I,
)


class UnreadableTime(PunctualError):
    """A cell is no date and time."""

    hint = "Write it like 2026-12-24 09:00."

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no date and time.")


class IncompleteTime(PunctualError):
    """A date has no time of day."""

    hint = "Write both, like 2026-12-24 09:00, or neither: the post then goes to the next free posting time."

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} has no time of day.")


class UnreadableDate(PunctualError):
    """A cell is no date."""

    hint = "Write it like 2026-12-24."

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no date.")


class AmbiguousDate(PunctualError):
    """The file does not tell whether the day or the month comes first."""

    hint = "Say whether the day or the month comes first, or write the date like 2026-12-24."

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} can be read in two ways.")


class WrongWeekday(PunctualError):
    """The weekday does not belong to the date."""

    hint = "Correct the date or the weekday."

    def __init__(self, text: str, day: date) -> None:
        super().__init__(f"{text!r} names a weekday that the date does not have: {day:%d %b %Y} is a {day:%A}.")


def read_row_time(text: str, zone: str, order: DateOrder | None, now: datetime) -> WrittenTime:
    """Return the time of a cell. One with an offset from UTC is converted to the zone.

    `order` tells how dates such as 04/05/2026 are read. What has words is read as a person's words. Raises
    UnreadableTime, IncompleteTime, AmbiguousDate, WrongWeekday, UnknownZone, DateOutOfRange or the errors of
    `read_time`.
    """
    plain = " ".join(text.split())
    found = _date_in(plain)
    if found is None:
        if not _WORD.search(plain):  # a time of day alone would be today's, whatever day the row means
            raise UnreadableTime(plain)
        return read_time(plain, zone, now)
    day = _date(found, plain, order)
    if not found["rest"]:
        raise IncompleteTime(plain)
    if not _TIME.fullmatch(found["rest"].strip()) and _WORD.search(found["rest"]):  # such as the name of a zone
        return read_time(f"{day:%d %b %Y} {found['rest']}", zone, now)
    clock, offset = _time(found["rest"], plain)
    wall = datetime.combine(day, clock)
    if offset is None:
        return WrittenTime(wall=wall, zone=zone)
    instant = _instant(wall, offset, plain)
    local = wall_time(instant, zone).replace(tzinfo=None)
    both = instants(local, zone)
    return WrittenTime(wall=local, zone=zone, which=1 + both.index(instant) if len(both) == 2 else None)


def read_row_date(text: str, order: DateOrder | None) -> date:
    """Return the date of a cell without a time of day. Raises UnreadableDate, AmbiguousDate or WrongWeekday."""
    plain = " ".join(text.split())
    found = _date_in(plain)
    if found is None or found["rest"]:
        raise UnreadableDate(plain)
    try:
        return _date(found, plain, order)
    except UnreadableTime:
        raise UnreadableDate(plain) from None


def time_meaning(text: str, order: DateOrder | None) -> str:
    """Return the same text for each way to write one date and time: its wall time, or its instant if it has an offset.

    Words such as `tomorrow 9am` stay as they are, because their time depends on the day on which they are read.
    """
    plain = " ".join(text.split())
    found = _date_in(plain)
    if found and found["rest"] and _TIME.fullmatch(found["rest"].strip()):
        with suppress(PunctualError):  # the dry run says why it cannot be read
            clock, offset = _time(found["rest"], plain)
            wall = datetime.combine(_date(found, plain, order), clock)
            return wall.isoformat() if offset is None else utc_text(_instant(wall, offset, plain))
    return plain.casefold()


def date_order(texts: Iterable[str]) -> DateOrder | None:
    """Return the order of day and month in a file, by a date with a number above 12; None if no date tells it."""
    for text in texts:
        found = _NUMBERS.fullmatch(" ".join(text.split()))
        if found and int(found["one"]) > 12:
            return "day first"
        if found and int(found["two"]) > 12:
            return "month first"
    return None


def _date_in(plain: str) -> re.Match[str] | None:
    """Return the match of the pattern of dates that a text has."""
    return next((found for each in _DATES if (found := each.fullmatch(plain))), None)


def _date(found: re.Match[str], text: str, order: DateOrder | None) -> date:
    parts = found.groupdict()
    if "one" in parts:
        day, month = _ordered(found, text, order)
    else:
        day = int(parts["day"])
        month = 1 + _MONTHS.index(parts["name"][:3].lower()) if parts.get("name") else int(parts["month"])
    try:
        chosen = date(int(parts["year"]), month, day)
    except ValueError:
        raise UnreadableTime(text) from None
    weekday = parts["weekday"]
    if weekday and weekday[:3].lower() != _DAYS[chosen.weekday()]:
        raise WrongWeekday(text, chosen)
    return chosen


def _ordered(found: re.Match[str], text: str, order: DateOrder | None) -> tuple[int, int]:
    """Return the day and the month of a date of numbers. Dots are written where the day comes first."""
    one, two = int(found["one"]), int(found["two"])
    if one != two and one <= 12 and two <= 12 and order is None and found[3] != ".":
        raise AmbiguousDate(text)
    month_first = two > 12 if one <= 12 < two or two <= 12 < one else order == "month first" and found[3] != "."
    return (two, one) if month_first else (one, two)


def _time(rest: str, text: str) -> tuple[time, timedelta | None]:
    found = _TIME.fullmatch(rest.strip())
    if found is None or not (found["minute"] or found["half"]):
        raise UnreadableTime(text)
    hour, half = int(found["hour"]), (found["half"] or "")[:1].lower()
    if half and not 1 <= hour <= 12:
        raise UnreadableTime(text)
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    try:
        return time(hour, int(found["minute"] or 0), int(found["second"] or 0)), _offset(found["offset"])
    except ValueError:
        raise UnreadableTime(text) from None


def _offset(text: str | None) -> timedelta | None:
    if not text:
        return None
    if text.upper() in ("Z", "UTC"):
        return timedelta()
    digits = text[1:].replace(":", "")
    offset = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return -offset if text[0] == "-" else offset


def _instant(wall: datetime, offset: timedelta, text: str) -> datetime:
    try:
        return (wall - offset).replace(tzinfo=UTC)
    except OverflowError:
        raise UnreadableTime(text) from None
