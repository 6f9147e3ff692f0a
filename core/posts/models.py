"""Posts, their revisions and their media as frozen values."""

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from operator import not_
from typing import Annotated, Literal, Self

import regex
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from core.posts.destinations import PARTS_LIMIT, Destination
from core.time.instants import time_zone
from lambda_pkg.run_exceptions import is_excluded

ID_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
"""Crockford's base32 in lower case. It omits i, l, o and u, which readers confuse with other characters."""

DEFAULT_LATE_AFTER_MINUTES = 60
MAX_LATE_AFTER_MINUTES = 30 * 24 * 60
MAX_REVISION = 2**53 - 1
"""The largest integer that every JSON parser reads exactly. SQLite and DynamoDB store it."""
DESTINATIONS_LIMIT = 10 * PARTS_LIMIT
"""The most destinations of one post. Each part of a thread counts."""
YEARS = range(1970, 3000)
"""The years of a due instant. A schedule name writes four digits and begins with 2; a limit after the instant is still
a date."""


LABELS_LIMIT = 20
"""The most labels of one post."""
LABEL_LENGTH = 50
"""Characters of a label's name."""
OPTIONS_LIMIT = 20
"""The most options of one account. No network declares more."""
CARD_TITLE_LENGTH, CARD_DESCRIPTION_LENGTH = 300, 1000
"""Characters of the texts of a link card. No network shows more of them."""
EVERY_WEEKS_LIMIT = 52
SKIPPED_LIMIT = 100
"""The most skipped runs of one series. They travel in its payload."""


def new_post_id() -> str:
    """Return 12 random characters (60 bits) as the id of a new post."""
    return "".join(secrets.choice(ID_ALPHABET) for _ in range(12))


def graphemes(text: str) -> int:
    """Return the number of extended grapheme clusters (UAX 29): a family emoji counts as one."""
    return sum(1 for _ in regex.finditer(r"\X", text))


class FrozenModel(BaseModel):
    """A frozen model that is valid once built and refuses unknown members."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def _utc_milliseconds(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs an offset from UTC")
    try:
        in_utc = instant.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("an instant must be between the years 1 and 9999") from error
    return in_utc.replace(microsecond=in_utc.microsecond // 1000 * 1000)


def _in_range(instant: datetime) -> datetime:
    if instant.year not in YEARS:
        raise ValueError(f"an instant of a post must be between the years {YEARS[0]} and {YEARS[-1]}")
    return instant


def _encodable(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("half of a surrogate pair is not a character") from error
    return text


def _one_line(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise ValueError("a label needs a name")
    return name


def _without_breaks(text: str) -> str:
    """Return a text in one line, without control characters."""
    return " ".join(regex.sub(r"\p{Cc}", " ", text).split())


def _of_accounts(options: dict[Destination, dict[str, bool | str]]) -> dict[Destination, dict[str, bool | str]]:
    if any(destination.part > 1 for destination in options):
        raise ValueError("options belong to an account, not to a part of a thread")
    return {destination: values for destination, values in options.items() if values}


def _known_zone(zone: str) -> str:
    time_zone(zone)
    return zone


Instant = Annotated[datetime, AfterValidator(_utc_milliseconds)]
"""An aware datetime in UTC, cut to the millisecond, which is the precision of payloads and files."""
DueInstant = Annotated[Instant, AfterValidator(_in_range)]
"""An instant at which a post is due, in YEARS."""
RevisionNumber = Annotated[int, Field(ge=1, le=MAX_REVISION)]
Text = Annotated[str, AfterValidator(_encodable)]
"""Text that UTF-8 can encode."""
Zone = Annotated[str, AfterValidator(_known_zone)]
"""An IANA time zone name that the zone database contains."""
PostId = Annotated[str, StringConstraints(pattern=f"^[{ID_ALPHABET}]{{12}}$")]
OptionName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]{0,39}$")]
OptionValue = bool | Text
"""The value of an option: yes or no for a switch, else a text."""
Options = Annotated[
    dict[Destination, Annotated[dict[OptionName, OptionValue], Field(max_length=OPTIONS_LIMIT)]],
    AfterValidator(_of_accounts),
    Field(max_length=DESTINATIONS_LIMIT),
]
"""The options of a post by account, each with its name and value (core/publishing/options.py)."""
LabelName = Annotated[Text, Field(max_length=LABEL_LENGTH), AfterValidator(_one_line)]
"""The name of a label: one line, without spaces around it."""
WallTime = Annotated[str, StringConstraints(pattern=r"^(19|2[0-9])[0-9]{2}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}$")]
"""The local time in the post's `zone`, in ISO 8601 without an offset."""

PartNumber = Annotated[int, Field(ge=1, le=PARTS_LIMIT)]
MediaReference = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""The address of a picture or video in the media store: the SHA-256 of its content."""
ALT_LIMIT = 5000
"""Characters. No network accepts more; each network's own limit is checked with the text."""
MEDIA_LIMIT = 20
"""The most pictures and videos of one post. No network accepts more."""


Share = Annotated[float, Field(ge=0, le=1)]
"""A part of a length, from 0 to 1."""


class Media(FrozenModel):
    """A picture or video of a post and its alternative text.

    `size` is in bytes. `width` and `height` are in pixels, after rotation for display; both are None for a video.
    `part` is the number of the written part of a thread that shows it (core/posts/hand_split.py). `focus` is the point
    of a picture that a network keeps in view where it cuts it, from 0 to 1, from the left and from the top.
    """

    reference: MediaReference
    kind: Literal["picture", "video"]
    content_type: str = Field(max_length=100)
    size: int = Field(ge=1, le=10**12)
    width: int | None = Field(default=None, ge=1, le=10**9)
    height: int | None = Field(default=None, ge=1, le=10**9)
    alt: Text = Field(default="", max_length=ALT_LIMIT)
    part: int = Field(default=1, ge=1, le=PARTS_LIMIT, exclude_if=lambda part: part == 1)
    focus: tuple[Share, Share] | None = Field(default=None, exclude_if=not_)


