"""The link card of a post, ready to send to one account."""

import logging
from dataclasses import dataclass
from typing import Protocol, runtime_checkable
from urllib.parse import urlsplit

from core.media.pictures import CannotFit, CorruptPicture, PictureLimits, TooManyPixels
from core.media.port import AlteredMedia, MediaStore, MissingMedia
from core.posts.destinations import Destination
from core.posts.models import LinkCard, MediaReference, Revision
from core.posts.part_media import media_for, parts_of
from core.publishing.attachments import Attachment, fitted_picture
from core.publishing.links import find_links

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class AttachedCard:
    """A link card with its picture within the network's limits. `title` is never empty."""

    url: str
    title: str
    description: str
    picture: Attachment | None = None


@runtime_checkable
class ShowsCards(Protocol):
    """A network that shows the card of a post. The others make cards of their own from the links of a text."""

    card_picture: PictureLimits
    """The limits of a card's picture."""


def card_for(revision: Revision, destination: Destination) -> LinkCard | None:
    """Return the card that goes out with one destination of a post.

    Of a thread, the first part with the link has the card, or the first part if none has the link. A first comment has
    none, and neither has a part with pictures or a video: no network shows both.
    """
    parts = parts_of(revision, destination.account)
    if revision.card is None or destination not in parts or media_for(revision, destination):
        return None
    url = revision.card.url
    with_link = (each for each in parts if any(link.url == url for link in find_links(revision.text_for(each))))
    return revision.card if destination == next(with_link, parts[0]) else None


def attached_card(
    revision: Revision, destination: Destination, network: object, store: MediaStore
) -> AttachedCard | None:
    """Return the card that the network shows with one destination of a post.

    A picture that is missing or damaged is left out: the post goes out on time without it. Raises the errors of the
    store if it cannot be read.
    """
    card = card_for(revision, destination)
    if card is None or not isinstance(network, ShowsCards):
        return None
    picture = _picture(card.picture, store, network.card_picture) if card.picture is not None else None
    title = card.title or urlsplit(card.url).hostname or card.url
    return AttachedCard(url=card.url, title=title, description=card.description, picture=picture)


def _picture(reference: MediaReference, store: MediaStore, limits: PictureLimits) -> Attachment | None:
    try:
        return fitted_picture(reference, store, limits)
    except (MissingMedia, AlteredMedia, CannotFit, CorruptPicture, TooManyPixels) as error:
        log.warning("A link card goes out without its picture: %s", error)
        return None
