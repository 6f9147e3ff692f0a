"""Makes a picture of the first frame of a video: `python -m core.media.convert_poster SOURCE TARGET`."""

import sys
from pathlib import Path

from PIL import Image

from core.media.conversion_results import ResultTooLarge, run_conversion
from core.media.convert_video import MAX_PIXELS, MEMORY_BYTES

SIDE, SECONDS = 640, 20


def convert(source: Path, target: Path) -> None:
    """Write a JPEG of at most SIDE pixels, upright. Raises ResultTooLarge, and the errors of PyAV."""
    import av

    with av.open(str(source), metadata_errors="ignore") as reader:
        frame = next(reader.decode(video=0))
        if frame.width * frame.height > MAX_PIXELS:
            raise ResultTooLarge
        picture = Image.fromarray(frame.to_ndarray(format="rgb24"))
    picture = picture.rotate(frame.rotation, expand=True)
    picture.thumbnail((SIDE, SIDE))
    picture.save(target, "JPEG", quality=80)


if __name__ == "__main__":
    run_conversion(lambda: convert(Path(sys.argv[1]), Path(sys.argv[2])), memory=MEMORY_BYTES, seconds=SECONDS)
