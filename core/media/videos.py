"""Videos: kept as they are, but for what they tell of where and with what they were taken."""

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.media.mp4_samples import chunk_ranges

_HOLDS_BOXES = (b"moov", b"trak", b"moof", b"traf", b"mdia", b"minf", b"stbl", b"edts")
_TELLS = (b"udta", b"meta", b"uuid")
"""User data (where phones write `©xyz`, the place), Apple's keyed metadata, and extensions such as XMP. None of them
is needed to play a film."""
_PLAYED = (b"vide", b"auxv", b"soun")
"""The tracks of a film that are kept. Cameras and drones write where they were beside them, many times a second, as
metadata (`meta`: GoPro, Sony, DJI) or as subtitles."""
_DEEPEST = 8
_MATRIX = struct.Struct(">9i2I")
"""How a track header ends: the matrix that turns its pictures, then width and height in 65536ths of a pixel."""


class _Box(NamedTuple):
    """Where a box of an MP4 begins, where its content does, and where both end."""

    kind: bytes
    begin: int
    inside: int
    end: int


def strip_video_metadata(content: bytes) -> bytes:
    """Return an MP4 (ISO 14496-12) whose boxes with metadata are blank.

    Also the tracks that are neither seen nor heard, with all that lies in the file for them (but in the fragments of
    a fragmented one). They become free space of the same size, so that every offset in the file stays right. Where the
    file is put together wrongly, what follows is left as it is.
    """
    blank = bytearray(content)
    for box in _boxes(content, 0, len(content), 0):
        if box.kind == b"trak":
            inner = _inner(content, box)
            if inner.get(b"hdlr", b"")[8:12] in (b"", *_PLAYED):
                continue
            _wipe(blank, inner)
        elif box.kind not in _TELLS:
            continue
        blank[box.begin + 4 : box.begin + 8] = b"free"
        blank[box.inside : box.end] = bytes(box.end - box.inside)
    return bytes(blank)


def _inner(content: bytes, track: _Box) -> dict[bytes, bytes]:
    """Return what the boxes of a track hold, by their kinds; of two of a kind the first, as with its handler."""
    found: dict[bytes, bytes] = {}
    for box in _boxes(content, track.inside, track.end, 1):
        if box.kind not in _HOLDS_BOXES:
            found.setdefault(box.kind, content[box.inside : box.end])
    return found


def _wipe(blank: bytearray, tables: Mapping[bytes, bytes]) -> None:
    """Blank a track's samples; no more in all than the file has bytes, whatever its tables claim."""
    left = len(blank)
    for begin, end in chunk_ranges(tables):
        size = max(0, min(end, len(blank)) - begin)
        left -= size
        if left < 0:
            return
        blank[begin : begin + size] = bytes(size)


def display_size(content: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels that an MP4 is shown with, phones' upright ones turned upright.

    None where the file does not tell.
    """
    for box in _boxes(content, 0, len(content), 0):
        if box.kind == b"tkhd" and box.end - box.inside >= _MATRIX.size:
            *matrix, width, height = _MATRIX.unpack_from(content, box.end - _MATRIX.size)
            width, height = width >> 16, height >> 16
            if width and height:  # a track of sound has none
                return (height, width) if matrix[0] == matrix[4] == 0 else (width, height)
    return None


def _boxes(content: bytes, begin: int, end: int, depth: int) -> Iterator[_Box]:
    """Yield the boxes between two places, each before those that lie in it."""
    while begin + 8 <= end and depth <= _DEEPEST:
        size, kind = struct.unpack_from(">I4s", content, begin)
        header = 8
        if size == 1 and begin + 16 <= end:
            (size,), header = struct.unpack_from(">Q", content, begin + 8), 16
        elif size == 0:
            size = end - begin
        if size < header or begin + size > end:
            return
        yield _Box(kind, begin, begin + header, begin + size)
        if kind in _HOLDS_BOXES:
            yield from _boxes(content, begin + header, begin + size, depth + 1)
        begin += size
