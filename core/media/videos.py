"""Removes metadata from MP4 videos, such as the place and the camera, without encoding them again."""

import struct
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from core.media.mp4_samples import chunk_ranges

_CONTAINERS = (b"moov", b"trak", b"moof", b"traf", b"mdia", b"minf", b"stbl", b"edts")
_METADATA = (b"udta", b"meta", b"uuid")
"""User data (phones write the place there, as `©xyz`), Apple's keyed metadata, and extensions such as XMP. Playing a
video needs none of them."""
_PLAYABLE = (b"vide", b"auxv", b"soun")
"""The kinds of tracks that are kept. Cameras and drones write their position into further tracks many times a second,
as metadata (`meta`: GoPro, Sony, DJI) or as subtitles."""
_MAX_DEPTH = 8
_MATRIX = struct.Struct(">9i2I")
"""The end of a track header: the rotation matrix, then width and height in 65536ths of a pixel."""


class _Box(NamedTuple):
    """The offsets of an MP4 box: its start, the start of its content, and the end of both."""

    kind: bytes
    begin: int
    content: int
    end: int


def strip_video_metadata(content: bytes) -> bytes:
    """Return an MP4 (ISO 14496-12) of the same length, with blank metadata boxes and tracks.

    A track that is neither seen nor heard is blanked with all its samples, except in the fragments of a fragmented
    file. Blanked boxes become free space of the same size, so that every offset in the file stays valid. Boxes
    after an invalid one in the same container are unchanged.
    """
    blank = bytearray(content)
    for box in _boxes(content, 0, len(content), 0):
        if box.kind == b"trak":
            tables = _track_tables(content, box)
            if tables.get(b"hdlr", b"")[8:12] in (b"", *_PLAYABLE):
                continue
            _blank_samples(blank, tables)
        elif box.kind not in _METADATA:
            continue
        blank[box.begin + 4 : box.begin + 8] = b"free"
        blank[box.content : box.end] = bytes(box.end - box.content)
    return bytes(blank)


def _track_tables(content: bytes, track: _Box) -> dict[bytes, bytes]:
    """Return the contents of a track's boxes by kind. Of several boxes of a kind, the first counts."""
    found: dict[bytes, bytes] = {}
    for box in _boxes(content, track.content, track.end, 1):
        if box.kind not in _CONTAINERS:
            found.setdefault(box.kind, content[box.content : box.end])
    return found


def _blank_samples(blank: bytearray, tables: Mapping[bytes, bytes]) -> None:
    """Blank a track's samples, but no more bytes in total than the file has, whatever its tables claim."""
    left = len(blank)
    for begin, end in chunk_ranges(tables):
        size = max(0, min(end, len(blank)) - begin)
        left -= size
        if left < 0:
            return
        blank[begin : begin + size] = bytes(size)


def display_size(content: bytes) -> tuple[int, int] | None:
    """Return the width and height in pixels of an MP4 after rotation; None if the file does not give them."""
    for box in _boxes(content, 0, len(content), 0):
        if box.kind == b"tkhd" and box.end - box.content >= _MATRIX.size:
            *matrix, width, height = _MATRIX.unpack_from(content, box.end - _MATRIX.size)
            width, height = width >> 16, height >> 16
            if width and height:  # both are 0 in an audio track
                return (height, width) if matrix[0] == matrix[4] == 0 else (width, height)
    return None


def _boxes(content: bytes, begin: int, end: int, depth: int) -> Iterator[_Box]:
    """Yield the boxes between two offsets, each before the boxes inside it."""
    while begin + 8 <= end and depth <= _MAX_DEPTH:
        size, kind = struct.unpack_from(">I4s", content, begin)
        header = 8
        if size == 1 and begin + 16 <= end:
            (size,), header = struct.unpack_from(">Q", content, begin + 8), 16
        elif size == 0:
            size = end - begin
        if size < header or begin + size > end:
            return
        yield _Box(kind, begin, begin + header, begin + size)
        if kind in _CONTAINERS:
            yield from _boxes(content, begin + header, begin + size, depth + 1)
        begin += size
