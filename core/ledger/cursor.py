"""A position in History."""

from dataclasses import dataclass
from datetime import datetime

from core.time.instants import utc_text


@dataclass(frozen=True, kw_only=True)
class Cursor:
    """A position in History: the next page begins after it."""

    due_at: datetime
    key: str

    def __str__(self) -> str:
        return f"{utc_text(self.due_at)} {self.key}"
