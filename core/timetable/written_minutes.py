"""Times of day as people type them."""

import re
from datetime import time

from core.errors import PunctualError

_TIME = re.compile(r"(?P<hour>\d{1,2})(?:\s*[:.hH]\s*(?P<minute>\d{2})?)?\s*(?P<half>[aApP])?(?:\.?[mM]\.?)?")
_DIGITS = re.compile(r"(?P<hour>\d{2})(?P<minute>\d{2})(?P<half>)")


class UnreadableMinute(PunctualError):
    """The text is no time of day in whole minutes."""

    hint = "Type a time such as 09:07, 9.07 or 5:41 pm."

    def __init__(self, text: str) -> None:
        super().__init__(f"{text!r} is no time of day.")


def read_minute(text: str) -> time:
    """Return the time of day of a text such as 09:07, 0907, 9.07, 17h41 or 5:41 pm. Raises UnreadableMinute."""
    found = _DIGITS.fullmatch(text.strip()) or _TIME.fullmatch(text.strip())
    if found is None:
        raise UnreadableMinute(text)
    hour, minute, half = int(found["hour"]), int(found["minute"] or 0), (found["half"] or "").lower()
    if half and not 1 <= hour <= 12:
        raise UnreadableMinute(text)
    hour = hour % 12 + (12 if half == "p" else 0) if half else hour
    if hour > 23 or minute > 59:
        raise UnreadableMinute(text)
    return time(hour, minute)
