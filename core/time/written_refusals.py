"""Why a written time is not taken: what is wrong with it, or what must be asked."""

from dataclasses import dataclass
from datetime import datetime

from core.errors import PunctualError

EXAMPLES = "tomorrow 9am, next fri 17:30, in 2 weeks, or 25 dec 2026 9:30pm"
"""Written times that are understood, for hints."""


@dataclass(frozen=True, slots=True)
class WrittenTime:
    """A naive wall time and its zone; `which` is 1 or 2 if the text says which pass of a doubled hour it means."""

    wall: datetime
    zone: str
    which: int | None = None


class NotUnderstood(PunctualError):
    """The text, or a part of it, is not a time."""

    hint = f"Write a time such as {EXAMPLES}."


class NoSuchTime(PunctualError):
    """The text names a date or a time of day that does not exist."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


class NoTimeOfDay(PunctualError):
    """The text names a date only."""

    def __init__(self, text: str) -> None:
        super().__init__(f"“{text}” has no time of day.")
        self.hint = "Add one, such as 9:30 or 9pm."


class UnclearTime(PunctualError):
    """The text has more than one meaning. `choices` are texts that each have one of them."""

    def __init__(self, question: str, choices: tuple[str, ...]) -> None:
        super().__init__(question)
        self.choices = choices
        self.hint = f"Write {' or '.join(choices)}."


class TimeInPast(PunctualError):
    """The text names a time that has passed. `written` is that time."""

    hint = "Write a time in the future."

    def __init__(self, message: str, written: WrittenTime) -> None:
        super().__init__(message)
        self.written = written
