"""The length of a text on X: a code point weighs one or two, an emoji two, a link 23.

The weights come from twitter-text's configuration, version 3. The tests compare this module with the Python port of
twitter-text. The port itself is not used because a text full of dots keeps it busy for minutes.
"""

import unicodedata

import regex

from core.publishing.links import Link, find_links

LINK_WEIGHT = 23
MAX_LINK_CHARACTERS = 4096
LIGHT = (range(0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
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
"""The part of a link that X accepts. Other scripts end it, a query is ASCII, and a fragment needs a path."""


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


def _accepted_length(found: str, link: Link) -> int:
    """Return how many characters of a link X accepts as part of it."""
    match = _X_LINK.match(link.url)
    return len(match[0]) - (len(link.url) - len(found)) if match else 0


def _length_without_links(text: str) -> int:
    emojis, others = 0, []
    last = 0
    for match in _EMOJI.finditer(text):
        emojis += 1
        others.append(text[last : match.start()])
        last = match.end()
    others.append(text[last:])
    return 2 * emojis + sum(1 if any(ord(each) in light for light in LIGHT) else 2 for each in "".join(others))