class LinkCard(FrozenModel):
    """The card of a link: its page's title and description, and its picture in the media store.

    The texts have one line each, and may be empty.
    """

    url: Text = Field(max_length=2000, pattern=r"^https?://\S+$")
    title: Annotated[Text, Field(max_length=CARD_TITLE_LENGTH), AfterValidator(_without_breaks)] = ""
    description: Annotated[Text, Field(max_length=CARD_DESCRIPTION_LENGTH), AfterValidator(_without_breaks)] = ""
    picture: MediaReference | None = None


def stored_files(media: Sequence[Media], card: LinkCard | None) -> tuple[MediaReference, ...]:
    """Return the addresses of all files that a post or a draft needs from the media store."""
    pictures = (card.picture,) if card is not None and card.picture else ()
    return (*(each.reference for each in media), *pictures)


class RunExceptions(FrozenModel):
    """The runs of a cron expression that do not count (lambda_pkg/run_exceptions.py). They travel in the payload.

    With `every_weeks`, only the runs of every so many weeks count. `anchor` is the instant at which the clocks show the
    rule's time on the Monday of the first of these weeks. `skipped` are single runs.
    """

    every_weeks: int = Field(default=1, ge=1, le=EVERY_WEEKS_LIMIT, exclude_if=lambda weeks: weeks == 1)
    anchor: Instant | None = Field(default=None, exclude_if=not_)
    skipped: tuple[Instant, ...] = Field(default=(), max_length=SKIPPED_LIMIT, exclude_if=not_)

    def exclude(self, run: datetime) -> bool:
        """Return whether a run of the expression does not count."""
        return is_excluded(run, every_weeks=self.every_weeks, anchor=self.anchor, skipped=self.skipped)

    @model_validator(mode="after")
    def _anchored(self) -> Self:
        if (self.every_weeks > 1) != (self.anchor is not None):
            raise ValueError("a rule of every n weeks has an anchor, and no other rule has one")
        return self


class Repeat(RunExceptions):
    """The runs of a repeating post: those of AWS's cron expression in the post's zone between two instants, without the
    exceptions.
    """

    expression: str
    starts_at: Instant | None = None
    ends_at: Instant | None = None

    @property
    def exceptions(self) -> RunExceptions | None:
        """The exceptions, or None if every run of the expression counts."""
        if self.every_weeks == 1 and not self.skipped:
            return None
        return RunExceptions(every_weeks=self.every_weeks, anchor=self.anchor, skipped=self.skipped)


class Revision(FrozenModel):
    """One revision of a post: the content that a schedule carries and a posting server publishes.

    `written_parts` has, for the parts of threads that its author split, the number of the written part that each one is
    from. It is empty where the numbers are the same and no media belong to a later part. `wall` and `zone` keep the
    user's choice, also after a change of the zone's rules. `due_at` is None for a repeating post.
    """

    post_id: PostId
    revision: RevisionNumber = 1
    text: Text
    variants: dict[Destination, Text] = Field(default_factory=dict, max_length=DESTINATIONS_LIMIT)
    destinations: tuple[Destination, ...] = Field(min_length=1, max_length=DESTINATIONS_LIMIT)
    media: tuple[Media, ...] = Field(default=(), max_length=MEDIA_LIMIT)
    zone: Zone
    wall: WallTime
    due_at: DueInstant | None = None
    late_after_minutes: int | None = Field(default=DEFAULT_LATE_AFTER_MINUTES, ge=1, le=MAX_LATE_AFTER_MINUTES)
    url: str | None = Field(default=None, max_length=2000)
    labels: tuple[LabelName, ...] = Field(default=(), max_length=LABELS_LIMIT, exclude_if=not_)
    options: Options = Field(default_factory=dict, exclude_if=not_)
    written_parts: dict[Destination, PartNumber] = Field(
        default_factory=dict, max_length=DESTINATIONS_LIMIT, exclude_if=not_
    )
    card: LinkCard | None = Field(default=None, exclude_if=not_)

    @field_validator("destinations")
    @classmethod
    def _unique(cls, destinations: tuple[Destination, ...]) -> tuple[Destination, ...]:
        if len(set(destinations)) != len(destinations):
            raise ValueError("a destination is listed twice")
        return destinations

    @field_validator("labels")
    @classmethod
    def _each_once(cls, labels: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(dict.fromkeys(labels))

    @property
    def files(self) -> tuple[MediaReference, ...]:
        """The addresses of the files in the media store that the post needs."""
        return stored_files(self.media, self.card)

    @property
    def accounts(self) -> tuple[Destination, ...]:
        """The accounts of the destinations, each once, in their order."""
        return tuple(dict.fromkeys(destination.account for destination in self.destinations))

    def text_for(self, destination: Destination) -> str:
        """Return the variant for `destination`, or else the text."""
        return self.variants.get(destination, self.text)


class Post(Revision):
    """A planned post. A one-time post has `due_at`; a repeating post has `repeat` instead.

    `replaces` is the series and the run in whose place the post goes out. It does not travel in the payload.
    """

    repeat: Repeat | None = None
    replaces: tuple[PostId, Instant] | None = Field(default=None, exclude_if=not_)

    @model_validator(mode="after")
    def _once_or_repeating(self) -> Self:
        if (self.due_at is None) == (self.repeat is None):
            raise ValueError("a post has either one due instant or a repeating rule")
        return self

    @property
    def repeats(self) -> bool:
        """Whether the post has one occurrence per run instead of a single one."""
        return self.repeat is not None
