"""The values that travel through Punctual: a post and each of its revisions."""

import re
import secrets
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from core.time import instants

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32 in lower case: no i, l, o or u, so an id read aloud or typed is not mistaken."""

DEFAULT_LATE_AFTER_MINUTES = 60
_PART = re.compile(r"(?P<account>.+)#(?P<number>[2-9]|[1-9][0-9])")


def new_post_id() -> str:
    """Return 12 random characters (60 bits) for a post that does not exist yet."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(12))


def part_of(destination: str, number: int) -> str:
    """Return the destination of a thread's part; the first part goes by the account's own name."""
    return destination if number == 1 else f"{destination}#{number}"


def account_and_part(destination: str) -> tuple[str, int]:
    """Return the destination by which an account is known, and which part of a thread this is: 1 as a rule."""
    match = _PART.fullmatch(destination)
    return (match["account"], int(match["number"])) if match else (destination, 1)


def graphemes(text: str) -> int:
    """Count what a reader sees as characters; a family emoji is one (Unicode extended grapheme clusters)."""
    return sum(1 for _ in regex.finditer(r"\X", text))


class Value(BaseModel):
    """A frozen value, valid once built, that refuses members it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _instant(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("an instant names its offset from UTC")
    try:
        in_utc = moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant lies between the years 1 and 9999") from error
    return in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)


def _whole(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is no character") from error
    return text


def _known_zone(zone: str) -> str:
    instants.zone_named(zone)
    return zone


Instant = Annotated[datetime, AfterValidator(_instant)]
"""An aware datetime, kept in UTC and to the millisecond, as payloads and files keep it."""
Text = Annotated[str, AfterValidator(_whole)]
"""Text that UTF-8 can write."""
Zone = Annotated[str, AfterValidator(_known_zone)]
"""An IANA time zone name that the database knows."""
PostId = Annotated[str, StringConstraints(pattern=f"^[{ID_ALPHABET}]{{12}}$")]
Destination = Annotated[str, StringConstraints(pattern=r"^[a-z]+(:[^\s<>\x00-\x1f]{1,200})?$")]
"""One account on one network: `outbox`, `webhook:sales`, `bluesky:ada.example`. A thread's further parts are
destinations of their own, `bluesky:ada.example#2` and so on, each published once like any other, after the one before.
"""
PARTS_LIMIT = 50
"""The most parts of one thread."""
WallTime = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}$")]
"""What the clock shows where the person is, ISO 8601 without an offset; `zone` stands beside it."""

MediaReference = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""Where a picture or video is kept: the SHA-256 of its content."""
ALT_LIMIT = 5000
"""Characters. More than any network takes; what each takes is checked with the text."""
MEDIA_LIMIT = 20
"""The most pictures and videos of one post; no network takes more."""


class Media(Value):
    """A picture or video of a post: where it is kept, what it is, and what it says to those who cannot see it.

    `size` is in bytes; `width` and `height` are in pixels as people see the picture, None for a video.
    """

    reference: MediaReference
    kind: Literal["picture", "video"]
    content_type: str
    size: int = Field(ge=1)
    width: int | None = Field(default=None, ge=1)
    height: int | None = Field(default=None, ge=1)
    alt: Text = Field(default="", max_length=ALT_LIMIT)


class Repeat(Value):
    """When a repeating post goes out: AWS's cron expression, in the post's own zone, between two instants."""

    expression: str
    starts_at: Instant | None = None
    ends_at: Instant | None = None


class Revision(Value):
    """What a schedule carries of a post and a posting server publishes: one revision of what a person wrote.

    `wall` and `zone` are kept as the person chose them, whatever becomes of the zone's rules later. `due_at` is None
    for a repeating post.
    """

    post_id: PostId
    revision: int = Field(default=1, ge=1)
    text: Text
    variants: dict[Destination, Text] = Field(default_factory=dict)
    destinations: tuple[Destination, ...] = Field(min_length=1)
    media: tuple[Media, ...] = Field(default=(), max_length=MEDIA_LIMIT)
    zone: Zone
    wall: WallTime
    due_at: Instant | None = None
    late_after_minutes: int | None = Field(default=DEFAULT_LATE_AFTER_MINUTES, ge=1)
    url: str | None = None

    @field_validator("destinations")
    @classmethod
    def _each_once(cls, destinations: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(destinations)) != len(destinations):
            raise ValueError("each destination is named once")
        return destinations

    def text_for(self, destination: str) -> str:
        """Return the variant written for `destination`, else the text."""
        return self.variants.get(destination, self.text)


class Post(Revision):
    """A post as a person plans it: a one-time post has `due_at`, a repeating one has `repeat` instead."""

    repeat: Repeat | None = None

    @model_validator(mode="after")
    def _once_or_repeating(self) -> Self:
        if (self.due_at is None) == (self.repeat is None):
            raise ValueError("a post has either one due instant or a repeating rule")
        return self

    @property
    def repeats(self) -> bool:
        """Whether the post has one occurrence per run instead of one in all."""
        return self.repeat is not None
