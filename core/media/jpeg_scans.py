"""Counts the scans of a JPEG, because decoding goes over all pixels once for each of them."""

import re

MAX_SCANS = 32
"""Progressive pictures of cameras and programs have about ten. A scan of 75 bytes takes a tenth of a second at 50
million pixels."""

_MARKER = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
"""A marker in coded data. There, FF 00 stands for the byte FF, and FF D0 to FF D7 restart the decoder."""
_SCAN, _END = 0xDA, 0xD9
_WITHOUT_LENGTH = (0x01, 0xD8)


def has_too_many_scans(content: bytes) -> bool:
    """Return whether the first picture of a JPEG (ITU-T T.81, annex B) has more than MAX_SCANS."""
    scans, position = 0, 2
    while (marker := _MARKER.search(content, position)) is not None and marker[1][0] != _END:
        kind, position = marker[1][0], marker.end()
        scans += kind == _SCAN
        if scans > MAX_SCANS:
            return True
        if kind not in _WITHOUT_LENGTH:
            position += int.from_bytes(content[position : position + 2], "big")
    return False
