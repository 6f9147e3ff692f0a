"""Small pictures on chips, as addresses that contain the picture."""

from ui.frame.application import application
from ui.frame.picture_addresses import picture_address

SIDE = 48
"""Pixels."""
MOST = 40
"""The most pictures of one board."""


class Thumbnails:
    """Returns small versions of the first MOST pictures, and an empty text for the others.

    On AWS, it returns none: each picture would be a request.
    """

    def __init__(self) -> None:
        self._left = MOST if application().aws is None else 0

    def __call__(self, reference: str) -> str:
        """Return the address of the small version of a stored picture, or an empty text if there is none."""
        if not self._left:
            return ""
        self._left -= 1
        return picture_address(reference, SIDE)
