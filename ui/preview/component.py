"""The posts of a draft as their networks show them, the counter rings, and the parts of a thread.

All are drawn anew with each typed letter.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from core.accounts.port import Account
from core.posts.first_comment import FIRST_COMMENT
from core.posts.models import LinkCard, Media
from core.publishing.composing import written_thread
from core.publishing.drafted_posts import has_threads
from core.publishing.length_split import ThreadPart
from core.publishing.link_cards.attached_card import ShowsCards
from core.publishing.links import top_level_domains
from core.publishing.networks.mastodon.options import CONTENT_WARNING
from core.publishing.options import OptionValues
from core.publishing.post_length import measure_post
from ui.frame.application import application
from ui.frame.class_name import class_name
from ui.frame.face_picture import initials
from ui.frame.faces import logo_url
from ui.frame.picture_addresses import frame_address, picture_address
from ui.preview.rules import text_rule

_HERE = Path(__file__).parent
_HTML = """
<div class="preview"><div class="rings" hidden></div>
<div class="parts" hidden><ol aria-label="Parts of the thread"></ol><p class="joined" hidden></p></div>
<section class="cards" aria-label="Preview" hidden></section>
<span class="status" role="status"></span></div>
"""
_PICTURE_SIDE, _THUMBNAIL_SIDE, _AVATAR_SIDE, _LOGO_SIDE = 640, 96, 96, 20
"""Pixels."""

_NOTHING: dict[str, Any] = {"rings": None, "parts": None, "cards": [], "pictures": {}}
_WITHOUT_CARDS = ("outbox", "webhook")
_MEDIA_MEMBERS = {"reference", "kind", "alt", "width", "height", "part", "focus"}


def _scripts(*names: str) -> str:
    return "\n".join((_HERE / name).read_text(encoding="utf-8") for name in names)


def text_rules() -> str:
    """Return the script with the functions `measure` and `entities`."""
    domains = json.dumps(" ".join(sorted(top_level_domains())), ensure_ascii=False)
    return f'const TOP_LEVEL_DOMAINS = new Set({domains}.split(" "));\n{_scripts("links.js", "text_rules.js")}'


_component = st.components.v2.component(
    "punctual_preview",
    html=_HTML,
    css=_scripts("preview.css", "parts.css"),
    js=text_rules() + _scripts("../frame/elements.js", "posts.js", "rings.js", "drawing.js", "parts.js", "preview.js"),
)


@dataclass(frozen=True, kw_only=True)
class PostPreview:
    """What one account gets of a draft.

    `field` is the key of the text area with its text, and `parts` are those of `text`, the text that the server has.
    `numbered` says whether parts that were split by their length are numbered; None if none are split so.
    """

    account: Account
    field: str
    text: str
    parts: Sequence[ThreadPart]
    numbered: bool | None = None
    media: Sequence[Media] = ()
    card: LinkCard | None = None
    options: OptionValues = dataclass_field(default_factory=dict)


def as_written(account: Account, field: str, text: str) -> PostPreview:
    """Return the post of an account with a text that is split at its lines of dashes alone."""
    network = application().networks[account.network]
    return PostPreview(account=account, field=field, text=text, parts=written_thread(text, network))


def counter(field: str, text: str, posts: Sequence[PostPreview]) -> None:
    """Draw a ring for each post of the text area with the key `field`: how much room its network leaves.

    While the person types, the rules of the browser count. Text that has reached the server is measured by core.
    """
    rings = {"field": class_name(field), "text": text, "accounts": [_account(post) for post in posts]}
    _component(key=f"{field}-counter", data=_NOTHING | {"rings": rings})


def parts(
    field: str,
    text: str,
    posts: Sequence[PostPreview],
    *,
    joined: str,
    moves_media: bool,
    version: int,
    on_moved: Callable[[], None],
) -> None:
    """Draw the parts of the text area with the key `field`, each with its media and the room of its post.

    `posts` are those of accounts with threads; `joined` says what other accounts get. Once a person has moved a part,
    the text area has the new text, and `on_moved` is called. The state under `parts_key` then has `moved`: the text,
    the version of the draft that the tab had, and the part of each file, if media move with the parts.
    """
    media = posts[0].media if posts else ()
    data = {
        "field": class_name(field),
        "text": text,
        "accounts": [_account(post) for post in posts],
        "media": [_media(each) for each in media],
        "joined": joined,
        "moves_media": moves_media,
        "version": version,
    }
    shown = _NOTHING | {"parts": data, "pictures": _pictures(media, _THUMBNAIL_SIDE)}
    _component(key=parts_key(field), data=shown, on_moved_change=on_moved)


def parts_key(field: str) -> str:
    """Return the key of the parts of a text area."""
    return f"{field}-parts"


def previews(posts: Sequence[PostPreview]) -> None:
    """Draw each account's post, or the parts of its thread, as its readers see them."""
    cards = [
        _account(post)
        | _face(post.account)
        | {"card": _card(post), "warning": str(post.options.get(CONTENT_WARNING, ""))}
        for post in posts
    ]
    pictures = _pictures((each for post in posts for each in post.media), _PICTURE_SIDE)
    _component(key="previews", data=_NOTHING | {"cards": cards, "pictures": pictures})


def _account(post: PostPreview) -> dict[str, Any]:
    account, network = post.account, application().networks[post.account.network]
    return {
        "key": account.destination,
        "label": account.label,
        "network": account.network,
        "logo": logo_url(account.network, _LOGO_SIDE),
        "field": class_name(post.field),
        "text": post.text,
        "threads": has_threads(account, application().networks),
        "resplit": {None: None, False: "plain", True: "numbered"}[post.numbered],
        "rule": text_rule(network, account, post.options),
        "parts": [_part(post, part) for part in post.parts],
        "comment": post.options.get(FIRST_COMMENT, ""),
        "media": [_media(each) for each in post.media],
    }


def _part(post: PostPreview, part: ThreadPart) -> dict[str, Any]:
    network = application().networks[post.account.network]
    return {**part._asdict(), **asdict(measure_post(network, part.text, post.account, post.options))}


def _media(media: Media) -> dict[str, Any]:
    return media.model_dump(include=_MEDIA_MEMBERS)


def _face(account: Account) -> dict[str, Any]:
    network = application().networks[account.network].label
    name = account.name or account.label.removesuffix(f" ({network})").removesuffix(" (built in)")
    handle = account.handle and f"@{account.handle}"
    avatar = picture_address(account.avatar, _AVATAR_SIDE) if account.avatar else ""
    return {"name": name, "handle": handle, "avatar": avatar, "initials": initials(account), "network_label": network}


def _card(post: PostPreview) -> dict[str, Any] | None:
    """Return the link card. If its network does not show the card of a post, readers see that of the page itself."""
    card = post.card
    if card is None or post.account.network in _WITHOUT_CARDS:
        return None
    return {
        "url": card.url,
        "host": (urlsplit(card.url).hostname or card.url).removeprefix("www."),
        "title": card.title,
        "description": card.description,
        "picture": picture_address(card.picture, _PICTURE_SIDE) if card.picture else "",
        "attached": isinstance(application().networks[post.account.network], ShowsCards),
    }


def _pictures(media: Iterable[Media], side: int) -> Mapping[str, str]:
    """Return the address of each picture and of the first frame of each video, by its reference.

    What cannot be read has none.
    """
    kinds = {each.reference: each.kind for each in media}
    addresses = {"picture": picture_address, "video": frame_address}
    return {each: addresses[kind](each, side) for each, kind in kinds.items()}
