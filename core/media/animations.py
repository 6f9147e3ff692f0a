"""Animated GIFs: kept frame by frame as they are, but for what they tell besides pictures."""

from collections.abc import Iterator

_TABLE_FOLLOWS, _EXTENSION, _FRAME, _END = 0x80, 0x21, 0x2C, b"\x3b"
_CONTROL, _APPLICATION = 0xF9, 0xFF
_REPEATS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
"""The application data by which an animation says how often it runs; other applications put XMP there, or profiles."""


def strip_gif_metadata(content: bytes) -> bytes:
    """Return a GIF (GIF89a specification) with its frames and their timing, and neither comments nor metadata.

    A file that is cut short ends with its last whole block.
    """
    head = 13 + _table(content[10])
    return b"".join((content[:head], *(content[begin:end] for begin, end in _shown(content, head)), _END))


def _shown(content: bytes, begin: int) -> Iterator[tuple[int, int]]:
    """Yield where the blocks begin and end that are needed to show the animation."""
    while begin + 10 < len(content):
        if content[begin] == _FRAME:
            end = _behind(content, begin + 11 + _table(content[begin + 9]))
            shown = True
        elif content[begin] == _EXTENSION:
            end = _behind(content, begin + 2)
            kind, application = content[begin + 1], content[begin + 3 : begin + 14]
            shown = kind == _CONTROL or (kind == _APPLICATION and application in _REPEATS)
        else:
            return
        if end > len(content):
            return
        if shown:
            yield begin, end
        begin = end


def _table(flags: int) -> int:
    """Return how many bytes the table of colours has that such flags announce."""
    return 3 << (flags & 7) + 1 if flags & _TABLE_FOLLOWS else 0


def _behind(content: bytes, begin: int) -> int:
    """Return the place behind a chain of sub-blocks; one beyond the content where the chain does not end in it."""
    while begin < len(content):
        size = content[begin]
        begin += 1 + size
        if not size:
            return begin
    return len(content) + 1
