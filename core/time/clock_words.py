"""Times of day as people write them: 9am, 9:30pm, 17:30, 17h30, noon."""

import re
from collections.abc import Callable
from datetime import time

from core.time.written_refusals import NoSuchTime, NotUnderstood

_END = r"(?![\w:])"
_TWELVE = re.compile(rf"(\d{{1,2}})(?:[:.](\d{{2}})(?:[:.](\d{{2}}))?)?\s*([ap])\.?(?:m\.?)?{_END}")
_TWENTY_FOUR = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2})(?:\.0+)?)?(?:\s?(?:h|uhr|hrs))?(?=z?(?![\w:]))")
_HOUR_MARK = re.compile(rf"(\d{{1,2}})\s?(?:h|uhr)\s?(\d{{2}})?{_END}")
_NOON = re.compile(rf"(?:12\s?)?(?:noon|midday){_END}")
_HALVES = {"morning": "a", "afternoon": "p", "evening": "p"}
_PART_OF_DAY = re.compile(rf"(?:in the )?({'|'.join(_HALVES)}){_END}")
_BARE = re.compile(rf"(\d{{1,2}})(?:\s?o'?clock)?{_END}")


class ClockWords:
    """Collects the words of a time of day from a text, and puts them together."""

    def __init__(self) -> None:
        self._found: time | None = None
        self._half: str | None = None
        self.bare: int | None = None
        """A number that may be an hour, such as 9 in "tomorrow 9"."""

    def take(self, rest: str) -> int:
        """Return how many characters at the start of the text belong to a time of day; 0 if none."""
        for pattern, read in self._readers():
            if match := pattern.match(rest):
                read(match)
                return match.end()
        return 0

    def take_bare(self, rest: str) -> int:
        """Take a number without a mark, as `take` does."""
        match = _BARE.match(rest)
        if match is None or self.bare is not None or self._found is not None:
            return 0
        self.bare = int(match[1])
        return match.end()

    @property
    def is_empty(self) -> bool:
        """Return whether no time of day is complete."""
        return self._found is None and (self.bare is None or self._half is None)

    def evening(self) -> None:
        """Note that the text says "tonight"."""
        self._half = self._half or "p"

    def time_of_day(self) -> time | None:
        """Return the time of day, or None. Raises NoSuchTime."""
        if self._found is not None:
            self._check_half(self._found)
            return self._found
        if self.bare is not None and self._half is not None:
            return twelve_hour_time(self.bare, 0, 0, self._half) if self.bare <= 12 else time_of_day(self.bare, 0, 0)
        return None

    def _readers(self) -> tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], None]], ...]:
        return (
            (_TWELVE, lambda found: self._set(twelve_hour_time(int(found[1]), *_rest(found, 2, 3), found[4]))),
            (_TWENTY_FOUR, lambda found: self._set(time_of_day(int(found[1]), *_rest(found, 2, 3)))),
            (_HOUR_MARK, lambda found: self._set(time_of_day(int(found[1]), int(found[2] or 0), 0))),
            (_NOON, lambda found: self._set(time(12))),
            (_PART_OF_DAY, lambda found: self._set_half(_HALVES[found[1]])),
        )

    def _set(self, found: time) -> None:
        if self._found is not None or self.bare is not None:
            raise NotUnderstood("The text has two times of day.")
        self._found = found

    def _set_half(self, half: str) -> None:
        self._half = half

    def _check_half(self, found: time) -> None:
        """Apply "in the evening" to a time that is written without am or pm."""
        if self._half == "p" and found.hour < 12 and found.hour:
            self._found = found.replace(hour=found.hour + 12)
        elif self._half == "a" and found.hour >= 12:
            raise NoSuchTime(f"{found:%H:%M} is not in the morning.", "Write the time alone.")


def twelve_hour_time(hour: int, minute: int, second: int, half: str) -> time:
    """Return the time that a 12-hour clock shows; `half` is a or p. Raises NoSuchTime."""
    if not 1 <= hour <= 12:
        raise NoSuchTime(f"{hour}{half}m is not a time.", "With am or pm, the hour is 1 to 12; 9:30pm is 21:30.")
    return time_of_day(hour % 12 + (12 if half == "p" else 0), minute, second)


def time_of_day(hour: int, minute: int, second: int) -> time:
    """Return the time that a 24-hour clock shows. Raises NoSuchTime."""
    try:
        return time(hour, minute, second)
    except ValueError:
        pass
    shown = f"{hour}:{minute:02d}" + (f":{second:02d}" if second else "")
    if (hour, minute, second) == (24, 0, 0):
        raise NoSuchTime("24:00 is not a time: a day ends with 23:59.", "Write 00:00 of the day after.")
    raise NoSuchTime(f"{shown} is not a time.", "Write a time from 00:00 to 23:59.")


def _rest(found: re.Match[str], *groups: int) -> tuple[int, int]:
    minute, second = (int(found[group] or 0) for group in groups)
    return minute, second
