"""How X counts: every code point weighs one or two, an emoji two whatever it is made of, a link 23.

From twitter-text's configuration (version 3). The port of twitter-text for Python is what the tests compare this with;
it is not counted with, because a text full of dots keeps it busy for minutes.
"""

import unicodedata

import regex

from core.publishing.links import Link, links

LINK = 23
LONGEST_LINK = 4096
LIGHT = (range(0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
"""Code points that weigh one; all others weigh two."""
_EMOJI = regex.compile(
    r"""\p{Regional_Indicator}{2} | [0-9\#*]\ufe0f?\u20e3
    | \p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?[\U000e0020-\U000e007f]*
      (?:\u200d[\p{Extended_Pictographic}]\ufe0f?\p{Emoji_Modifier}?)*""",
    regex.VERBOSE,
)
_REACH = regex.compile(
    r"https?://[^/?#]*(?:/[\p{Latin}\p{Cyrillic}\d!*';:=+,.$/%\#\[\]\-–_~@|&()]*)?(?:\?[!-~]*)?", regex.I
)
"""As much of a link as X takes: other scripts end it, in its query all but ASCII, and a fragment needs a path."""


def weighted_length(text: str) -> int:
    """Return the weighted length of a text; X takes up to 280 (25,000 for some)."""
    normal = unicodedata.normalize("NFC", text)
    weighed, last = 0, 0
    for link in links(normal):
        end = link.start + _reach(normal[link.start : link.end], link)
        if link.public and end - link.start <= LONGEST_LINK:
            weighed += _plain(normal[last : link.start]) + LINK
            last = end
    return weighed + _plain(normal[last:])


def _reach(found: str, link: Link) -> int:
    """How many characters of a link X takes."""
    match = _REACH.match(link.url)
    return len(match[0]) - (len(link.url) - len(found)) if match else 0


def _plain(text: str) -> int:
    emojis, others = 0, []
    last = 0
    for match in _EMOJI.finditer(text):
        emojis += 1
        others.append(text[last : match.start()])
        last = match.end()
    others.append(text[last:])
    return 2 * emojis + sum(1 if any(ord(each) in light for light in LIGHT) else 2 for each in "".join(others))
