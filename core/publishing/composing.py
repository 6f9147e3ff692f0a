"""Builds and edits posts from form input, which it validates, because a browser can skip the checks of the form."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Literal

from core.accounts.port import Account, AccountLookup, DisabledDestination, UnknownDestination
from core.errors import PunctualError
from core.posts.destinations import PARTS_LIMIT, Destination
from core.posts.hand_split import hand_split, without_dashes
from core.posts.models import DESTINATIONS_LIMIT, YEARS, LinkCard, Media, OptionValue, Post, Repeat, Revision
from core.posts.part_media import parts_of, written_parts
from core.publishing.content_checks import check_parts, comment_of
from core.publishing.length_split import ThreadPart
from core.publishing.links import find_links
from core.publishing.network import Network
from core.publishing.options import OptionValues, checked_options
from core.time.instants import DateOutOfRange, instant


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
    threads: Mapping[str, Sequence[ThreadPart]] | None = None,
    media: Sequence[Media] = (),
    repeat: Repeat | None = None,
    labels: Sequence[str] = (),
    options: Mapping[str, OptionValues] | None = None,
    card: LinkCard | None = None,
) -> Post:
    """Return a new post, due when clocks in `zone` show the naive time `wall`, cut to the whole second.

    When the clocks go back and show `wall` twice, `which` selects the first (1) or the second (2) instant. With
    `repeat`, `wall` is the start of the rule. `variants` maps destinations to their own texts. Lines of three
    dashes split a text into the parts of a thread; a network without threads gets the parts as one text. `threads` maps
    each account whose parts are split again to all its parts, as `split_parts` makes them. Each part carries
    its own media, and with media needs no text. `options` maps accounts to the values of their options; those of an
    account that is no destination are left out. A first comment becomes the last part of its account.

    Raises EmptyText, EmptyPart, InvalidCharacter, ControlCharacter, TextTooLong, TooManyParts, CannotAttach,
    NoDestination, TooManyDestinations, UnknownDestination, DisabledDestination, UnknownOption, UnusableOption,
    UnknownZone, DateOutOfRange, SkippedHour or DoubledHour. Scheduling checks that the instant is in the future.
    """
    wall = wall.replace(microsecond=0)
    if wall.year not in YEARS[1:-1]:  # an instant may be in the year beside
        raise DateOutOfRange(wall)
    texts: dict[Destination, str] = {}
    chosen: dict[Destination, OptionValues] = {}
    written: dict[Destination, int] = {}
    for account in _enabled_accounts(destinations, accounts, networks):
        network = networks[account.network]
        parts = (threads or {}).get(account.destination, []) or written_thread(
            (variants or {}).get(account.destination, text), network
        )
        if len(parts) > PARTS_LIMIT:
            raise TooManyParts(len(parts))
        if len(parts) > 1 and network.threads is None:
            raise NoThreads(account.label)
        name, values = Destination(account.destination), _options(account, options or {}, networks)
        check_parts(parts, media, account, networks[account.network], values)
        chosen[name] = values
        own_texts = [part.text for part in parts] + comment_of(values)
        texts |= {Destination(name, number): part for number, part in enumerate(own_texts, start=1)}
        written |= {Destination(name, number): part.written for number, part in enumerate(parts, start=1)}
    _check_count(texts)
    media = _existing_parts(media, written)
    return Post(
        post_id=post_id,
        text=text,
        variants={destination: part for destination, part in texts.items() if part != text},
        media=media,
        destinations=tuple(texts),
        zone=zone,
        wall=wall.isoformat(timespec="seconds"),
        due_at=None if repeat else instant(wall, zone, which=which),
        repeat=repeat,
        late_after_minutes=late_after_minutes,
        labels=tuple(labels),
        options=chosen,
        written_parts=_needed_written_parts(written, media),
        card=card,
    )


def written_thread(text: str, network: Network) -> list[ThreadPart]:
    """Return the parts of a text as its author split it; one part where the network has no threads."""
    parts = hand_split(text) if network.threads is not None else [without_dashes(text)]
    return [ThreadPart(part, number) for number, part in enumerate(parts, start=1)]


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
    options: Mapping[str, OptionValues] | None = None,
    card: LinkCard | Literal["keep"] | None = "keep",
) -> Post:
    """Return the post with new text, media and destinations, and its time unchanged.

    `labels` None keeps the labels, and `options` None the options. A card is kept unless its link was in a text and is
    in none of the new ones. `variants` maps destinations, including the parts of
    threads, to their own texts. A thread with own texts stays a thread; the others follow the dashes of the text.
    Raises the errors of `compose` for texts, media, destinations and options.
    """
    texts: dict[Destination, str] = {}
    wanted: Mapping[str, OptionValues] = dict(post.options.items()) if options is None else options
    chosen: dict[Destination, OptionValues] = {}
    written: dict[Destination, int] = {}
    for account in _enabled_accounts(destinations, accounts, networks):
        name, values = Destination(account.destination), _options(account, wanted, networks)
        parts = _edited_parts(post, text, variants, name, networks[account.network])
        check_parts(parts, media, account, networks[account.network], values)
        chosen[name] = values
        own_texts = [part.text for part in parts] + comment_of(values)
        texts |= {Destination(name, number): part for number, part in enumerate(own_texts, start=1)}
        written |= {Destination(name, number): part.written for number, part in enumerate(parts, start=1)}
    _check_count(texts)
    media = _existing_parts(media, written)
    changed = {
        "text": text,
        "variants": {destination: own for destination, own in texts.items() if destination in variants or own != text},
        "destinations": tuple(texts),
        "media": media,
        "labels": post.labels if labels is None else tuple(labels),
        "options": chosen,
        "written_parts": _needed_written_parts(written, media),
        "card": _kept_card(post, [text, *texts.values()]) if card == "keep" else card,
    }
    return Post.model_validate(post.model_dump() | changed)


def follows_text(post: Revision, account: Destination, network: Network) -> bool:
    """Return whether an account gets the text of the post, split at its dashes if the network has threads."""
    own_texts = [post.text_for(each) for each in parts_of(post, account)]
    return own_texts == [part.text for part in written_thread(post.text, network)]


def _kept_card(post: Post, texts: Sequence[str]) -> LinkCard | None:
    """Return the card of a post, unless an edit has removed its link."""
    if post.card is None or post.card.url in _urls(texts):
        return post.card
    return None if post.card.url in _urls([post.text, *post.variants.values()]) else post.card


def _urls(texts: Iterable[str]) -> set[str]:
    return {link.url for text in texts for link in find_links(text)}


def _edited_parts(
    post: Post, text: str, variants: Mapping[str, str], account: Destination, network: Network
) -> list[ThreadPart]:
    """Return the parts of an account after an edit."""
    parts = parts_of(post, account)
    if len(parts) > 1 and any(part in variants for part in parts):
        own_texts = [variants.get(part, text) for part in parts]
        return list(map(ThreadPart, own_texts, written_parts(post, parts)))
    return written_thread(variants.get(account, text), network)


def _existing_parts(media: Sequence[Media], written: Mapping[Destination, int]) -> tuple[Media, ...]:
    """Return the media, those of a part that no account has at the last one."""
    last = max(written.values())
    return tuple(each if each.part <= last else each.model_copy(update={"part": last}) for each in media)


def _needed_written_parts(written: Mapping[Destination, int], media: Sequence[Media]) -> dict[Destination, int]:
    """Return the numbers of written parts that a post keeps.

    A post keeps none if all of its media are shown by first parts, and no part that its author split was split again.
    """
    threads = {each.account for each in written if each.part > 1}
    if all(each.part == 1 for each in media):
        again = {each.account for each, number in written.items() if each.part != number}
        threads &= again & {each.account for each, number in written.items() if number > 1}
    return {each: number for each, number in written.items() if each.account in threads}


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


def _options(
    account: Account, options: Mapping[str, OptionValues], networks: Mapping[str, Network]
) -> dict[str, OptionValue]:
    """Return the checked options of an account. Raises UnknownOption or UnusableOption."""
    return checked_options(options.get(account.destination, {}), account.label, networks[account.network].options)
