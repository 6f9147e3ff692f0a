"""Pictures: looked into, scaled down to what a network takes, and freed of where and when they were taken."""

import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import Image, ImageOps

from core.errors import PunctualError
from core.media.animations import strip_gif_metadata

MAX_PIXELS = 50_000_000
"""More are refused before they are decoded: a file of a few kilobytes can unfold to gigabytes."""
FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
"""What Pillow calls what it has read. MPO is how some cameras write JPEG; it is opened as one."""
QUALITIES = (92, 85, 75)
"""JPEG qualities, tried in this order until the file is small enough."""
SMALLEST_SIDE = 64
"""Pixels; a picture that does not fit when it is this small never will."""
_UNFOLDED = threading.BoundedSemaphore(2)
"""Pictures that are made ready at the same moment, for however many networks and posts: each may take 400 MB."""

_FAULTS = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, MemoryError),
    *(struct.error, zlib.error),
)
"""What Pillow raises over files that are cut short or put together wrongly."""


class CorruptPicture(PunctualError):
    """A picture cannot be read to its end."""

    hint = "Open it in a picture viewer: if it shows, save it anew and attach that."

    def __init__(self) -> None:
        super().__init__("The picture is damaged.")


class TooManyPixels(PunctualError):
    """A picture is larger than any network shows, and than this machine should unfold."""

    hint = "Scale it down and attach it again."

    def __init__(self) -> None:
        super().__init__(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")


class CannotFit(PunctualError):
    """A picture cannot be made to fit a network's limits without spoiling it."""

    hint = "Attach a smaller one, or a still picture instead of an animation."

    def __init__(self, what: str, max_bytes: int) -> None:
        super().__init__(f"The {what} cannot be made to fit into {max_bytes:,} bytes.")


@dataclass(frozen=True, kw_only=True)
class PictureLimits:
    """What a network takes of pictures.

    `count`: how many in one post. `max_bytes`: of each. `total_bytes`: of all together. `max_side`: pixels, of the
    longer side. `alt`: characters of alt text, 0 where the network has none.
    """

    count: int
    max_bytes: int
    total_bytes: int | None = None
    max_side: int = 4096
    types: tuple[str, ...] = ("image/jpeg", "image/png")
    alt: int = 0

    def max_bytes_each(self, count: int) -> int:
        """Return how many bytes each of `count` pictures may have."""
        return self.max_bytes if self.total_bytes is None else min(self.max_bytes, self.total_bytes // max(1, count))


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An encoded picture; `width` and `height` are in pixels, as people see it."""

    content: bytes
    content_type: str
    width: int
    height: int


def inspect_picture(content: bytes) -> Picture:
    """Decode a picture whole, and return what it is. Raises TooManyPixels or CorruptPicture."""
    with _opened(content) as image:
        content_type = FORMATS[image.format or ""]
        upright = ImageOps.exif_transpose(image)
        upright.load()
        return Picture(content=content, content_type=content_type, width=upright.width, height=upright.height)


def fit_picture(content: bytes, limits: PictureLimits, *, count: int = 1) -> Picture:
    """Return a picture as a network takes it when it is one of `count`: upright, scaled down, with nothing but pixels.

    What the file told of place, time and camera is gone; colours keep their profile. An animated GIF keeps its
    frames as they are where GIFs are taken; elsewhere its first one goes. Raises CannotFit, TooManyPixels or
    CorruptPicture.
    """
    max_bytes = limits.max_bytes_each(count)
    with _UNFOLDED, _opened(content) as image:
        if image.format == "GIF" and "image/gif" in limits.types and getattr(image, "is_animated", False):
            return _animation(content, image, limits, max_bytes)
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
        drawn = image.format in ("PNG", "GIF") and len(content) <= max_bytes
        pixels = _pixels(image, limits.max_side)
    if "image/png" in limits.types and (pixels.mode == "RGBA" or drawn):
        picture = _encoded(pixels, "PNG", icc_profile=profile)
        if len(picture.content) <= max_bytes:
            return picture
    return _small_jpeg(_on_white(pixels), max_bytes, profile)


def thumbnail(content: bytes, *, side: int = 320) -> bytes:
    """Return a small JPEG or PNG of a picture for a page. Raises what `fit_picture` raises."""
    return fit_picture(content, PictureLimits(count=1, max_bytes=400_000, max_side=side)).content


@contextmanager
def _opened(content: bytes) -> Iterator[Image.Image]:
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG", "GIF", "WEBP")) as image:
            if image.width * image.height > MAX_PIXELS:
                raise TooManyPixels
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels from None
    except _FAULTS as error:
        raise CorruptPicture from error


def _pixels(image: Image.Image, max_side: int) -> Image.Image:
    """Return nothing but the pixels, upright and scaled down, as RGB, or as RGBA where some are transparent.

    Each step but the last works on what the one before has left: a large picture as a whole takes 200 MB.
    """
    part = min(1.0, max_side / max(image.size))
    image.draft(None, (max(1, int(image.width * part)), max(1, int(image.height * part))))
    see_through = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    mode = "RGBA" if see_through else "RGB"
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value * (1 / 256)).convert("L")  # convert alone would clip to white
    if image.mode != mode:
        image = image.convert(mode)
    image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(image, in_place=True)
    bare = Image.new(mode, image.size)
    bare.paste(image)
    return bare


def _on_white(pixels: Image.Image) -> Image.Image:
    """Return the picture as it looks on white paper: JPEG knows no transparency."""
    if pixels.mode == "RGB":
        return pixels
    paper = Image.new("RGB", pixels.size, "white")
    paper.paste(pixels, mask=pixels.getchannel("A"))
    return paper


def _small_jpeg(pixels: Image.Image, max_bytes: int, profile: bytes | None) -> Picture:
    """Encode with less and less quality, then with fewer and fewer pixels, until it is small enough."""
    while True:
        for quality in QUALITIES:
            picture = _encoded(pixels, "JPEG", quality=quality, icc_profile=profile)
            if len(picture.content) <= max_bytes:
                return picture
        if max(pixels.size) * 3 // 4 < SMALLEST_SIDE:
            raise CannotFit("picture", max_bytes)
        pixels = pixels.resize((max(1, pixels.width * 3 // 4), max(1, pixels.height * 3 // 4)))


def _encoded(pixels: Image.Image, form: str, *, icc_profile: bytes | None, quality: int = QUALITIES[0]) -> Picture:
    file = BytesIO()
    pixels.save(file, form, quality=quality, icc_profile=icc_profile)
    return Picture(content=file.getvalue(), content_type=FORMATS[form], width=pixels.width, height=pixels.height)


def _animation(content: bytes, image: Image.Image, limits: PictureLimits, max_bytes: int) -> Picture:
    """Return an animated GIF with its frames untouched: to encode them anew would spoil them. Raises CannotFit."""
    quiet = strip_gif_metadata(content)
    if len(quiet) > max_bytes or max(image.size) > limits.max_side:
        raise CannotFit("animation", max_bytes)
    return Picture(content=quiet, content_type="image/gif", width=image.width, height=image.height)
