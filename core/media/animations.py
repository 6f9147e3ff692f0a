"""Removes comments and metadata from animated GIFs without encoding their frames again."""

from collections.abc import Iterator

MAX_SUB_BLOCKS = 1_000_000
"""Programs write sub-blocks of 255 bytes, so the largest file has some 120,000."""
_HEADER_BYTES = 13
_HAS_COLOUR_TABLE = 0x80
"""The bit of a flags byte that announces a colour table."""
_EXTENSION, _FRAME, _END = 0x21, 0x2C, b"\x3b"
"""The first byte of each kind of block."""
_GRAPHIC_CONTROL, _APPLICATION = 0xF9, 0xFF
"""The second byte of the extensions that set a frame's timing, and that hold the data of an application."""
_LOOP_APPLICATIONS = (b"NETSCAPE2.0", b"ANIMEXTS1.0")
"""The applications whose extensions set the number of repetitions. The others store metadata, such as XMP."""


def check_gif(content: bytes) -> None:
    """Raise ValueError if a GIF has more sub-blocks than an animation needs. Reading them would take seconds."""
    for _ in _needed_blocks(content, _head_end(content)):
        pass


def strip_gif_metadata(content: bytes) -> bytes:
    """Return a GIF (GIF89a specification) with its frames and timing, but without comments and metadata.

    The result of a truncated file ends with the last complete block. Raises ValueError as `check_gif` does.
    """
    head_end = _head_end(content)
    blocks = (content[start:end] for start, end in _needed_blocks(content, head_end))
    return b"".join((content[:head_end], *blocks, _END))


def _needed_blocks(content: bytes, start: int) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each block, from `start` on, that the animation needs."""
    budget = iter(range(MAX_SUB_BLOCKS))
    while start + 10 < len(content):
        if content[start] == _FRAME:
            end = _end_of_sub_blocks(content, start + 11 + _colour_table_bytes(content[start + 9]), budget)
            needed = True
        elif content[start] == _EXTENSION:
            end = _end_of_sub_blocks(content, start + 2, budget)
            kind, application = content[start + 1], content[start + 3 : start + 14]
            needed = kind == _GRAPHIC_CONTROL or (kind == _APPLICATION and application in _LOOP_APPLICATIONS)
        else:
            return
        if end > len(content):
            return
        if needed:
            yield start, end
        start = end


def _head_end(content: bytes) -> int:
    return _HEADER_BYTES + _colour_table_bytes(content[10])


def _colour_table_bytes(flags: int) -> int:
    """Return the size in bytes of the colour table that a flags byte announces, 0 for none."""
    return 3 << (flags & 7) + 1 if flags & _HAS_COLOUR_TABLE else 0


def _end_of_sub_blocks(content: bytes, start: int, budget: Iterator[int]) -> int:
    """Return the index after a chain of sub-blocks, or an index beyond the content if the chain is truncated.

    Takes a number from `budget` for each. Raises ValueError when none is left.
    """
    while start < len(content):
        if next(budget, None) is None:
            raise ValueError(f"more than {MAX_SUB_BLOCKS:,} sub-blocks")
        size = content[start]
        start += 1 + size
        if size == 0:
            return start
    return len(content) + 1
