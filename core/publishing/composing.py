"""Builds and edits posts from form input, which it validates, because a browser can skip the checks of the form."""

import math
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.accounts.port import Account, AccountLookup, DisabledDestination, UnknownDestination
from core.errors import PunctualError
from core.posts.destinations import PARTS_LIMIT, Destination
from core.posts.models import DESTINATIONS_LIMIT, YEARS, Media, Post, Repeat
from core.publishing.attachments import check_media
from core.publishing.network import Network, TextLength
from core.time.instants import DateOutOfRange, instant

_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class EmptyText(PunctualError):
    """The post has neither text nor media."""

    hint = "Write something first."

    def __init__(self) -> None:
        super().__init__("The post has no text.")


class InvalidCharacter(PunctualError):
    """The text contains half of a surrogate pair, the trace of a broken paste or a wrong encoding."""

    hint = "Type or paste it again."

    def __init__(self, index: int) -> None:
        super().__init__(f"The text contains an invalid character at position {index + 1}.")


class ControlCharacter(PunctualError):
    """The text contains a control character other than a line break or a tab, such as NUL, which networks refuse."""

    hint = "Delete it: put the cursor before the next visible character and press Backspace. Or paste plain text again."

    def __init__(self, character: str, index: int) -> None:
        super().__init__(f"The text contains the control character U+{ord(character):04X} at position {index + 1}.")


class TextTooLong(PunctualError):
    """The text exceeds a network's limit."""

    def __init__(self, label: str, length: TextLength) -> None:
        super().__init__(f"The text has {length.count:,} {length.unit}; {label} accepts {length.limit:,}.")
        self.hint = f"Shorten it by {length.excess:,}, or choose another destination. The text is still in the field."


class TooManyParts(PunctualError):
    """A thread has more parts than PARTS_LIMIT."""

    hint = "Shorten the text, or choose another destination."

    def __init__(self, count: int) -> None:
        super().__init__(f"The thread has {count} parts; the limit is {PARTS_LIMIT}.")


class TooManyDestinations(PunctualError):
    """A post has more destinations than DESTINATIONS_LIMIT."""

    hint = "Choose fewer destinations, or shorten the threads. Schedule the others as a second post."

    def __init__(self, count: int) -> None:
        super().__init__(
            f"The post has {count:,} destinations, the parts of threads included; the limit is {DESTINATIONS_LIMIT:,}."
        )


class NoThreads(PunctualError):
    """The network has no threads: the parts would be unconnected posts."""

    hint = "Shorten the text, or write a shorter variant for this account."

    def __init__(self, label: str) -> None:
        super().__init__(f"{label} has no threads.")


class NoDestination(PunctualError):
    """The post has no destination."""

    hint = "Choose at least one destination, such as the built-in outbox."

    def __init__(self) -> None:
        super().__init__("The post has no destination.")


def compose(
    *,
    post_id: str,
    text: str,
    destinations: Sequence[str],
    wall: datetime,
    zone: str,
    which: int | None,
    late_after_minutes: int,
    accounts: AccountLookup,
    networks: Mapping[str, Network],
    variants: Mapping[str, str] | None = None,
    threads: Mapping[str, Sequence[str]] | None = None,
    media: Sequence[Media] = (),
    repeat: Repeat | None = None,
    labels: Sequence[str] = (),
) -> Post:
    """Return a new post, due when clocks in `zone` show the naive time `wall`, cut to the whole second.

    When the clocks go back and show `wall` twice, `which` selects the first (1) or the second (2) instant. With
    `repeat`, `wall` is the start of the rule. `variants` maps destinations to their own texts. `threads` maps each
    account that gets a thread to its parts, as core.publishing.threads makes them; the first part carries the media. A
    post with media needs no text.

    Raises EmptyText, InvalidCharacter, ControlCharacter, TextTooLong, TooManyParts, CannotAttach, NoDestination,
    TooManyDestinations, UnknownDestination, DisabledDestination, UnknownZone, DateOutOfRange, SkippedHour or
    DoubledHour. Scheduling checks that the instant is in the future.
    """
    wall = wall.replace(microsecond=0)
    if wall.year not in YEARS[1:-1]:  # an instant may be in the year beside
        raise DateOutOfRange(wall)
    texts: dict[Destination, str] = {}
    for account in _enabled_accounts(destinations, accounts, networks):
        own_text = (variants or {}).get(account.destination, text)
        parts = list((threads or {}).get(account.destination, [])) or [own_text]
        if len(parts) > PARTS_LIMIT:
            raise TooManyParts(len(parts))
        if len(parts) > 1 and networks[account.network].threads is None:
            raise NoThreads(account.label)
        _check_parts(parts, media, account, networks)
        texts |= {Destination(account.destination, number): part for number, part in enumerate(parts, start=1)}
    _check_count(texts)
    return Post(
        post_id=post_id,
        text=text,
        variants={destination: part for destination, part in texts.items() if part != text},
        media=tuple(media),
        destinations=tuple(texts),
        zone=zone,
        wall=wall.isoformat(timespec="seconds"),
        due_at=None if repeat else instant(wall, zone, which=which),
        repeat=repeat,
        late_after_minutes=late_after_minutes,
        labels=tuple(labels),
    )


