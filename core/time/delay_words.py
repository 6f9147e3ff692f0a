"""Times counted from now, as people write them: in 2 weeks, in an hour and a half, 3 days from now."""

import re
from datetime import datetime, timedelta
from typing import Any

from dateutil.relativedelta import relativedelta

from core.time.instants import EPOCH

_UNITS = {
    "seconds": r"s|secs?|seconds?",
    "minutes": r"m|mins?|minutes?",
    "hours": r"h|hrs?|hours?",
    "days": r"d|days?",
    "weeks": r"w|wks?|weeks?",
    "fortnights": r"fortnights?",
    "months": r"mo|months?",
    "years": r"y|yrs?|years?",
}
_ELAPSED = ("seconds", "minutes", "hours")
_COUNT = r"(?:\d{1,5}|an?|one|two|three|four|five|six|seven|eight|nine|ten|half an?)"
_NUMBERS = ("a", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_ITEM = re.compile(rf"({_COUNT})\s*(?:{'|'.join(f'(?P<{name}>{form})' for name, form in _UNITS.items())})(?![a-z])")
_SEPARATOR = re.compile(r"\s*(?:and\s+)?")
_HALF = re.compile(r"\s+and a half(?!\w)")
_FROM_NOW = re.compile(r"\s+from now(?!\w)")
_IN = re.compile(r"in\s+(?=\d|an?\s|half\s|one|t|f|s|e|n)")


class Delay:
    """A length of time: elapsed time by hours and less, and calendar time by days and more."""

    def __init__(self) -> None:
        self.elapsed = timedelta()
        self.calendar = relativedelta()
        self.has_elapsed = False

    def add(self, number: float, unit: str) -> None:
        """Add a number of units."""
        if unit in _ELAPSED:
            self.elapsed += timedelta(**{unit: number})
            self.has_elapsed = True
        elif unit == "fortnights":
            self.calendar += relativedelta(days=int(number) * 14)
        else:
            lengths: dict[str, Any] = {unit: int(number)}
            self.calendar += relativedelta(**lengths)

    def due(self, now: datetime) -> datetime:
        """Return the instant after the elapsed time: a whole minute, or a whole second if seconds are written."""
        step = timedelta(seconds=1) if self.elapsed % timedelta(minutes=1) else timedelta(minutes=1)
        ending = now + self.elapsed
        return ending + (EPOCH - ending) % step

    @property
    def is_elapsed(self) -> bool:
        """Return whether the delay is elapsed time only."""
        return self.has_elapsed and not self.calendar


def take_delay(text: str) -> tuple[Delay, int] | None:
    """Return the delay at the start of a text, and how many characters it has; None if there is none."""
    start = _IN.match(text)
    delay, at = Delay(), start.end() if start else 0
    begun = False
    while item := _ITEM.match(text, _SEPARATOR.match(text, at).end() if begun else at):  # type: ignore[union-attr]
        unit = next(name for name in _UNITS if item[name])
        number = _number(item[1])
        at = item.end()
        if half := _HALF.match(text, at):
            number, at = number + 0.5, half.end()
        if number % 1 and unit not in _ELAPSED:
            return None
        delay.add(number, unit)
        begun = True
    ending = _FROM_NOW.match(text, at)
    if not begun or not (start or ending):
        return None
    return delay, ending.end() if ending else at


def _number(text: str) -> float:
    if text.isdecimal():
        return int(text)
    return 0.5 if text.startswith("half") else _NUMBERS.index("a" if text == "an" else text) or 1
