"""The link of a post whose card is wanted."""

from collections.abc import Iterable, Mapping

from core.posts.models import LinkCard, Revision
from core.publishing.link_cards.attached_card import ShowsCards, card_for
from core.publishing.links import find_links


def public_links(texts: Iterable[str]) -> list[str]:
    """Return the links to public hosts, each once."""
    return list(dict.fromkeys(link.url for text in dict.fromkeys(texts) for link in find_links(text) if link.public))


def wanted_link(revision: Revision, networks: Mapping[str, object]) -> str | None:
    """Return the first link of the texts for the accounts whose network shows the card of a post.

    None if there is none, or if no part could show its card, because all of them have pictures or a video.
    """
    showing = [each for each in revision.destinations if isinstance(networks.get(_network(each)), ShowsCards)]
    for url in public_links(revision.text_for(each) for each in showing)[:1]:
        candidate = revision.model_copy(update={"card": LinkCard.model_construct(url=url)})
        if any(card_for(candidate, each) for each in showing):
            return url
    return None


def _network(destination: str) -> str:
    return destination.partition(":")[0]
