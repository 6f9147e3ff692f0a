"""Videos: kept as they are, but for what they tell of where and with what they were taken."""

import struct
from collections.abc import Iterator

_HOLDS_BOXES = (b"moov", b"trak", b"moof", b"traf", b"mdia", b"minf", b"edts")
_TELLS = (b"udta", b"meta", b"uuid")
"""User data (where phones write `©xyz`, the place), Apple's keyed metadata, and extensions such as XMP. None of them
is needed to play a film."""
_DEEPEST = 8


def without_place(content: bytes) -> bytes:
    """Return an MP4 (ISO 14496-12) whose boxes with metadata are blank.

    They become free space of the same size, so that every offset in the file stays right. Where the file is put
    together wrongly, what follows is left as it is.
    """
    blank = bytearray(content)
    for begin, end in _told(content, 0, len(content), 0):
        blank[begin + 4 : begin + 8] = b"free"
        header = 16 if content[begin : begin + 4] == b"\0\0\0\1" else 8
        blank[begin + header : end] = bytes(end - begin - header)
    return bytes(blank)


def _told(content: bytes, begin: int, end: int, depth: int) -> Iterator[tuple[int, int]]:
    """Yield where the boxes with metadata begin and end."""
    while begin + 8 <= end and depth <= _DEEPEST:
        size, kind = struct.unpack_from(">I4s", content, begin)
        header = 8
        if size == 1 and begin + 16 <= end:
            (size,), header = struct.unpack_from(">Q", content, begin + 8), 16
        elif size == 0:
            size = end - begin
        if size < header or begin + size > end:
            return
        if kind in _TELLS:
            yield begin, begin + size
        elif kind in _HOLDS_BOXES:
            yield from _told(content, begin + header, begin + size, depth + 1)
        begin += size
