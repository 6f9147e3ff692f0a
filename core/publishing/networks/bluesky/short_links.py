"""Long links in a shorter form, as Bluesky's own app shows them: `example.com/blog/very-lo…` for the whole address.

The facet of the link keeps the whole address. Only the shown text counts for the limit of a post.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass

import regex

from core.posts.models import graphemes
from core.publishing.links import Link, find_links

SHOWN_REST, LONG_REST = 13, 15
"""Graphemes after the host: those that a short link shows, and the most that a link has without being shortened."""


@dataclass(frozen=True, kw_only=True)
class ShortLink:
    """A link at `start` to `end` of a text, and what is shown in its place."""

    start: int
    end: int
    shown: str


def short_links(text: str) -> list[ShortLink]:
    """Return the links of a text that are shown shorter, in order.

    A link stays whole if readers could take it for something else: two addresses with the same beginning, a short form
    that the author wrote too, or a host of no public domain.
    """
    short = [(link, shown) for link in find_links(text) if link.public and (shown := _shown(link, text))]
    addresses: dict[str, set[str]] = defaultdict(set)
    for link, shown in short:
        addresses[shown].add(link.url)
    written = Counter({shown: text.count(shown) for shown in addresses})
    return [
        ShortLink(start=link.start, end=link.end, shown=shown)
        for link, shown in short
        if len(addresses[shown]) == 1 and not written[shown]
    ]


def shown_text(text: str) -> str:
    """Return a text as readers see it."""
    parts, begin = [], 0
    for link in short_links(text):
        parts += [text[begin : link.start], link.shown]
        begin = link.end
    return "".join([*parts, text[begin:]])


def _shown(link: Link, text: str) -> str:
    """Return the short form of a link, or nothing if the link is not long."""
    rest = text[link.host_end : link.end]
    if len(rest) <= LONG_REST or graphemes(rest) <= LONG_REST:
        return ""
    host = text[link.start : link.host_end].rpartition("//")[2]
    beginning = "".join(regex.findall(r"\X", rest)[:SHOWN_REST])
    return f"{host}{beginning}…"
