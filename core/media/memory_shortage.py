"""Tells a picture that is damaged from one that cannot be decoded because the machine is short of memory."""

import mmap

from core.errors import MachineShortage, memory_shortage, shortage_of

AFFECTED = "the picture cannot be read or scaled now"
BYTES_PER_PIXEL = 12
"""What decoding needs at most: three copies of the pixels, of four bytes each."""
_MESSAGES = ("out of memory error", "encoder error -9", "decoder error -9", "Error -4 ")
"""Parts of the messages of Pillow (ImageFile.ERRORS) and of zlib (Z_MEM_ERROR) for a lack of memory."""


def picture_shortage(error: BaseException, content: bytes, pixels: int | None) -> MachineShortage | None:
    """Return the shortage that an error of Pillow results from, or None if the picture is at fault.

    The decoders of JPEG and WebP report a lack of memory as damage. So a picture counts as damaged only if the memory
    for its pixels is free. `pixels` is None if the picture could not be opened.
    """
    found = shortage_of(error, AFFECTED)
    if found is not None:
        return found
    needed = BYTES_PER_PIXEL * (_webp_pixels(content) if pixels is None else pixels)
    if any(message in str(error) for message in _MESSAGES) or not _is_free(needed):
        return memory_shortage(AFFECTED)
    return None


def _webp_pixels(content: bytes) -> int:
    """Return the pixels of a WebP picture by its header, 0 for other content (RFC 9649, sections 2.5 to 2.7)."""
    if content[:4] + content[8:12] != b"RIFFWEBP":
        return 0
    if content[12:16] == b"VP8X":
        return (_number(content[24:27]) + 1) * (_number(content[27:30]) + 1)
    if content[12:16] == b"VP8L":
        sides = _number(content[21:25])
        return ((sides & 0x3FFF) + 1) * ((sides >> 14 & 0x3FFF) + 1)
    return (_number(content[26:28]) & 0x3FFF) * (_number(content[28:30]) & 0x3FFF)


def _number(content: bytes) -> int:
    return int.from_bytes(content, "little")


def _is_free(count: int) -> bool:
    """Return whether this process can get that many bytes. They are reserved for a moment and never touched."""
    try:
        mmap.mmap(-1, max(1, count)).close()
    except (OSError, OverflowError, ValueError):
        return False
    return True
