"""The port of the caution settings: which warnings a deployment shows before a post is scheduled."""

from datetime import time
from typing import Annotated, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer

CautionKind = Literal["same text", "close posts", "quiet hours", "holidays", "alt text", "links"]
"""The kinds of warnings."""
MAX_SAME_TEXT_DAYS = 60
MAX_CLOSE_MINUTES = 24 * 60

Country = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Kinds = Annotated[frozenset[CautionKind], PlainSerializer(sorted)]


class CautionSettings(BaseModel):
    """The warnings that are switched off, and the limits of the others.

    `quiet_from` and `quiet_until` are times of day in the zone of the post; the hours may span midnight. Without
    `countries`, a holiday of the country of the post's zone counts. Members of a newer version are ignored.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    off: Kinds = frozenset()
    same_text_days: int = Field(default=30, ge=1, le=MAX_SAME_TEXT_DAYS)
    close_minutes: int = Field(default=10, ge=1, le=MAX_CLOSE_MINUTES)
    quiet_from: time = time(23)
    quiet_until: time = time(6)
    countries: tuple[Country, ...] = Field(default=(), max_length=50)


class CautionSettingsStore(Protocol):
    """The caution settings of a deployment. Any thread may use it; the later of two changes wins."""

    def read(self) -> CautionSettings:
        """Return the settings; the default ones before the first change. Raises UnreadableCautionSettings."""
        ...

    def save(self, settings: CautionSettings) -> None:
        """Replace the settings, durably."""
        ...
