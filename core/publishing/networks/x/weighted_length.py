"""The length of a text on X: a code point weighs one or two, an emoji two, a link 23.

The weights come from twitter-text's configuration, version 3. The tests compare this module with the Python port of
twitter-text. Punctual does not use the port itself: for a text full of dots it takes minutes.
"""

import unicodedata

import regex

from core.publishing.links import Link, find_links

LINK_WEIGHT = 23
MAX_LINK_CHARACTERS = 4096
SINGLE_WEIGHT = (range(0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
"""Code points that weigh one; all others weigh two."""
_EMOJI = regex.compile(
    r"""\p{Regional_Indicator}{2} | [0-9\#*]\ufe0f?\u20e3
    | \p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?[\U000e0020-\U000e007f]*
      (?:\u200d[\p{Extended_Pictographic}]\ufe0f?\p{Emoji_Modifier}?)*""",
    regex.VERBOSE,
)
_X_LINK = regex.compile(
    r"https?://[^/?#]*(?:/[\p{Latin}\p{Cyrillic}\d!*';:=+,.$/%\#\[\]\-–_~@|&()]*)?(?:\?[!-~]*)?", regex.I
)
"""The beginning of a URL that X accepts as a link. A character of another script ends it, its query is ASCII, and a
fragment counts only after a path."""


def weighted_length(text: str) -> int:
    """Return the weighted length of a text. X accepts up to 280, from some accounts up to 25,000."""
    normal = unicodedata.normalize("NFC", text)
    total, last = 0, 0
    for link in find_links(normal):
        end = link.start + _accepted_length(normal[link.start : link.end], link)
        if link.public and end - link.start <= MAX_LINK_CHARACTERS:
            total += _length_without_links(normal[last : link.start]) + LINK_WEIGHT
            last = end
    return total + _length_without_links(normal[last:])


def _accepted_length(written: str, link: Link) -> int:
    """Return how many characters of a link, as written in the text, X accepts as part of it."""
    bare = not written.lower().startswith("http")
    if bare and not written.startswith("/", link.host_end - link.start):  # its query or fragment is no part of it
        return link.host_end - link.start
    match = _X_LINK.match(link.url)
    added = len(link.url) - len(written)  # the scheme that find_links adds to a bare domain
    return len(match[0]) - added if match else 0


def _length_without_links(text: str) -> int:
    others, emojis = _EMOJI.subn("", text)
    return 2 * emojis + sum(1 if any(ord(each) in block for block in SINGLE_WEIGHT) else 2 for each in others)
