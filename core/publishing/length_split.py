"""Splits a text that exceeds a network's limit into the parts of a thread."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import NamedTuple

import regex

from core.errors import PunctualError
from core.publishing.links import find_links
from core.publishing.network import TextLength

Measure = Callable[[str], TextLength]
"""Returns the length of a text for one account, in its network's units."""

_GRAPHEME, _WORD, _SENTENCE, _PARAGRAPH = range(4)
"""The ranks of cuts, by the units of text that they separate, the least preferred first."""
_ENDS_SENTENCE = regex.compile(r"""[.!?…。！？]["'”’»)\]]*$""")
_ENDS_SENTENCE_WITHOUT_SPACE = ("。", "！", "？")
_SENTENCE_END_GRAPHEMES = 10
"""The number of graphemes before a cut that are searched for the end of a sentence."""


class CannotSplit(PunctualError):
    """A link or grapheme, which must stay whole, exceeds the limit of one part."""

    hint = "Shorten the text there, or the link in it."

    def __init__(self, beginning: str) -> None:
        super().__init__(f"The text cannot be split at {beginning!r}.")


@dataclass(frozen=True, kw_only=True)
class _Cut:
    """A possible cut: one part ends before grapheme `end`, and the next one begins at grapheme `begin`."""

    end: int
    begin: int
    rank: int


class ThreadPart(NamedTuple):
    """One part of a thread, and the number of the written part that it is from, from 1."""

    text: str
    written: int


def split_parts(texts: Sequence[str], measure: Measure) -> list[ThreadPart]:
    """Return the written parts as parts that fit. One that is too long is cut between paragraphs, sentences or words.

    Links and graphemes stay whole, and so does every word that fits into one part. Only white space at the cuts is
    removed. A part that fits is returned unchanged. Raises CannotSplit.
    """
    return _thread(texts, measure, lambda number: "")


def number_parts(texts: Sequence[str], measure: Measure) -> list[ThreadPart]:
    """Return the parts as `split_parts` does, each followed by its number and the count, such as `1/3`.

    Parts that all fit have no numbers. Raises CannotSplit.
    """
    if not any(measure(text).excess for text in texts):
        return split_parts(texts, measure)
    digits = 1
    while True:
        largest = 10**digits - 1
        parts = _thread(texts, measure, partial(_number_suffix, largest))
        if len(parts) <= largest:
            return [
                part._replace(text=part.text + _number_suffix(len(parts), number))
                for number, part in enumerate(parts, start=1)
            ]
        digits += 1


def _number_suffix(count: int, number: int) -> str:
    return f" {number}/{count}"


def _thread(texts: Sequence[str], measure: Measure, suffix_of: Callable[[int], str]) -> list[ThreadPart]:
    """Return the parts of all texts without their suffixes. Each leaves room for its suffix, `suffix_of(number)`."""
    thread: list[ThreadPart] = []
    for written, text in enumerate(texts, start=1):
        begun = len(thread)
        parts = _parts(text, measure, lambda number, begun=begun: suffix_of(begun + number))  # type: ignore[misc]
        thread += [ThreadPart(part, written) for part in parts]
    return thread


def _parts(text: str, measure: Measure, suffix_of: Callable[[int], str]) -> list[str]:
    """Return the parts of one text without their suffixes. Each leaves room for its suffix, `suffix_of(number)`."""
    if not measure(text + suffix_of(1)).excess:
        return [text]
    graphemes: list[str] = regex.findall(r"\X", text)
    offsets = [0, *accumulate(map(len, graphemes))]
    cuts = _cuts(text, graphemes, offsets)
    begin = next((index for index, each in enumerate(graphemes) if not each.isspace()), len(graphemes))
    parts: list[str] = []
    while begin < len(graphemes):
        suffix = suffix_of(len(parts) + 1)

        def fits(cut: _Cut, begin: int = begin, suffix: str = suffix) -> bool:
            return not measure(text[offsets[begin] : offsets[cut.end]] + suffix).excess

        first = bisect_right(cuts, begin, key=lambda cut: cut.end)
        cut = _best_cut(cuts, first, begin, fits)
        if cut is None:
            raise CannotSplit(text[offsets[begin] : offsets[min(begin + 30, len(graphemes))]])
        parts.append(text[offsets[begin] : offsets[cut.end]])
        begin = cut.begin
    return parts


def _best_cut(cuts: list[_Cut], first: int, begin: int, fits: Callable[[_Cut], bool]) -> _Cut | None:
    """Return the best cut of a part that begins at `begin`; None if no cut fits. `cuts[first]` is the first candidate.

    The end of the text is best. Otherwise cuts that fill at least half of the part come first, by rank, then the
    others. A word is cut only if there is no other cut. Of equal cuts, the later one is better.
    """
    last = _last_fitting(cuts, first, fits)
    if last is None:
        return None
    if last == len(cuts) - 1:
        return cuts[last]
    candidates = cuts[first : last + 1]
    candidates = [cut for cut in candidates if cut.rank > _GRAPHEME] or candidates
    half = (begin + cuts[last].end) // 2
    candidates.sort(key=lambda cut: (cut.end >= half, cut.rank if cut.end >= half else 0, cut.end), reverse=True)
    return next((cut for cut in candidates if fits(cut)), None)


def _last_fitting(cuts: list[_Cut], first: int, fits: Callable[[_Cut], bool]) -> int | None:
    """Return the index of the last cut that fits; None if none fits.

    The steps double, then halve, so the cost depends on the length of the part, not of the text.
    """
    step, low = 1, first - 1
    while low + step < len(cuts) and fits(cuts[low + step]):
        low, step = low + step, step * 2
    high = min(low + step, len(cuts))
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(cuts[middle]) else (low, middle)
    return low if low >= first else None


def _cuts(text: str, graphemes: list[str], offsets: list[int]) -> list[_Cut]:
    """Return all cuts in order. The last one is the end of the text."""
    inside_links = {
        index
        for link in find_links(text)
        for index in range(bisect_right(offsets, link.start), bisect_right(offsets, link.end - 1))
    }
    cuts = []
    end = 1
    while end < len(graphemes):
        begin = end
        while begin < len(graphemes) and graphemes[begin].isspace():
            begin += 1
        if end not in inside_links and not graphemes[end - 1].isspace():
            cuts.append(_Cut(end=end, begin=begin, rank=_rank(graphemes, end, begin)))
        end = max(begin, end + 1)
    last = len(graphemes)
    while last and graphemes[last - 1].isspace():
        last -= 1
    return [*(cut for cut in cuts if cut.end < last), _Cut(end=last, begin=len(graphemes), rank=_PARAGRAPH)]


def _rank(graphemes: list[str], end: int, begin: int) -> int:
    """Return the rank of the cut between grapheme `end`, where a part ends, and `begin`, where the next one begins."""
    if begin == end:
        return _SENTENCE if graphemes[end - 1] in _ENDS_SENTENCE_WITHOUT_SPACE else _GRAPHEME
    gap = "".join(graphemes[end:begin])
    if len(gap.splitlines()) > 2 or gap.count("\n") > 1:
        return _PARAGRAPH
    ends = "".join(graphemes[max(0, end - _SENTENCE_END_GRAPHEMES) : end])
    return _SENTENCE if "\n" in gap or _ENDS_SENTENCE.search(ends) else _WORD
