"""What a web page says of itself for a card: Open Graph, Twitter cards, or else its title and description."""

from dataclasses import dataclass
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser

_TITLES = ("og:title", "twitter:title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_PICTURES = ("og:image:secure_url", "og:image:url", "og:image", "twitter:image", "twitter:image:src")


@dataclass(frozen=True, kw_only=True)
class PageCard:
    """The texts of a page in one line each, and the address of its picture. What the page does not name is empty."""

    title: str
    description: str
    picture: str


def page_card(html: str, address: str) -> PageCard:
    """Return the card of a page at an address. Markup in a text is text."""
    page = LexborHTMLParser(html)
    named: dict[str, str] = {}
    for meta in page.css("meta"):
        attributes = meta.attributes
        for name in (attributes.get("property"), attributes.get("name")):
            content = _one_line(attributes.get("content"))
            if name and content:
                named.setdefault(name.strip().lower(), content)
    title = page.css_first("title")
    return PageCard(
        title=_first(named, _TITLES) or _one_line(title.text() if title else ""),
        description=_first(named, _DESCRIPTIONS),
        picture=_absolute(address, _first(named, _PICTURES)),
    )


def _first(named: dict[str, str], names: tuple[str, ...]) -> str:
    return next((named[name] for name in names if name in named), "")


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split())


def _absolute(address: str, picture: str) -> str:
    try:
        return urljoin(address, picture) if picture else ""
    except ValueError:  # such as the address of a bracket that is not closed
        return ""
