"""English texts for times, durations, counts and lists."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import regex

from core.time.instants import DateOutOfRange, instants, offset_label, wall_time

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))
_LATE = (("days", 86_400_000), ("h", 3_600_000), ("min", 60_000), ("s", 1000))
"""The units of lateness with their milliseconds, the largest first. Each is used from two of them on."""


def duration(length: timedelta) -> str:
    """Return `2 days 3 hours`, `5 minutes` or `40 seconds`: the two largest units, seconds only below a minute."""
    seconds = int(abs(length).total_seconds())
    if seconds < 60:
        return plural(seconds, "second")
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next(index for index, (count, _) in enumerate(parts) if count)
    return " ".join(plural(count, unit) for count, unit in parts[first : first + 2] if count)


def relative_time(instant: datetime, now: datetime) -> str:
    """Return `in 2 days 3 hours`, `now` or `5 minutes ago`."""
    ahead = instant - now
    if abs(ahead) < timedelta(seconds=1):
        return "now"
    return f"in {duration(ahead)}" if ahead > timedelta() else f"{duration(ahead)} ago"


def clock_time(instant: datetime, zone: str) -> str:
    """Return `09:00`, or `09:00:05` if it has seconds. The caller shows the zone."""
    wall = wall_time(instant, zone)
    return f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"


def promise(time: str, slack: timedelta) -> str:
    """Return the text of a time, or `within a minute of 09:00` if a post may go out up to `slack` after it."""
    return f"within a minute of {time}" if slack else time


def calendar_day(day: date) -> str:
    """Return `Tue 24 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def day_heading(day: date, today: date) -> str:
    """Return `Today, Tue 24 Nov 2026`. `Tomorrow` and `Yesterday` are prefixes too; other days have none."""
    prefix = {0: "Today, ", 1: "Tomorrow, ", -1: "Yesterday, "}.get((day - today).days, "")
    return f"{prefix}{calendar_day(day)}"


def date_and_time(instant: datetime, zone: str) -> str:
    """Return `Tue 24 Nov 2026, 09:00 Europe/Berlin`, with the offset, in brackets, of a wall time that occurs twice."""
    wall = wall_time(instant, zone)
    text = f"{calendar_day(wall.date())}, {clock_time(instant, zone)} {zone}"
    return f"{text} ({offset_label(instant, zone)})" if _occurs_twice(wall, zone) else text


def _occurs_twice(wall: datetime, zone: str) -> bool:
    try:
        return len(instants(wall.replace(tzinfo=None), zone)) == 2
    except DateOutOfRange:
        return False


def city(zone: str) -> str:
    """Return the city in a zone's name, such as `New York`, or `UTC` for UTC."""
    return zone.rpartition("/")[2].replace("_", " ")


def zone_label(zone: str, at: datetime) -> str:
    """Return `New York (UTC-05:00) - America/New_York`, with the offset at the instant `at`."""
    return f"{city(zone)} ({offset_label(at, zone)}) - {zone}"


def lateness(milliseconds: int) -> str:
    """Return how late a post was, to the millisecond: `42 ms late`, `3 min 1.204 s late`; `on time` if it was not."""
    if milliseconds <= 0:
        return "on time"
    minutes, rest = divmod(milliseconds, 60_000)
    if minutes:
        return f"{minutes:,} min {rest / 1000:.3f} s late"
    return f"{rest / 1000:.3f} s late" if rest >= 1000 else f"{rest} ms late"


def lateness_in_words(milliseconds: int) -> str:
    """Return how late a post was at a glance: `on time` within a second, else `12 s late`, `4 min late` and so on."""
    if milliseconds <= 1000:
        return "on time"
    unit, size = next(((unit, size) for unit, size in _LATE if milliseconds >= 2 * size), _LATE[-1])
    return f"{milliseconds // size:,} {unit} late"


def join_names(names: Sequence[str]) -> str:
    """Return `Outbox`, `Outbox and Sales` or `Outbox, Sales and Ada`. There is at least one name."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def plural(count: int, noun: str) -> str:
    """Return `1 post` or `1,204 posts`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def excerpt(text: str, length: int) -> str:
    """Return the text on one line, cut to at most `length` code points with an ellipsis.

    The cut falls between words where possible, else between grapheme clusters.
    """
    return _cut(" ".join(text.split()), length)


def opening(text: str, length: int, *, lines: int) -> str:
    """Return the first lines of the text as they are written, at most `lines`, cut as `excerpt` does."""
    written = text.strip().splitlines()
    shown = _cut("\n".join(written[:lines]), length)
    return shown if len(written) <= lines or shown.endswith("…") else f"{shown}\n…"


def _cut(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    end = max(text.rfind(space, length // 2, length) for space in " \n")
    if end <= 0:
        ends = (found.end() for found in regex.finditer(r"\X", text[: 2 * length]))
        end = max((each for each in ends if each < length), default=length - 1)
    return f"{text[:end]}…"
