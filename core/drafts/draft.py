"""Drafts as frozen values: posts without a schedule, and templates to copy."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import not_
from typing import Literal, Self

from pydantic import Field, model_validator

from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.hand_split import hand_join, hand_split, without_dashes
from core.posts.models import (
    FrozenModel,
    Instant,
    LinkCard,
    Media,
    MediaReference,
    Options,
    PostId,
    Repeat,
    Revision,
    Text,
    WallTime,
    Zone,
    stored_files,
)
from core.posts.part_media import parts_of, written_parts

MAX_BYTES = 180_000
"""The most bytes of a content as JSON. An item of DynamoDB holds two of them, and a schedule holds one."""


class DraftTooLarge(PunctualError):
    """The content of a draft exceeds MAX_BYTES."""

    hint = "Shorten the text, or split it into several posts. No network accepts a text of this length."

    def __init__(self, size: int) -> None:
        super().__init__(f"The draft has {size:,} bytes; at most {MAX_BYTES:,} can be saved.")


class DraftGone(PunctualError):
    """There is no draft with this id: it was scheduled, or deleted for good."""

    hint = "If you scheduled it, look in Queue. Otherwise, look in Drafts under Deleted."

    def __init__(self, draft_id: str) -> None:
        super().__init__(f"There is no draft {draft_id}.")
        self.draft_id = draft_id


class DraftContent(FrozenModel):
    """The content of a draft, which may be incomplete.

    `destinations` are accounts. `variants` are the texts of single accounts. `threads` has the accounts that get a
    thread, with whether its parts are numbered. `wall` is the proposed time in `zone`; None proposes none. `replaces`
    is the series and the run in whose place the post goes out.
    """

    text: Text = ""
    destinations: tuple[Destination, ...] = ()
    variants: dict[Destination, Text] = Field(default_factory=dict)
    threads: dict[Destination, bool] = Field(default_factory=dict)
    media: tuple[Media, ...] = ()
    labels: tuple[str, ...] = ()
    options: Options = Field(default_factory=dict, exclude_if=not_)
    card: LinkCard | None = Field(default=None, exclude_if=not_)
    wall: WallTime | None = None
    zone: Zone
    which: Literal[1, 2] | None = None
    repeat: Repeat | None = None
    replaces: tuple[PostId, Instant] | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        size = len(self.model_dump_json().encode())
        if size > MAX_BYTES:
            raise DraftTooLarge(size)
        return self

    @property
    def files(self) -> tuple[MediaReference, ...]:
        """The addresses of the files in the media store that the draft needs."""
        return stored_files(self.media, self.card)

    @property
    def empty(self) -> bool:
        """Whether there is neither text nor media."""
        return not self.media and not any(text.strip() for text in (self.text, *self.variants.values()))

    @property
    def proposed_wall(self) -> datetime | None:
        """The proposed wall time, naive."""
        return datetime.fromisoformat(self.wall) if self.wall is not None else None


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A stored draft. `draft_id` is the id of the post that it becomes.

    `version` grows with each save. `earlier` is the content that a save from elsewhere replaced. Instants have a
    precision of one millisecond.
    """

    draft_id: str
    content: DraftContent
    version: int
    template: bool = False
    created_at: datetime
    changed_at: datetime
    earlier: DraftContent | None = None
    deleted_at: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class _OwnText:
    """The text of one account of a post: `variant` if it differs, and `numbered` if its parts were split by length."""

    variant: str | None = None
    numbered: bool | None = None


def content_of(revision: Revision, *, repeat: Repeat | None = None, with_time: bool = False) -> DraftContent:
    """Return the content of a draft that equals a post or a run, and its time if wanted.

    The parts of a thread become one text again, with dashes between the parts that its author split.
    """
    found = {account: _own_text(revision, account) for account in revision.accounts}
    return DraftContent(
        text=revision.text,
        destinations=revision.accounts,
        variants={account: own.variant for account, own in found.items() if own.variant is not None},
        threads={account: own.numbered for account, own in found.items() if own.numbered is not None},
        media=revision.media,
        labels=revision.labels,
        options=revision.options,
        card=revision.card,
        wall=revision.wall if with_time else None,
        zone=revision.zone,
        repeat=repeat,
    )


def _own_text(revision: Revision, account: Destination) -> _OwnText:
    parts = parts_of(revision, account)
    texts = [revision.text_for(each) for each in parts]
    if len(parts) < 2:
        variant = revision.variants.get(account)
        return _OwnText(variant=None if variant == without_dashes(revision.text) else variant)
    by_hand = hand_split(revision.text)
    numbered = texts[1].endswith(f" 2/{len(texts)}")
    if _letters(texts) == _letters(by_hand):
        return _OwnText(numbered=None if len(texts) == len(by_hand) else False)
    bare = [text.removesuffix(f" {n}/{len(texts)}") for n, text in enumerate(texts, start=1)] if numbered else texts
    if _letters(bare) == _letters(by_hand):
        return _OwnText(numbered=True)
    if revision.written_parts.keys().isdisjoint(parts):
        return _OwnText(variant=hand_join(texts))
    written = written_parts(revision, parts)
    joined = [" ".join(text for text, each in zip(bare, written, strict=True) if each == n) for n in sorted({*written})]
    return _OwnText(variant=hand_join(joined), numbered=None if len(joined) == len(texts) else numbered)


def _letters(texts: Iterable[str]) -> str:
    """Return texts without white space, which cuts remove."""
    return "".join("".join(texts).split())
