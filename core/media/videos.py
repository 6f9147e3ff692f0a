"""Removes metadata such as the place and the camera from MP4 videos, without encoding them again."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from core.media.mp4_samples import chunk_ranges
from core.media.reading_budget import BOX_STEPS, MalformedVideo, ReadingBudget

_CONTAINERS = (b"moov", b"trak", b"moof", b"traf", b"mdia", b"minf", b"stbl", b"edts")
_METADATA = (b"udta", b"meta", b"uuid")
"""User data (phones write the place there, as `©xyz`), Apple's keyed metadata, and extensions such as XMP. Playing a
video needs none of them."""
_PLAYABLE = (b"vide", b"auxv", b"soun")
"""The kinds of tracks that are kept. Cameras and drones write their position into further tracks many times a second,
as metadata (`meta`: GoPro, Sony, DJI) or as subtitles."""
_MAX_DEPTH = 8
_ZEROS = bytes(65_536)
_TRACK_HEADER_END = struct.Struct(">9i2I")
"""The end of a track header: the rotation matrix, then width and height in 65536ths of a pixel."""


class Box(NamedTuple):
    """An MP4 box: its kind, and the offsets of its start, of the start of its content, and of its end."""

    kind: bytes
    start: int
    content_start: int
    end: int


def strip_video_metadata(content: bytes) -> bytes:
    """Return an MP4 (ISO 14496-12) whose metadata boxes and metadata tracks are blanked. Its length is unchanged.

    Blanked boxes become free space of the same size, so that every offset in the file stays valid. A metadata track is
    one of a kind other than picture or sound; its samples are blanked too, except those in the fragments of a
    fragmented file. Boxes after an invalid one in the same container are unchanged. Raises MalformedVideo if the file
    lists so many parts that reading it takes more than about a second.
    """
    budget = ReadingBudget()
    view = memoryview(content)
    blanks = _Blanks(content)
    for box in boxes(view, 0, len(content), 0, budget):
        if box.kind == b"trak":
            tables = track_tables(view, box, budget)
            if bytes(tables.get(b"hdlr", b"")[8:12]) in (b"", *_PLAYABLE):  # empty: the track does not name its kind
                continue
            for start, end in chunk_ranges(tables, budget):
                blanks.add_sample(start, end)
        elif box.kind not in _METADATA:
            continue
        blanks.add_box(box)
    return blanks.result()


class _Blanks:
    """A copy of a file with blanked parts. The file is copied when the first part is blanked."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._copy: bytearray | None = None
        self._sample_bytes_left = len(content)

    def add_box(self, box: Box) -> None:
        """Turn a box into free space."""
        self._writable[box.start + 4 : box.start + 8] = b"free"
        self._blank(box.content_start, box.end)

    def add_sample(self, start: int, end: int) -> None:
        """Blank a chunk of samples, unless the tracks together list more bytes of samples than the file has."""
        size = max(0, min(end, len(self._content)) - start)
        self._sample_bytes_left -= size
        if size and self._sample_bytes_left >= 0:
            self._blank(start, start + size)

    def result(self) -> bytes:
        """Return the file."""
        return self._content if self._copy is None else bytes(self._copy)

    @property
    def _writable(self) -> bytearray:
        if self._copy is None:
            self._copy = bytearray(self._content)
        return self._copy

    def _blank(self, start: int, end: int) -> None:
        """Overwrite a part with zeros, in small steps, so that a large part needs no memory of its own."""
        with memoryview(self._writable) as writable:
            for position in range(start, end, len(_ZEROS)):
                stop = min(end, position + len(_ZEROS))
                writable[position:stop] = _ZEROS[: stop - position]


def track_tables(content: memoryview, track: Box, budget: ReadingBudget) -> dict[bytes, memoryview]:
    """Return the content of the first box of each kind in a track, without the containers."""
    found: dict[bytes, memoryview] = {}
    for box in boxes(content, track.content_start, track.end, 1, budget):
        if box.kind not in _CONTAINERS:
            found.setdefault(box.kind, content[box.content_start : box.end])
    return found


def display_size(content: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels of an MP4 after rotation; None if the file does not give them."""
    try:
        for box in boxes(memoryview(content), 0, len(content), 0, ReadingBudget()):
            if box.kind == b"tkhd" and box.end - box.content_start >= _TRACK_HEADER_END.size:
                *matrix, width, height = _TRACK_HEADER_END.unpack_from(content, box.end - _TRACK_HEADER_END.size)
                width, height = width >> 16, height >> 16
                if width and height:  # both are 0 in an audio track
                    return (height, width) if matrix[0] == matrix[4] == 0 else (width, height)
    except MalformedVideo:
        return None
    return None


def boxes(content: memoryview, start: int, end: int, depth: int, budget: ReadingBudget) -> Iterator[Box]:
    """Yield the boxes between two offsets, each before the boxes inside it. Raises MalformedVideo."""
    while start + 8 <= end and depth <= _MAX_DEPTH:
        budget.spend(BOX_STEPS)
        size, kind = struct.unpack_from(">I4s", content, start)
        header = 8
        if size == 1 and start + 16 <= end:  # the size has 64 bits and follows the kind
            (size,), header = struct.unpack_from(">Q", content, start + 8), 16
        elif size == 0:  # the box extends to the end
            size = end - start
        if size < header or start + size > end:
            return
        yield Box(kind, start, start + header, start + size)
        if kind in _CONTAINERS:
            yield from boxes(content, start + header, start + size, depth + 1, budget)
        start += size