def edit_content(
    post: Post,
    *,
    text: str,
    destinations: Sequence[str],
    variants: Mapping[str, str],
    media: Sequence[Media],
    accounts: AccountLookup,
    networks: Mapping[str, Network],
    labels: Sequence[str] | None = None,
) -> Post:
    """Return the post with new text, media and destinations, and its time unchanged. A thread stays a thread.

    `labels` None keeps the labels. `variants` maps destinations, including the parts of threads, to their own texts.
    Raises the errors of `compose` for texts, media and destinations.
    """
    texts: dict[Destination, str] = {}
    for account in _enabled_accounts(destinations, accounts, networks):
        parts = [each for each in post.destinations if each.account == account.destination]
        own_texts = {part: variants.get(part, text) for part in parts or [account.destination]}
        _check_parts(list(own_texts.values()), media, account, networks)
        texts |= own_texts
    _check_count(texts)
    changed = {
        "text": text,
        "variants": {destination: own for destination, own in texts.items() if destination in variants},
        "destinations": tuple(texts),
        "media": tuple(media),
        "labels": post.labels if labels is None else tuple(labels),
    }
    return Post.model_validate(post.model_dump() | changed)


def check_control_characters(text: str) -> None:
    """Raise ControlCharacter if a text has one."""
    control = _CONTROL.search(text)
    if control:
        raise ControlCharacter(control[0], control.start())


def suggest_time(now: datetime) -> datetime:
    """Return the suggested time of a new draft: the first full quarter hour that is at least 15 minutes ahead."""
    quarter = timedelta(minutes=15)
    hour = now.replace(minute=0, second=0, microsecond=0)
    return hour + quarter * math.ceil((now + quarter - hour) / quarter)


def _enabled_accounts(
    destinations: Sequence[str], accounts: AccountLookup, networks: Mapping[str, Network]
) -> list[Account]:
    """Return the accounts of the destinations, each once. A part of a thread counts as its account.

    Raises NoDestination, UnknownDestination or DisabledDestination.
    """
    if not destinations:
        raise NoDestination
    names = dict.fromkeys(Destination.parse(destination).account for destination in destinations)
    chosen = [accounts.get(name) for name in names]
    for account in chosen:
        if account.network not in networks:
            raise UnknownDestination(account.destination, sorted(networks))
        if not account.enabled:
            raise DisabledDestination(account.label)
    return chosen


def _check_count(destinations: Collection[Destination]) -> None:
    if len(destinations) > DESTINATIONS_LIMIT:
        raise TooManyDestinations(len(destinations))


def _check_parts(
    parts: Sequence[str], media: Sequence[Media], account: Account, networks: Mapping[str, Network]
) -> None:
    """Check the text, or the parts of a thread, for one account. Only the first part carries the media."""
    network = networks[account.network]
    for number, part in enumerate(parts, start=1):
        text_is_optional = bool(media) and number == 1
        if part.strip() or not text_is_optional:
            _check_text(part, account, network)
    if media:
        _check_media(parts[0], media, account, network)


def _check_text(text: str, account: Account, network: Network) -> None:
    if not text.strip():
        raise EmptyText
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidCharacter(error.start) from error
    check_control_characters(text)
    length = network.measure(text, account)
    if length.excess:
        raise TextTooLong(account.label, length)


def _check_media(text: str, media: Sequence[Media], account: Account, network: Network) -> None:
    limits = network.media_limits(account)
    check_media(media, limits, account.label)
    length = network.measure(text, account)
    if limits.caption is not None and length.count > limits.caption:
        raise TextTooLong(f"{account.label}, with media,", replace(length, limit=limits.caption))
