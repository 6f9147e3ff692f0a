"""Times, spans and lists as people say them. English; every time of day names its zone."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import regex

from core.time.instants import offset_label, wall_time

_UNITS = (("day", 86_400), ("hour", 3_600), ("minute", 60))


def span(length: timedelta) -> str:
    """Return `2 days 3 hours`, `5 minutes` or `40 seconds`: the two largest units, seconds only below a minute."""
    seconds = int(abs(length).total_seconds())
    if seconds < 60:
        return counted(seconds, "second")
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        parts.append((count, unit))
    first = next(place for place, (count, _) in enumerate(parts) if count)
    return " ".join(counted(count, unit) for count, unit in parts[first : first + 2] if count)


def countdown(instant: datetime, now: datetime) -> str:
    """Return `in 2 days 3 hours`, `now` or `5 minutes ago`."""
    ahead = instant - now
    if abs(ahead) < timedelta(seconds=1):
        return "now"
    return f"in {span(ahead)}" if ahead > timedelta() else f"{span(ahead)} ago"


def clock_time(instant: datetime, zone: str) -> str:
    """Return `09:00`, or `09:00:05` where there are seconds. The zone is to be named beside it."""
    wall = wall_time(instant, zone)
    return f"{wall:%H:%M:%S}" if wall.second else f"{wall:%H:%M}"


def calendar_day(day: date) -> str:
    """Return `Tue 24 Nov 2026`."""
    return f"{day:%a} {day.day} {day:%b} {day.year}"


def day_heading(day: date, today: date) -> str:
    """Return `Today`, `Tomorrow` or `Yesterday` before the day itself, and other days alone."""
    word = {0: "Today, ", 1: "Tomorrow, ", -1: "Yesterday, "}.get((day - today).days, "")
    return f"{word}{calendar_day(day)}"


def moment(instant: datetime, zone: str) -> str:
    """Return `Tue 24 Nov 2026, 09:00 Europe/Berlin`."""
    return f"{calendar_day(wall_time(instant, zone).date())}, {clock_time(instant, zone)} {zone}"


def city(zone: str) -> str:
    """Return the place that a zone is named after: `New York`, `UTC`."""
    return zone.rpartition("/")[2].replace("_", " ")


def zone_label(zone: str, at: datetime) -> str:
    """Return `New York (UTC-05:00) - America/New_York`, with the offset in force at that instant."""
    return f"{city(zone)} ({offset_label(at, zone)}) - {zone}"


def lateness(milliseconds: int) -> str:
    """Return to the millisecond how late something was: `42 ms`, `1.204 s`, `3 min 1.204 s`."""
    minutes, rest = divmod(abs(milliseconds), 60_000)
    sign = "-" if milliseconds < 0 else ""
    if minutes:
        return f"{sign}{minutes:,} min {rest / 1000:.3f} s"
    return f"{sign}{rest / 1000:.3f} s" if rest >= 1000 else f"{sign}{rest} ms"


def listed(names: Sequence[str]) -> str:
    """Return `Outbox`, `Outbox and Sales` or `Outbox, Sales and Ada`."""
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def counted(count: int, noun: str) -> str:
    """Return `1 post` or `1,204 posts`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def excerpt(text: str, length: int) -> str:
    """Return the text on one line, cut within `length` code points with an ellipsis: at a word, else between what a
    reader sees as characters.
    """
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    end = line.rfind(" ", length // 2, length)
    if end <= 0:
        ends = (found.end() for found in regex.finditer(r"\X", line[: 2 * length]))
        end = max((each for each in ends if each < length), default=length - 1)
    return f"{line[:end]}…"
