"""Videos: kept as they are, but for what they tell of where and with what they were taken."""

import struct
from collections.abc import Iterator
from typing import NamedTuple

_HOLDS_BOXES = (b"moov", b"trak", b"moof", b"traf", b"mdia", b"minf", b"edts")
_TELLS = (b"udta", b"meta", b"uuid")
"""User data (where phones write `©xyz`, the place), Apple's keyed metadata, and extensions such as XMP. None of them
is needed to play a film."""
_DEEPEST = 8
_MATRIX = struct.Struct(">9i2I")
"""How a track header ends: the matrix that turns its pictures, then width and height in 65536ths of a pixel."""


class _Box(NamedTuple):
    """Where a box of an MP4 begins, where its content does, and where both end."""

    kind: bytes
    begin: int
    inside: int
    end: int


def without_place(content: bytes) -> bytes:
    """Return an MP4 (ISO 14496-12) whose boxes with metadata are blank.

    They become free space of the same size, so that every offset in the file stays right. Where the file is put
    together wrongly, what follows is left as it is.
    """
    blank = bytearray(content)
    for box in _boxes(content, 0, len(content), 0):
        if box.kind in _TELLS:
            blank[box.begin + 4 : box.begin + 8] = b"free"
            blank[box.inside : box.end] = bytes(box.end - box.inside)
    return bytes(blank)


def shape(content: bytes) -> tuple[int, int] | None:
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
