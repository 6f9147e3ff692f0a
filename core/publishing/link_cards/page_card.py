"""What a web page says of itself for a card: Open Graph, Twitter cards, or else its title and description.

The page is parsed in a process of its own, which this file is as a script: a page can be written so that a parser takes
minutes for it (50,000 nested elements), or finds a fault in the parser.
"""

import json
import subprocess
import sys
from dataclasses import dataclass

PARSE_SECONDS = 4.0
"""The time limit of the process, its start included."""
_TITLES = ("og:title", "twitter:title")
_DESCRIPTIONS = ("og:description", "twitter:description", "description")
_PICTURES = ("og:image:secure_url", "og:image:url", "og:image", "twitter:image", "twitter:image:src")
_LONGEST = 5000
"""Characters of a text that the process returns."""


@dataclass(frozen=True, kw_only=True)
class PageCard:
    """The texts of a page in one line each, and the address of its picture. What the page does not name is empty."""

    title: str
    description: str
    picture: str


def page_card(html: str) -> PageCard | None:
    """Return the card of a page. Markup in a text is text. None if the page cannot be parsed in PARSE_SECONDS."""
    try:
        parsed = subprocess.run(
            [sys.executable, "-I", __file__],
            input=html.encode("utf-8", "replace"),
            capture_output=True,
            timeout=PARSE_SECONDS,
            check=True,
        )
        return PageCard(**json.loads(parsed.stdout))
    except (subprocess.SubprocessError, OSError):
        return None


def _parse(html: bytes) -> dict[str, str]:
    from selectolax.lexbor import LexborHTMLParser

    page = LexborHTMLParser(html)
    named: dict[str, str] = {}
    for meta in page.css("meta"):
        attributes = meta.attributes
        for name in (attributes.get("property"), attributes.get("name")):
            content = _one_line(attributes.get("content"))
            if name and content:
                named.setdefault(name.strip().lower(), content)
    title = page.css_first("title")
    return {
        "title": _first(named, _TITLES) or _one_line(title.text() if title else ""),
        "description": _first(named, _DESCRIPTIONS),
        "picture": _first(named, _PICTURES),
    }


def _first(named: dict[str, str], names: tuple[str, ...]) -> str:
    return next((named[name] for name in names if name in named), "")


def _one_line(text: str | None) -> str:
    return " ".join((text or "")[: 2 * _LONGEST].split())[:_LONGEST]


if __name__ == "__main__":
    print(json.dumps(_parse(sys.stdin.buffer.read())))
