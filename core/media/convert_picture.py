"""Converts a HEIC, AVIF or animated picture: `python -m core.media.convert_picture SOURCE TARGET`."""

import sys
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageSequence

from core.media.conversion_results import ResultTooLarge, run_conversion
from core.media.pictures import MAX_PIXELS, PictureLimits, TooManyPixels, fit_picture

MAX_BYTES = 30_000_000
"""The largest picture that can be attached."""
MEMORY_BYTES, SECONDS = 2_000_000_000, 60
"""Twice what a picture of MAX_PIXELS takes, with its threads."""


def convert(source: Path, target: Path) -> None:
    """Write the upright picture without metadata: an animated WebP or PNG as a GIF, transparency as a PNG, else a JPEG.

    The colour profile of a still picture is kept. Raises ResultTooLarge, and the errors of `fit_picture`.
    """
    from pillow_heif import register_heif_opener

    content = source.read_bytes()
    if animation := _animation(content):
        target.write_bytes(animation)
        return
    register_heif_opener(thumbnails=False, decode_threads=2)
    limits = PictureLimits(count=1, max_bytes=MAX_BYTES, max_side=MAX_PIXELS)
    try:
        picture = fit_picture(content, limits, formats=("HEIF", "AVIF"))
    except TooManyPixels:
        raise ResultTooLarge from None
    target.write_bytes(picture.content)


def _animation(content: bytes) -> bytes | None:
    """Return an animated WebP or PNG as a GIF, which networks show as an animation; None for another picture."""
    if not content.startswith((b"RIFF", b"\x89PNG")):
        return None
    with Image.open(BytesIO(content), formats=("WEBP", "PNG")) as image:
        if image.width * image.height > MAX_PIXELS:
            raise ResultTooLarge
        frames, durations = [], []
        for frame in ImageSequence.Iterator(image):
            frames.append(frame.convert("RGBA").quantize(256, method=Image.Quantize.FASTOCTREE))
            durations.append(max(20, int(frame.info.get("duration", 100))))
        loop = int(image.info.get("loop", 0))
    file = BytesIO()
    repeats = {} if loop == 1 else {"loop": max(0, loop - 1)}
    frames[0].save(
        file, "GIF", save_all=True, append_images=frames[1:], duration=durations, disposal=2, optimize=False, **repeats
    )
    return file.getvalue()


if __name__ == "__main__":
    run_conversion(lambda: convert(Path(sys.argv[1]), Path(sys.argv[2])), memory=MEMORY_BYTES, seconds=SECONDS)
