"""Makes the card of a link from its page, which other people write."""

import logging
from functools import partial
from urllib.parse import urljoin

import regex

from core.errors import PunctualError
from core.media.pictures import PictureLimits, fit_picture
from core.media.port import MediaStore
from core.posts.models import CARD_DESCRIPTION_LENGTH, CARD_TITLE_LENGTH, LinkCard, MediaReference
from core.publishing.http.public_web import PublicWeb
from core.publishing.link_cards.cards import LinkCards
from core.publishing.link_cards.page_card import page_card
from core.publishing.link_cards.page_text import page_text
from core.time.instants import Clock

log = logging.getLogger(__name__)

PAGE_BYTES = 2_000_000
"""The beginning of a page that is read. Large sites name their card after hundreds of kilobytes."""
PICTURE_BYTES = 10_000_000
STORED_PICTURE = PictureLimits(count=1, max_bytes=1_000_000, max_side=2000)
"""The size in which a picture is stored: what Bluesky accepts (app.bsky.embed.external)."""
SECONDS = 10.0
"""The time limit of the page, and that of the picture, each with its redirects."""


class NoCard(PunctualError):
    """A page names neither a title nor a description, or cannot be read as a page."""

    hint = "The post goes out with its link, without a card."

    def __init__(self, url: str) -> None:
        super().__init__(f"{url} names no title and no description.")


def link_cards(store: MediaStore, clock: Clock) -> LinkCards:
    """Return the cards of pages of the public internet. Their pictures are kept in the store."""
    return LinkCards(clock, partial(fetch_card, web=PublicWeb(), store=store))


def fetch_card(url: str, web: PublicWeb, store: MediaStore) -> LinkCard:
    """Read the page of a link and its picture, store the picture, and return the card.

    A page whose picture cannot be used has a card without one. Raises CannotFetch, NotPublic or NoCard.
    """
    page = web.page(url, max_bytes=PAGE_BYTES, seconds=SECONDS)
    found = page_card(page_text(page.content, page.charset))
    if found is None or not (found.title or found.description):
        raise NoCard(url)
    return LinkCard(
        url=url,
        title=shortened(found.title, CARD_TITLE_LENGTH),
        description=shortened(found.description, CARD_DESCRIPTION_LENGTH),
        picture=_stored_picture(page.address, found.picture, web, store) if found.picture else None,
    )


def shortened(text: str, limit: int) -> str:
    """Return a text in at most `limit` characters, with an ellipsis if it is longer. Graphemes stay whole."""
    text = regex.sub(r"(?![\t\n\r])\p{Cc}|\p{Cs}", "", text)
    if len(text) <= limit:
        return text
    kept = max((match.end() for match in regex.finditer(r"\X", text[: limit + 20]) if match.end() < limit), default=0)
    return f"{text[:kept].rstrip()}…"


def _stored_picture(page: str, picture: str, web: PublicWeb, store: MediaStore) -> MediaReference | None:
    try:
        content = web.picture(urljoin(page, picture), max_bytes=PICTURE_BYTES, seconds=SECONDS)
        return store.put(fit_picture(content, STORED_PICTURE).content)
    except (PunctualError, ValueError) as error:  # ValueError: the address cannot be joined with that of the page
        log.info("The picture of a link card is left out: %s", error)
        return None
