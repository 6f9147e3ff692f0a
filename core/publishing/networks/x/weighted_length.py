"""The length of a text on X: a code point weighs one or two, an emoji two, a link 23.

The weights come from twitter-text's configuration, version 3. The tests compare this module with twitter-text
and its Python port. Punctual does not use the port itself: for a text full of dots it takes minutes.
"""

import unicodedata
from collections.abc import Iterator

import regex

from core.publishing.links import LINK_BEGINNING, LINK_REST, is_public

LINK_WEIGHT = 23
MAX_LINK_CHARACTERS = 4096
SINGLE_WEIGHT = (range(0x1100), range(0x2000, 0x200E), range(0x2010, 0x2020), range(0x2032, 0x2038))
"""Code points that weigh one; all others weigh two."""
_EMOJI = regex.compile(
    r"""\p{Regional_Indicator}{2} | [0-9\#*]\ufe0f?\u20e3
    | (?:(?![©®])\p{Extended_Pictographic}\ufe0f?|[©®]\ufe0f)\p{Emoji_Modifier}?[\U000e0020-\U000e007f]*
      (?:\u200d\p{Extended_Pictographic}\ufe0f?\p{Emoji_Modifier}?)*""",
    regex.VERBOSE,
)
_LETTER = (
    "a-z0-9\u0400-\u04ff\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\u0100-\u024f\u0253\u0254\u0256\u0257\u0259\u025b"
    "\u0263\u0268\u026f\u0272\u0289\u028b\u02bb\u0300-\u036f\u1e00-\u1eff"
)
_PATH = rf"[{_LETTER}!*';:=+,.$/%\#\[\]\-–_~@|&]"
_PARENTHESES = rf"\((?:{_PATH}+|{_PATH}*\({_PATH}+\){_PATH}*)\)"
_QUERY = r"\?[a-z0-9!?*'@();:&=+$/%#\[\]\-_.,~|]*[a-z0-9\-_&=#/]"
_REST = regex.compile(
    rf"(?:/(?:(?:{_PATH}|{_PARENTHESES})*(?:[+\-{_LETTER}=_#/]|{_PARENTHESES}))?)?(?:{_QUERY})?", regex.IGNORECASE
)
"""What X accepts after the host of a link, by the rules of twitter-text. A character of another script ends it, its
query is ASCII, and a fragment counts only after a path."""
_SHORT_REST = regex.compile(rf"/[a-z0-9]+(?:{_QUERY})?", regex.IGNORECASE)
"""What X accepts after the host of its own short links, t.co."""


def weighted_length(text: str) -> int:
    """Return the weighted length of a text. X accepts up to 280, from some accounts up to 25,000."""
    normal = unicodedata.normalize("NFC", text)
    total, last = 0, 0
    for start, end in _links(normal):
        total += _length_without_links(normal[last:start]) + LINK_WEIGHT
        last = end
    return total + _length_without_links(normal[last:])


def _links(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of a text that X shortens, in order. The time is linear in the length of the text."""
    position = 0
    while found := LINK_BEGINNING.search(text, position):
        public = is_public(found["host"] or found["bare"])
        if found["bare"] and not public:
            position = _end(LINK_REST, text, found.end())
            continue
        position, end = _ends(text, found)
        if public and end - found.start() <= MAX_LINK_CHARACTERS:
            yield found.start(), end


def _ends(text: str, found: "regex.Match[str]") -> tuple[int, int]:
    """Return where the search for links continues after the beginning of a link, and where X ends that link."""
    if found["bare"] and not text.startswith("/", found.end()):  # its port and query are no part of it
        return found.end(), found.end("bare")
    is_short = found[0].lower().rpartition("//")[2] == "t.co"
    end = _end(_SHORT_REST, text, found.end()) if is_short else found.end()
    if end == found.end():
        end = _end(_REST, text, end)
    return end, end


def _end(pattern: "regex.Pattern[str]", text: str, start: int) -> int:
    """Return the end of what matches a pattern at `start`, or `start` if nothing does."""
    match = pattern.match(text, start)
    return match.end() if match else start


def _length_without_links(text: str) -> int:
    others, emojis = _EMOJI.subn("", text)
    return 2 * emojis + sum(1 if any(ord(each) in block for block in SINGLE_WEIGHT) else 2 for each in others)
