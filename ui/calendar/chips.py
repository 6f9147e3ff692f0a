"""Chips: posts and drafts as the calendar shows them, in a few words, each with the reason why it cannot be moved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from core.accounts.port import Account
from core.drafts.draft import Draft
from core.labels.label import label_key
from core.ledger.post_state import StateName
from core.posts.destinations import Destination
from core.posts.models import Media
from core.posts.payload import occurrence_key
from core.scheduling.upcoming import QueueEntry
from core.time.instants import from_utc_text
from core.time.phrases import excerpt
from ui.calendar.viewer_locale import Conventions
from ui.frame.faces import face_url, logo_url
from ui.frame.wording import BADGES

TEXT_LENGTH = 160
"""Characters of a text that a chip can show, where it has the room."""
FACES, FACE_SIZE = 3, 16
"""The most faces on a chip, and their pixels."""
DRAFT_PREFIX = "draft-"
"""The beginning of the key of a draft."""
DRAFT_BADGE = ("Draft", "edit_note", "violet")
"""The label, icon and colour of a draft with a proposed time."""
WITHOUT_TEXT = "No text yet"
MOVABLE: frozenset[StateName] = frozenset(
    {"being scheduled", "scheduled", "paused", "not armed", "time has passed", "needs a time", "missing"}
)
"""The states of a one-time post that has not begun."""
FIXED_RUN = "It is one run of a series, which has begun."
OFFERED_RUN = "One run of a series: drop it to change this run."
FIXED_SERIES_DRAFT = "It proposes a series. Open it to change its dates."
FIXED_UNREADABLE = "Punctual did not create it, and does not change it."


@dataclass(frozen=True, kw_only=True)
class Chip:
    """One post, one run of a series, or one draft.

    `key` is the occurrence key, or that of a draft. `minute` is that of the day. `faces` are the addresses of pictures.
    `fixed` is the reason why it keeps its time; empty if it can be moved. `offered`: a drop offers to change a run.
    `label` is read by screen readers. Colours are the theme's.
    """

    key: str
    minute: int
    time: str
    text: str
    label: str
    state: str
    icon: str
    colour: str
    faces: tuple[str, ...]
    media: str
    repeats: bool
    fixed: str
    offered: bool = False
    labels: tuple[tuple[str, str], ...] = ()
    thumbnail: str = ""


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What chips show beside their post: the accounts, the colours of labels by their keys, times and small pictures.

    `thumbnail` returns the address of a small version of a stored picture, or an empty text.
    """

    accounts: Mapping[Destination, Account]
    colours: Mapping[str, str]
    conventions: Conventions
    thumbnail: Callable[[str], str]


def key_of(entry: QueueEntry) -> str:
    """Return the key of a post or of one run of a series."""
    repeats = entry.run is None and entry.post is not None and entry.post.repeats
    return occurrence_key(entry.post_id, entry.due_at) if repeats else entry.key


def post_of(key: str) -> str:
    """Return the id of the post, the series or the draft."""
    return key.removeprefix(DRAFT_PREFIX).partition("/")[0]


def run_of(key: str) -> datetime | None:
    """Return the run of a series that a key names."""
    _, _, run = key.partition("/")
    return from_utc_text(run) if run else None


def post_chip(entry: QueueEntry, wall: datetime, looks: Looks) -> Chip:
    """Return the chip of an entry that is due at a wall time."""
    source = entry.post or entry.run
    media = entry.post.media if entry.post else entry.run.payload.media if entry.run else ()
    return _chip(
        key=key_of(entry),
        wall=wall,
        text=source.text if source else "Another program's schedule",
        badge=BADGES[entry.state],
        destinations=entry.destinations,
        media=media,
        labels=entry.labels,
        repeats="/" in key_of(entry),
        fixed=_fixed(entry),
        looks=looks,
    )


def draft_chip(draft: Draft, wall: datetime, looks: Looks) -> Chip:
    """Return the chip of a draft with a proposed time."""
    content = draft.content
    return _chip(
        key=f"{DRAFT_PREFIX}{draft.draft_id}",
        wall=wall,
        text=content.text or WITHOUT_TEXT,
        badge=DRAFT_BADGE,
        destinations=content.destinations,
        media=content.media,
        labels=content.labels,
        repeats=content.repeat is not None,
        fixed=FIXED_SERIES_DRAFT if content.repeat is not None else "",
        looks=looks,
    )


def without_equal_faces(chips: Sequence[Chip]) -> list[Chip]:
    """Return chips without the faces of their accounts if all have the same ones, so that words have more room."""
    if len({each.faces for each in chips}) > 1:
        return list(chips)
    return [replace(each, faces=()) for each in chips]


def fixed_state(state: StateName) -> str:
    """Return why a one-time post in a state keeps its time; empty if it does not."""
    if state in MOVABLE:
        return ""
    if state in ("going out", "handed over", "retrying"):
        return "It is going out now."
    return f"It is {BADGES[state][0].lower()}. A duplicate can have another time."


def _fixed(entry: QueueEntry) -> str:
    if entry.post is None and entry.run is None:
        return FIXED_UNREADABLE
    return OFFERED_RUN if "/" in key_of(entry) and entry.run is None else fixed_state(entry.state)


def _chip(
    *,
    key: str,
    wall: datetime,
    text: str,
    badge: tuple[str, str, str],
    destinations: Sequence[Destination],
    media: Sequence[Media],
    labels: Sequence[str],
    repeats: bool,
    fixed: str,
    looks: Looks,
) -> Chip:
    state, icon, colour = badge
    names = dict.fromkeys(each.account for each in destinations)
    accounts = [looks.accounts[name].label if name in looks.accounts else str(name) for name in names]
    words = excerpt(text, TEXT_LENGTH)
    minute = wall.replace(second=0)
    parts = [
        looks.conventions.clock(minute),
        state,
        *(["repeats"] if repeats else []),
        ", ".join(accounts) or "no destination",
        *labels,
    ]
    picture = next((each.reference for each in media if each.kind == "picture"), None)
    return Chip(
        key=key,
        minute=wall.hour * 60 + wall.minute,
        time=looks.conventions.brief_clock(minute),
        text=words,
        label=f"{', '.join(parts)}: {words}",
        state=state,
        icon=icon,
        colour=colour,
        faces=tuple(_face(name, looks) for name in [*names][:FACES]),
        media="movie" if any(each.kind == "video" for each in media) else "image" if media else "",
        repeats=repeats,
        fixed=fixed,
        offered=fixed == OFFERED_RUN,
        labels=tuple((name, looks.colours.get(label_key(name), "gray")) for name in labels),
        thumbnail=looks.thumbnail(picture) if picture else "",
    )


def _face(destination: Destination, looks: Looks) -> str:
    account = looks.accounts.get(destination)
    return face_url(account, FACE_SIZE) if account else logo_url(destination.partition(":")[0], FACE_SIZE)
