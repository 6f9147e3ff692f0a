"""A notification before it is formatted for a channel."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from core.errors import PunctualError


class DeliveryFailed(PunctualError):
    """A channel did not accept a message. The notifier retries it."""

    hint = "Correct the channel, then send a test message."

    def __init__(self, channel: str, reason: str) -> None:
        super().__init__(f"The message to {channel} was not sent: {reason}")


@dataclass(frozen=True, kw_only=True)
class Message:
    """A title and lines for people, and the same as JSON members for programs."""

    title: str
    lines: tuple[str, ...]
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def id(self) -> str:
        """The id, equal for equal messages, so that a receiver can ignore a repeat."""
        whole = "\n".join((self.title, *self.lines, repr(sorted(self.data.items()))))
        return f"notice-{hashlib.sha256(whole.encode()).hexdigest()[:24]}"

    def text(self, max_length: int) -> str:
        """Return title and lines in at most `max_length` characters; the number of omitted lines comes last."""
        text = self.title
        for number, line in enumerate(self.lines):
            left = len(self.lines) - number
            room = max_length - len(text) - (len(_omitted(left)) if left > 1 else 0)
            if len(line) + 1 > room:
                return (text + _omitted(left))[:max_length]
            text += f"\n{line}"
        return text


def _omitted(count: int) -> str:
    return f"\n... and {count} more."
