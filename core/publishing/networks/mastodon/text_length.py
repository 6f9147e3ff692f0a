"""The length of a text on Mastodon: graphemes, with a fixed length for links and none for the server of a mention."""

import regex

from core.posts.models import graphemes
from core.publishing.links import find_links

_REMOTE_MENTION = regex.compile(r"(?<![=/\w])(@\w[\w.-]*+)@[\w.-]*\w")


def text_length(text: str, url_length: int) -> int:
    """Return the length of a text in which each public link counts as `url_length`."""
    total, last = 0, 0
    for link in find_links(text):
        if link.public and text.startswith(link.url, link.start):
            total += _length_without_links(text[last : link.start]) + url_length
            last = link.end
    return total + _length_without_links(text[last:])


def _length_without_links(text: str) -> int:
    return graphemes(_REMOTE_MENTION.sub(r"\1", text))
