"""From what a person typed and picked to a post: every check that a browser cannot be trusted with."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from core.accounts.port import Account, Accounts, DisabledDestination, UnknownDestination
from core.errors import PunctualError
from core.posts.destinations import PARTS_LIMIT, Destination
from core.posts.models import Media, Post, Repeat
from core.publishing.attachments import check_media
from core.publishing.network import Network, TextLength
from core.time.instants import instant


class EmptyText(PunctualError):
    """There is nothing to publish."""

    hint = "Write something first."

    def __init__(self) -> None:
        super().__init__("The post has no text.")


class InvalidCharacter(PunctualError):
    """A text holds what is no character, as a broken paste or a wrong encoding leaves behind."""

    hint = "Type or paste it again."

    def __init__(self, place: int) -> None:
        super().__init__(f"What stands at place {place + 1} of the text is no character.")


class TextTooLong(PunctualError):
    """A network does not take a text of this length."""

    def __init__(self, label: str, length: TextLength) -> None:
        super().__init__(f"The text has {length.count:,} {length.unit}; {label} takes {length.limit:,}.")
        self.hint = f"Shorten it by {length.excess:,}, or send it elsewhere. It is still in the field."


class TooManyParts(PunctualError):
    """A thread would be longer than anybody reads."""

    hint = "Shorten the text, or send it elsewhere."

    def __init__(self, count: int) -> None:
        super().__init__(f"The thread has {count} parts; it may have {PARTS_LIMIT}.")


class NoDestination(PunctualError):
    """The post would go nowhere."""

    hint = "Choose at least one destination, for instance the built-in outbox."

    def __init__(self) -> None:
        super().__init__("The post has no destination.")


def check_text(text: str, accounts: Sequence[Account], networks: Mapping[str, Network]) -> None:
    """Raise EmptyText, UnwritableText, or TextTooLong for the first account whose network takes less."""
    if not text.strip():
        raise EmptyText
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidCharacter(error.start) from error
    for account in accounts:
        length = networks[account.network].measure(text, account)
        if length.excess:
            raise TextTooLong(account.label, length)


def check_destinations(
    destinations: Sequence[str], accounts: Accounts, networks: Mapping[str, Network]
) -> list[Account]:
    """Return the accounts behind the destinations, each once.

    Raises NoDestination, UnknownDestination or DisabledDestination.
    """
    if not destinations:
        raise NoDestination
    names = dict.fromkeys(Destination.parse(destination).account for destination in destinations)
    found = [accounts.get(name) for name in names]
    for account in found:
        if account.network not in networks:
            raise UnknownDestination(account.destination, sorted(networks))
        if not account.enabled:
            raise DisabledDestination(account.label)
    return found


def compose(
    *,
    post_id: str,
    text: str,
    destinations: Sequence[str],
    wall: datetime,
    zone: str,
    which: int | None,
    late_after_minutes: int,
    accounts: Accounts,
    networks: Mapping[str, Network],
    variants: Mapping[str, str] | None = None,
    threads: Mapping[str, Sequence[str]] | None = None,
    media: Sequence[Media] = (),
    repeat: Repeat | None = None,
) -> Post:
    """Return the post that was asked for, due when clocks in `zone` show the naive time `wall`.

    Where that hour comes twice, `which` says 1 or 2. With `repeat`, `wall` is when the rule begins. `threads` are the
    parts, as core.publishing.threads makes them, for destinations that get the text in several; pictures stand by the first. A
    picture or video needs no text beside it. Raises EmptyText, InvalidCharacter, TextTooLong, TooManyParts, CannotAttach,
    NoDestination, UnknownDestination, DisabledDestination, UnknownZone, BeyondCalendar, SkippedHour or DoubledHour.
    Whether the instant lies ahead is checked when the post is scheduled; it is a whole second, as schedules are.
    """
    wall = wall.replace(microsecond=0)
    found = check_destinations(destinations, accounts, networks)
    said: dict[Destination, str] = {}
    for account in found:
        whole = (variants or {}).get(account.destination, text)
        parts = list((threads or {}).get(account.destination, [])) or [whole]
        if len(parts) > PARTS_LIMIT:
            raise TooManyParts(len(parts))
        _check_parts(parts, media, account, networks)
        said |= {Destination(account.destination, number): part for number, part in enumerate(parts, start=1)}
    return Post(
        post_id=post_id,
        text=text,
        variants={destination: part for destination, part in said.items() if part != text},
        media=tuple(media),
        destinations=tuple(said),
        zone=zone,
        wall=wall.isoformat(timespec="seconds"),
        due_at=None if repeat else instant(wall, zone, which=which),
        repeat=repeat,
        late_after_minutes=late_after_minutes,
    )


def edit_content(
    post: Post,
    *,
    text: str,
    destinations: Sequence[str],
    variants: Mapping[str, str],
    media: Sequence[Media],
    accounts: Accounts,
    networks: Mapping[str, Network],
) -> Post:
    """Return the post with other words, pictures and destinations, at its time; what is a thread stays one.

    `variants` are the texts of destinations, and of parts, that have their own. Raises what `compose` raises of texts,
    pictures and destinations.
    """
    said: dict[Destination, str] = {}
    for account in check_destinations(destinations, accounts, networks):
        parts = [each for each in post.destinations if each.account == account.destination]
        texts = {part: variants.get(part, text) for part in parts or [account.destination]}
        _check_parts(list(texts.values()), media, account, networks)
        said |= texts
    own = {destination: part for destination, part in said.items() if destination in variants}
    changed = {"text": text, "variants": own, "destinations": tuple(said), "media": tuple(media)}
    return Post.model_validate(post.model_dump() | changed)


def _check_parts(
    parts: Sequence[str], media: Sequence[Media], account: Account, networks: Mapping[str, Network]
) -> None:
    """Check what one account gets: a post, or the parts of a thread, the first one with the pictures."""
    for number, part in enumerate(parts, start=1):
        if part.strip() or not media or number > 1:
            check_text(part, [account], networks)
    if media:
        _check_media(parts[0], media, account, networks[account.network])


def _check_media(text: str, media: Sequence[Media], account: Account, network: Network) -> None:
    limits = network.media_limits(account)
    check_media(media, limits, account.label)
    length = network.measure(text, account)
    if limits.caption is not None and length.count > limits.caption:
        raise TextTooLong(f"{account.label}, beside pictures,", replace(length, limit=limits.caption))


def suggest_time(now: datetime) -> datetime:
    """Return the instant that a new draft begins with: the next full quarter hour, at least 15 minutes ahead."""
    quarter = timedelta(minutes=15)
    whole = now.replace(minute=0, second=0, microsecond=0)
    return whole - quarter * ((whole - now - quarter) // quarter)
