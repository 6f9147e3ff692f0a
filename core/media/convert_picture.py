"""Converts a HEIC or AVIF picture: `python -m core.media.convert_picture SOURCE TARGET`."""

import sys
from pathlib import Path

from core.media.conversion_results import ResultTooLarge, run_conversion
from core.media.pictures import MAX_PIXELS, PictureLimits, TooManyPixels, fit_picture

MAX_BYTES = 30_000_000
"""The largest picture that can be attached."""
MEMORY_BYTES, SECONDS = 2_000_000_000, 60
"""Twice what a picture of MAX_PIXELS takes, with its threads."""


def convert(source: Path, target: Path) -> None:
    """Write the upright picture without metadata: a PNG if it has transparency, else a JPEG.

    Its colour profile is kept. Raises ResultTooLarge, and the errors of `fit_picture`.
    """
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False, decode_threads=2)
    limits = PictureLimits(count=1, max_bytes=MAX_BYTES, max_side=MAX_PIXELS)
    try:
        picture = fit_picture(source.read_bytes(), limits, formats=("HEIF", "AVIF"))
    except TooManyPixels:
        raise ResultTooLarge from None
    target.write_bytes(picture.content)


if __name__ == "__main__":
    run_conversion(lambda: convert(Path(sys.argv[1]), Path(sys.argv[2])), memory=MEMORY_BYTES, seconds=SECONDS)
