"""Threads: a text too long for a network, in parts that fit."""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import accumulate

import regex

from core.errors import PunctualError
from core.publishing.links import find_links
from core.publishing.network import TextLength

Measure = Callable[[str], TextLength]
"""How long a text is for one account, as its network counts."""

_GRAPHEME, _WORD, _SENTENCE, _PARAGRAPH = range(4)
"""The places where a text may be cut, the worst first."""
_ENDS_SENTENCE = regex.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
_ENDS_SENTENCE_WITHOUT_SPACE = ("。", "！", "？")
LONGEST_END = 10
"""Graphemes that are looked at to see whether a sentence ends."""


class CannotSplit(PunctualError):
    """Something in the text is longer than a part may be, and must stay whole."""

    hint = "Shorten it, or the link in it."

    def __init__(self, beginning: str) -> None:
        super().__init__(f"The text cannot be split behind {beginning!r}.")


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """A place to cut: a part may end before grapheme `end`, and the next one begins with grapheme `begin`."""

    end: int
    begin: int
    rank: int


def split_text(text: str, measure: Measure) -> list[str]:
    """Return the text in parts that each fit, cut between paragraphs, sentences or words.

    No link and no grapheme is cut, and a word only where it fits no part by itself. White space at a cut is dropped,
    nothing else is. A text that fits is returned whole. Raises CannotSplit.
    """
    return _parts(text, measure, lambda number: "")


def split_and_number(text: str, measure: Measure) -> list[str]:
    """Return the text in parts as `split_text` does, each with its number and their count behind it: `1/3`."""
    if not measure(text).excess:
        return split_text(text, measure)
    digits = 1
    while True:
        most = 10**digits - 1
        parts = _parts(text, measure, partial(_mark, most))
        if len(parts) <= most:
            return [part + _mark(len(parts), number) for number, part in enumerate(parts, start=1)]
        digits += 1


def _mark(count: int, number: int) -> str:
    return f" {number}/{count}"


def _parts(text: str, measure: Measure, mark: Callable[[int], str]) -> list[str]:
    """Cut off the longest part that fits, again and again; `mark` is what will stand behind each part."""
    if not measure(text).excess:
        return [text]
    graphemes: list[str] = regex.findall(r"\X", text)
    offsets = [0, *accumulate(map(len, graphemes))]
    cuts = _cuts(text, graphemes, offsets)
    begin = next((at for at, each in enumerate(graphemes) if not each.isspace()), len(graphemes))
    parts: list[str] = []
    while begin < len(graphemes):
        behind = mark(len(parts) + 1)

        def fits(cut: _Cut, begin: int = begin, behind: str = behind) -> bool:
            return not measure(text[offsets[begin] : offsets[cut.end]] + behind).excess

        first = bisect_right(cuts, begin, key=lambda cut: cut.end)
        cut = _chosen(cuts, first, begin, fits)
        if cut is None:
            raise CannotSplit(text[offsets[begin] : offsets[min(begin + 30, len(graphemes))]])
        parts.append(text[offsets[begin] : offsets[cut.end]])
        begin = cut.begin
    return parts


def _chosen(cuts: list[_Cut], first: int, begin: int, fits: Callable[[_Cut], bool]) -> _Cut | None:
    """Return the cut behind `begin` that is best: of those that fill at least half of a part the best ranked."""
    furthest = _furthest(cuts, first, fits)
    if furthest is None or furthest == len(cuts) - 1:
        return None if furthest is None else cuts[furthest]
    within = cuts[first : furthest + 1]
    usable = [cut for cut in within if cut.rank > _GRAPHEME] or within
    half = (begin + cuts[furthest].end) // 2
    best = sorted(usable, key=lambda cut: (cut.end >= half, cut.rank if cut.end >= half else 0, cut.end), reverse=True)
    return next((cut for cut in best if fits(cut)), None)


def _furthest(cuts: list[_Cut], first: int, fits: Callable[[_Cut], bool]) -> int | None:
    """Return the last cut that fits: steps that double, then halves; so the cost goes with the part, not the text."""
    step, low = 1, first - 1
    while low + step < len(cuts) and fits(cuts[low + step]):
        low, step = low + step, step * 2
    high = min(low + step, len(cuts))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(cuts[middle]) else (low, middle)
    return low if low >= first else None


def _cuts(text: str, graphemes: list[str], offsets: list[int]) -> list[_Cut]:
    """Return every place where the text may be cut, in order; its end is the last."""
    linked = {
        at
        for link in find_links(text)
        for at in range(bisect_right(offsets, link.start), bisect_right(offsets, link.end - 1))
    }
    found = []
    at = 1
    while at < len(graphemes):
        begin = at
        while begin < len(graphemes) and graphemes[begin].isspace():
            begin += 1
        if at not in linked and not graphemes[at - 1].isspace():
            found.append(_Cut(end=at, begin=begin, rank=_rank(graphemes, at, begin)))
        at = max(begin, at + 1)
    last = len(graphemes)
    while last and graphemes[last - 1].isspace():
        last -= 1
    return [*(cut for cut in found if cut.end < last), _Cut(end=last, begin=len(graphemes), rank=_PARAGRAPH)]


def _rank(graphemes: list[str], end: int, begin: int) -> int:
    if begin == end:
        return _SENTENCE if graphemes[end - 1] in _ENDS_SENTENCE_WITHOUT_SPACE else _GRAPHEME
    gap = "".join(graphemes[end:begin])
    if len(gap.splitlines()) > 2 or gap.count("\n") > 1:
        return _PARAGRAPH
    ends = "".join(graphemes[max(0, end - LONGEST_END) : end])
    return _SENTENCE if "\n" in gap or _ENDS_SENTENCE.search(ends) else _WORD
