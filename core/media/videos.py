"""Removes metadata such as the place and the camera from MP4 videos, without encoding them again."""

import struct
from array import array
from bisect import bisect_right
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from core.media.content import Content
from core.media.mp4_samples import chunk_ranges
from core.media.reading_budget import BOX_STEPS, MalformedVideo, ReadingBudget

_CONTAINERS = (b"moov", b"trak", b"moof", b"traf", b"mdia", b"minf", b"stbl", b"edts")
_METADATA = (b"udta", b"meta", b"uuid")
"""User data (phones write the place there, as `©xyz`), Apple's keyed metadata, and extensions such as XMP. Playing a
video needs none of them."""
_PLAYABLE = (b"vide", b"auxv", b"soun")
"""The kinds of tracks that are kept. Cameras and drones write their position into further tracks many times a second,
as metadata (`meta`: GoPro, Sony, DJI) or as subtitles."""
_TABLES = (b"hdlr", b"stsd", b"stsz", b"stsc", b"stco", b"co64")
"""The boxes of a track that are read."""
MAX_TABLE_BYTES = 16_000_000
"""The longest of them. The sizes of all pictures of a video of 18 hours have as many bytes."""
_MAX_DEPTH = 8
_TRACK_HEADER_END = struct.Struct(">9i2I")
"""The end of a track header: the rotation matrix, then width and height in 65536ths of a pixel."""


class Box(NamedTuple):
    """An MP4 box: its kind, and the offsets of its start, of the start of its content, and of its end."""

    kind: bytes
    start: int
    content_start: int
    end: int


def strip_video_metadata(content: Content) -> Content:
    """Return an MP4 (ISO 14496-12) whose metadata boxes and metadata tracks are blanked. Its length is unchanged.

    Blanked boxes become free space of the same size, so that every offset in the file stays valid. A metadata track is
    one of a kind other than picture or sound; its samples are blanked too, except those in the fragments of a
    fragmented file. Boxes after an invalid one in the same container are unchanged. Raises MalformedVideo if the file
    lists so many parts that reading it takes more than about a second.
    """
    budget = ReadingBudget()
    blanks = _Blanks(len(content))
    for box in boxes(content, 0, len(content), 0, budget):
        if box.kind == b"trak":
            tables = track_tables(content, box, budget)
            if tables.get(b"hdlr", b"")[8:12] in (b"", *_PLAYABLE):  # empty: the track does not name its kind
                continue
            for start, end in chunk_ranges(tables, budget):
                blanks.add_sample(start, end)
        elif box.kind not in _METADATA:
            continue
        blanks.add_box(box)
    return blanks.of(content)


class _Blanks:
    """The parts of a file that are blanked: in zeros, but for the name of each box that becomes free space."""

    def __init__(self, size: int) -> None:
        self._size = self._sample_bytes_left = size
        self._starts, self._ends, self._names = array("Q"), array("Q"), array("Q")

    def add_box(self, box: Box) -> None:
        """Turn a box into free space."""
        self._names.append(box.start + 4)
        self._add(box.content_start, box.end)

    def add_sample(self, start: int, end: int) -> None:
        """Blank a chunk of samples, unless the tracks together list more bytes of samples than the file has."""
        size = max(0, min(end, self._size) - start)
        self._sample_bytes_left -= size
        if size and self._sample_bytes_left >= 0:
            self._add(start, start + size)

    def _add(self, start: int, end: int) -> None:
        self._starts.append(start)
        self._ends.append(end)

    def of(self, content: Content) -> Content:
        """Return the content with its blanks, or unchanged if there are none."""
        if not self._names:
            return content
        order = range(len(self._starts))
        if any(after < before for before, after in pairwise(self._starts)):
            order = sorted(order, key=self._starts.__getitem__)  # type: ignore[assignment]  # both are sequences
        starts, ends = array("Q"), array("Q")
        for each in order:
            if ends and self._starts[each] <= ends[-1]:
                ends[-1] = max(ends[-1], self._ends[each])
            else:
                starts.append(self._starts[each])
                ends.append(self._ends[each])
        return _BlankedContent(content, starts, ends, array("Q", sorted(self._names)))


class _BlankedContent:
    """A content with zeros between `starts` and `ends`, which are in order, and the name `free` at `names`."""

    def __init__(self, content: Content, starts: "array[int]", ends: "array[int]", names: "array[int]") -> None:
        self._content = content
        self._starts, self._ends, self._names = starts, ends, names

    def __len__(self) -> int:
        return len(self._content)

    def __getitem__(self, part: slice, /) -> bytes:
        first, last, _ = part.indices(len(self))
        piece = bytearray(self._content[first:last])
        number = bisect_right(self._ends, first)
        while number < len(self._starts) and self._starts[number] < last:
            start, end = max(first, self._starts[number]) - first, min(last, self._ends[number]) - first
            piece[start:end] = bytes(end - start)
            number += 1
        number = bisect_right(self._names, first - 4) if first >= 4 else 0
        while number < len(self._names) and self._names[number] < last:
            for offset, letter in enumerate(b"free", start=self._names[number]):
                if first <= offset < last:
                    piece[offset - first] = letter
            number += 1
        return bytes(piece)


def track_tables(content: Content, track: Box, budget: ReadingBudget) -> dict[bytes, bytes]:
    """Return the content of the first box of each kind of _TABLES in a track. Raises MalformedVideo."""
    found: dict[bytes, bytes] = {}
    for box in boxes(content, track.content_start, track.end, 1, budget):
        if box.kind in _TABLES and box.kind not in found:
            if box.end - box.content_start > MAX_TABLE_BYTES:
                raise MalformedVideo
            found[box.kind] = content[box.content_start : box.end]
    return found


def display_size(content: Content) -> tuple[int, int] | None:
    """Return the width and height in pixels of an MP4 after rotation; None if the file does not give them."""
    try:
        for box in boxes(content, 0, len(content), 0, ReadingBudget()):
            if box.kind == b"tkhd" and box.end - box.content_start >= _TRACK_HEADER_END.size:
                *matrix, width, height = _TRACK_HEADER_END.unpack(content[box.end - _TRACK_HEADER_END.size : box.end])
                width, height = width >> 16, height >> 16
                if width and height:  # both are 0 in an audio track
                    return (height, width) if matrix[0] == matrix[4] == 0 else (width, height)
    except MalformedVideo:
        return None
    return None


def boxes(content: Content, start: int, end: int, depth: int, budget: ReadingBudget) -> Iterator[Box]:
    """Yield the boxes between two offsets, each before the boxes inside it. Raises MalformedVideo."""
    while start + 8 <= end and depth <= _MAX_DEPTH:
        budget.spend(BOX_STEPS)
        head = content[start : start + 16]
        size, kind = struct.unpack_from(">I4s", head)
        header = 8
        if size == 1 and start + 16 <= end:  # the size has 64 bits and follows the kind
            (size,), header = struct.unpack_from(">Q", head, 8), 16
        elif size == 0:  # the box extends to the end
            size = end - start
        if size < header or start + size > end:
            return
        yield Box(kind, start, start + header, start + size)
        if kind in _CONTAINERS:
            yield from boxes(content, start + header, start + size, depth + 1, budget)
        start += size
