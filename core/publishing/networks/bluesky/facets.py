"""Facets, which make the links, mentions and tags of a Bluesky post work.

A facet names a range of the text in UTF-8 bytes, not in characters (app.bsky.richtext.facet). A mention names the
account by its DID, not by its handle.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import regex

from core.posts.models import graphemes
from core.publishing.links import find_links
from core.publishing.networks.bluesky.short_links import short_links

TAG_GRAPHEMES, TAG_BYTES = 64, 640
"""The limits of a tag without the #. The server refuses a post with a longer tag (app.bsky.richtext.facet)."""

_MENTION = regex.compile(r"(?<![\w@/.])[@＠](?P<handle>[a-z0-9-]++(?:\.[a-z0-9-]++)++)", regex.IGNORECASE)
_TAG = regex.compile(r"(?<![^\s(])[#＃](?![#＃\ufe0f\u20e3])(?P<tag>[^\s\u00ad\u2060\u200b\u200c\u20e2]++)")
"""A tag is the whole word, as in Bluesky's client, without the punctuation at its end: `#R&D`, `#node.js`."""
_CASHTAG = regex.compile(r"""(?<![^\s(])\$(?P<ticker>[A-Za-z][A-Za-z0-9]{0,4})(?=$|[\s.,;:!?)"'’])""")
_TAG_END = regex.compile(r"\p{P}++$")
_IN_TAG = regex.compile(r"[^\d\p{P}\p{M}\u200d]")
"""What a tag has at least once: `#1` and `#_` are no tags."""


@dataclass(frozen=True, kw_only=True)
class _Span:
    """A range of the text, in characters, and its feature."""

    start: int
    end: int
    feature: dict[str, str]


def mentioned_handles(text: str) -> list[str]:
    """Return the handles that a text mentions, in lower case, without duplicates."""
    return list(dict.fromkeys(match["handle"].lower() for match in _MENTION.finditer(text)))


def facets(text: str, resolve: Callable[[str], str | None]) -> list[dict[str, Any]]:
    """Return the facets of a text in order, without overlaps.

    `resolve` returns the DID of a handle in lower case, or None: the mention then stays plain text.
    """
    return [_facet(text, span) for span in _spans(text, resolve)]


def rich_text(text: str, resolve: Callable[[str], str | None]) -> tuple[str, list[dict[str, Any]]]:
    """Return a text as readers see it, with short links (short_links.py), and its facets, as `facets` does."""
    short = {link.start: link for link in short_links(text)}
    spans = _spans(text, resolve)
    shown, begin, found = "", 0, []
    for span in spans:
        shown += text[begin : span.start]
        words = short[span.start].shown if span.start in short else text[span.start : span.end]
        found.append(_Span(start=len(shown), end=len(shown) + len(words), feature=span.feature))
        shown, begin = shown + words, span.end
    shown += text[begin:]
    return shown, [_facet(shown, span) for span in found]


def _spans(text: str, resolve: Callable[[str], str | None]) -> list[_Span]:
    spans: list[_Span] = []
    for span in (*_links(text), *_mentions(text, resolve), *_tags(text)):
        if all(span.end <= other.start or span.start >= other.end for other in spans):
            spans.append(span)
    return sorted(spans, key=lambda span: span.start)


def _links(text: str) -> Iterator[_Span]:
    for link in find_links(text):
        yield _Span(start=link.start, end=link.end, feature={"$type": "app.bsky.richtext.facet#link", "uri": link.url})


def _mentions(text: str, resolve: Callable[[str], str | None]) -> Iterator[_Span]:
    for match in _MENTION.finditer(text):
        did = resolve(match["handle"].lower())
        if did is not None:
            feature = {"$type": "app.bsky.richtext.facet#mention", "did": did}
            yield _Span(start=match.start(), end=match.end(), feature=feature)


def _tags(text: str) -> Iterator[_Span]:
    for match in _TAG.finditer(text):
        tag = _TAG_END.sub("", match["tag"])
        if _IN_TAG.search(tag) and graphemes(tag) <= TAG_GRAPHEMES and len(tag.encode()) <= TAG_BYTES:
            end = match.start("tag") + len(tag)
            yield _Span(start=match.start(), end=end, feature={"$type": "app.bsky.richtext.facet#tag", "tag": tag})
    for match in _CASHTAG.finditer(text):  # the tag of a share keeps its sign, in upper case, as in Bluesky's client
        feature = {"$type": "app.bsky.richtext.facet#tag", "tag": match[0].upper()}
        yield _Span(start=match.start(), end=match.end(), feature=feature)


def _facet(text: str, span: _Span) -> dict[str, Any]:
    start = len(text[: span.start].encode())
    end = start + len(text[span.start : span.end].encode())
    return {"index": {"byteStart": start, "byteEnd": end}, "features": [span.feature]}
