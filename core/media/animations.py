"""Removes comments and metadata from animated GIFs, without encoding their frames again."""

from collections.abc import Iterator

_TABLE_FOLLOWS, _EXTENSION, _FRAME, _END = 0x80, 0x21, 0x2C, b"\x3b"
_CONTROL, _APPLICATION = 0xF9, 0xFF
_REPEATS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
"""The applications whose data set the number of repetitions. Other applications store XMP or profiles there."""


def strip_gif_metadata(content: bytes) -> bytes:
    """Return a GIF (GIF89a specification) with its frames and timing, but without comments and metadata.

    A truncated file ends with its last complete block.
    """
    head = 13 + _table_bytes(content[10])
    return b"".join((content[:head], *(content[begin:end] for begin, end in _needed_blocks(content, head)), _END))


def _needed_blocks(content: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each block that is needed to show the animation."""
    while begin + 10 < len(content):
        if content[begin] == _FRAME:
            end = _end_of_sub_blocks(content, begin + 11 + _table_bytes(content[begin + 9]))
            needed = True
        elif content[begin] == _EXTENSION:
            end = _end_of_sub_blocks(content, begin + 2)
            kind, application = content[begin + 1], content[begin + 3 : begin + 14]
            needed = kind == _CONTROL or (kind == _APPLICATION and application in _REPEATS)
        else:
            return
        if end > len(content):
            return
        if needed:
            yield begin, end
        begin = end


def _table_bytes(flags: int) -> int:
    """Return the size in bytes of the colour table that a flags byte announces."""
    return 3 << (flags & 7) + 1 if flags & _TABLE_FOLLOWS else 0


def _end_of_sub_blocks(content: bytes, begin: int) -> int:
    """Return the index after a chain of sub-blocks, or one beyond the content if the chain is truncated."""
    while begin < len(content):
        size = content[begin]
        begin += 1 + size
        if not size:
            return begin
    return len(content) + 1
