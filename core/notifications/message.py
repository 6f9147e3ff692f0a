"""What people are told, before it is put into the form of one channel."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from core.errors import PunctualError


class NotSent(PunctualError):
    """A message did not get through; it is tried again."""

    hint = "Correct the channel, then send a test message."

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"The message to {channel} was not sent: {reason}")


@dataclass(frozen=True, kw_only=True)
class Message:
    """A title and what stands below it, line by line; `facts` is the same for programs, as JSON takes it."""

    title: str
    lines: tuple[str, ...]
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The same for the same message, so that a receiver can tell a repeat."""
        whole = "\n".join((self.title, *self.lines, repr(sorted(self.facts.items()))))
        return f"notice-{hashlib.sha256(whole.encode()).hexdigest()[:24]}"

    def within(self, length: int) -> str:
        """Return title and lines as one text of at most `length` characters; what does not fit is counted."""
        text = self.title
        for number, line in enumerate(self.lines):
            left = len(self.lines) - number
            room = length - len(text) - (len(_rest(left)) if left > 1 else 0)
            if len(line) + 1 > room:
                return (text + _rest(left))[:length]
            text += f"\n{line}"
        return text


def _rest(count: int) -> str:
    return f"\n... and {count} more."
