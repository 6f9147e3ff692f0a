"""A part of a picture, chosen by a person."""

from dataclasses import dataclass

from core.errors import PunctualError

MIN_SIDE = 16
"""Pixels of each side of a part."""


class CropTooSmall(PunctualError):
    """The chosen part has too few pixels."""

    hint = "Choose a larger part."

    def __init__(self) -> None:
        super().__init__(f"The part has less than {MIN_SIDE} pixels on a side.")


@dataclass(frozen=True, kw_only=True)
class CropArea:
    """A part of an upright picture: the position of its upper left and its size, each from 0 to 1 of the picture."""

    left: float
    top: float
    width: float
    height: float

    def pixels(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return the left, top, right and bottom of the part of a picture of this size. Raises CropTooSmall."""
        left, top = round(max(0.0, self.left) * width), round(max(0.0, self.top) * height)
        right = min(width, round((self.left + self.width) * width))
        bottom = min(height, round((self.top + self.height) * height))
        if min(right - left, bottom - top) < MIN_SIDE:
            raise CropTooSmall
        return left, top, right, bottom
