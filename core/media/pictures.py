"""Inspects pictures, fits them to a network's limits, and removes metadata such as their place and time."""

import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

from PIL import ExifTags, Image, ImageOps

from core.errors import PunctualError
from core.media.animations import check_gif, strip_gif_metadata
from core.media.crop_area import CropArea
from core.media.jpeg_scans import has_too_many_scans
from core.media.memory_shortage import picture_shortage

MAX_PIXELS = 50_000_000
"""A picture with more pixels is refused before decoding: a file of some kilobytes can expand to gigabytes."""
FORMATS = {"JPEG": "image/jpeg", "MPO": "image/jpeg", "PNG": "image/png", "GIF": "image/gif", "WEBP": "image/webp"}
"""The content type of each format, by Pillow's name. MPO is a JPEG with further pictures, which some cameras write."""
_READ_FORMATS = ("JPEG", "PNG", "GIF", "WEBP")
"""The formats, by Pillow's name, whose decoders run in this process. core/media/convert_picture.py reads others."""
QUALITIES = (92, 85, 75)
"""JPEG qualities, tried in this order until the file fits."""
MIN_SIDE = 64
"""Pixels of the longer side. A picture is not scaled down below this size; one that still does not fit is refused."""
_DECODERS = threading.BoundedSemaphore(2)
"""Limits the pictures that this process decodes at the same time: each may need 400 MB."""
_TURNED = (5, 6, 7, 8)
"""The EXIF orientations that a quarter turn brings upright."""

_PILLOW_ERRORS = (
    *(OSError, SyntaxError, ValueError, TypeError, KeyError, IndexError, EOFError, OverflowError, MemoryError),
    *(struct.error, zlib.error),
)
"""The errors that Pillow raises for truncated or malformed files, and while the machine is short of memory."""


class CorruptPicture(PunctualError):
    """A picture cannot be decoded completely."""

    hint = "Open it in a picture viewer. If it shows, save a copy and attach that."

    def __init__(self) -> None:
        super().__init__("The picture is damaged.")


class TooManyPixels(PunctualError):
    """A picture has more pixels than MAX_PIXELS."""

    hint = "Scale it down and attach it again."

    def __init__(self) -> None:
        super().__init__(f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels.")


class CannotFit(PunctualError):
    """A picture cannot be reduced to a network's limits and still look acceptable."""

    hint = "Attach a smaller one, or a still picture instead of an animation."

    def __init__(self, kind: str, max_bytes: int) -> None:
        super().__init__(f"The {kind} cannot be reduced to {max_bytes:,} bytes.")


@dataclass(frozen=True, kw_only=True)
class PictureLimits:
    """A network's limits for pictures.

    `count`: pictures of one post. `max_bytes`: size of each. `total_bytes`: size of all together. `max_side`: pixels of
    the longer side. `types`: accepted content types. `alt`: characters of the description, 0 if the network has none.
    `lone_animation_bytes` and `lone_animation_side`: size and longer side of an animated GIF that is the only
    attachment, where `types` lacks GIFs because others become still pictures.
    """

    count: int
    max_bytes: int
    total_bytes: int | None = None
    max_side: int = 4096
    types: tuple[str, ...] = ("image/jpeg", "image/png")
    alt: int = 0
    lone_animation_bytes: int = 0
    lone_animation_side: int = 1280

    def shows_animation(self, size: int, side: int, *, count: int) -> bool:
        """Return whether an animated GIF of `size` bytes and `side` pixels stays one, as one of `count` attachments."""
        if "image/gif" in self.types:
            return size <= self.max_bytes_each(count) and side <= self.max_side
        return count == 1 and size <= self.lone_animation_bytes and side <= self.lone_animation_side

    def max_bytes_each(self, count: int) -> int:
        """Return the size limit in bytes of each of `count` pictures."""
        return self.max_bytes if self.total_bytes is None else min(self.max_bytes, self.total_bytes // max(1, count))


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An encoded picture. `width` and `height` are in pixels, after the rotation for display."""

    content: bytes
    content_type: str
    width: int
    height: int


def load_decoders() -> None:
    """Load Pillow's decoders now. Every process that decodes pictures calls it at its start.

    Otherwise Pillow loads them for the first picture, and takes one whose file cannot be opened then for one that is
    not installed, until the process ends.
    """
    from PIL import WebPImagePlugin  # noqa: F401 - here, because most commands decode nothing

    Image.preinit()


def inspect_picture(content: bytes) -> Picture:
    """Decode a picture completely and return it with its type and size.

    Raises TooManyPixels, CorruptPicture or MachineShortage.
    """
    with _DECODERS, _open_picture(content) as image:
        content_type = FORMATS[image.format or ""]
        image.load()
        if image.format == "GIF":
            check_gif(content)
        # A turned copy would take as much memory again.
        is_turned = image.getexif().get(ExifTags.Base.Orientation) in _TURNED
        width, height = reversed(image.size) if is_turned else image.size
        return Picture(content=content, content_type=content_type, width=width, height=height)


def fit_picture(
    content: bytes, limits: PictureLimits, *, count: int = 1, formats: tuple[str, ...] = _READ_FORMATS
) -> Picture:
    """Rotate a picture, scale it down to the limits for one of `count` pictures, and remove its metadata.

    The colour profile of RGB colours is kept. An animated GIF keeps its frames unchanged if the network accepts it; any
    other animation becomes its first frame. A drawing or a picture with transparency becomes a PNG if that is
    accepted and fits, any other picture a JPEG. `formats` are Pillow's names of the formats that are read.
    Raises CannotFit, TooManyPixels, CorruptPicture or MachineShortage.
    """
    try:
        return _fit_picture(content, limits, count, formats)
    except (MemoryError, OSError) as error:  # while it is scaled or encoded
        shortage = picture_shortage(error, content, 0)
        if shortage is None:
            raise
        raise shortage from error


def _fit_picture(content: bytes, limits: PictureLimits, count: int, formats: tuple[str, ...]) -> Picture:
    max_bytes = limits.max_bytes_each(count)
    with _DECODERS, _open_picture(content, formats) as image:
        shown = limits.shows_animation(len(content), max(image.size), count=count)
        if shown and image.format == "GIF" and getattr(image, "is_animated", False):
            stripped = strip_gif_metadata(content)
            return Picture(content=stripped, content_type="image/gif", width=image.width, height=image.height)
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
        is_drawing = image.format in ("PNG", "GIF") and len(content) <= max_bytes
        pixels = _fit_pixels(image, limits.max_side)
    return _fit_still(pixels, limits.types, max_bytes, profile, is_drawing=is_drawing)


def is_animation(content: bytes) -> bool:
    """Return whether a picture has several frames. Raises TooManyPixels, CorruptPicture or MachineShortage."""
    with _open_picture(content) as image:
        return bool(getattr(image, "is_animated", False)) and image.format != "MPO"


def crop_picture(content: bytes, area: CropArea, *, max_bytes: int) -> Picture:
    """Return a part of a picture, upright and without metadata. An animation becomes a still picture.

    Raises CropTooSmall, CannotFit, TooManyPixels, CorruptPicture or MachineShortage.
    """
    with _DECODERS, _open_picture(content) as image:
        profile = image.info.get("icc_profile") if image.mode in ("RGB", "RGBA") else None
        is_drawing = image.format in ("PNG", "GIF")
        pixels = _fit_pixels(image, max(image.size))
        pixels = pixels.crop(area.pixels(*pixels.size))
        return _fit_still(pixels, ("image/png",), max_bytes, profile, is_drawing=is_drawing)


def _fit_still(
    pixels: Image.Image, types: tuple[str, ...], max_bytes: int, profile: bytes | None, *, is_drawing: bool
) -> Picture:
    if "image/png" in types and (pixels.mode == "RGBA" or is_drawing):
        picture = _encode(pixels, "PNG", icc_profile=profile)
        if len(picture.content) <= max_bytes:
            return picture
    return _fit_jpeg(_on_white(pixels), max_bytes, profile)


def thumbnail(content: bytes, *, side: int = 320) -> bytes:
    """Return a small JPEG or PNG of a picture, for a page of the dashboard. Raises the errors of `fit_picture`."""
    return fit_picture(content, PictureLimits(count=1, max_bytes=400_000, max_side=side)).content


@contextmanager
def _open_picture(content: bytes, formats: tuple[str, ...] = _READ_FORMATS) -> Iterator[Image.Image]:
    """Open a picture, and translate Pillow's errors in the body of `with`.

    Raises TooManyPixels, CorruptPicture, or MachineShortage if the picture may be sound.
    """
    pixels = None
    try:
        with Image.open(BytesIO(content), formats=formats) as image:
            pixels = image.width * image.height
            if pixels > MAX_PIXELS:
                raise TooManyPixels
            if image.format in ("JPEG", "MPO") and has_too_many_scans(content):
                raise CorruptPicture
            yield image
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise TooManyPixels from None
    except _PILLOW_ERRORS as error:
        raise picture_shortage(error, content, pixels) or CorruptPicture() from error


def _fit_pixels(image: Image.Image, max_side: int) -> Image.Image:
    """Return the pixels without metadata, rotated and scaled down: RGBA if the picture has transparency, else RGB.

    Each step replaces its input, because a full-size picture takes up to 200 MB.
    """
    scale = min(1.0, max_side / max(image.size))
    image.draft(None, (max(1, int(image.width * scale)), max(1, int(image.height * scale))))
    transparent = image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info
    mode = "RGBA" if transparent else "RGB"
    if image.mode.startswith("I;16"):
        image = image.point(lambda value: value * (1 / 256)).convert("L")  # `convert` alone turns grey into white
    if image.mode != mode:
        image = image.convert(mode)
    image.thumbnail((max_side, max_side), Image.Resampling.LANCZOS)
    ImageOps.exif_transpose(image, in_place=True)
    bare = Image.new(mode, image.size)
    bare.paste(image)
    return bare


def _on_white(pixels: Image.Image) -> Image.Image:
    """Return the picture on a white background, because JPEG has no transparency."""
    if pixels.mode == "RGB":
        return pixels
    background = Image.new("RGB", pixels.size, "white")
    background.paste(pixels, mask=pixels.getchannel("A"))
    return background


def _fit_jpeg(pixels: Image.Image, max_bytes: int, profile: bytes | None) -> Picture:
    """Encode a JPEG with lower and lower quality, then with fewer pixels, until it fits. Raises CannotFit."""
    while True:
        for quality in QUALITIES:
            picture = _encode(pixels, "JPEG", quality=quality, icc_profile=profile)
            if len(picture.content) <= max_bytes:
                return picture
        if max(pixels.size) * 3 // 4 < MIN_SIDE:
            raise CannotFit("picture", max_bytes)
        pixels = pixels.resize((max(1, pixels.width * 3 // 4), max(1, pixels.height * 3 // 4)))


def _encode(
    pixels: Image.Image, pillow_format: str, *, icc_profile: bytes | None, quality: int = QUALITIES[0]
) -> Picture:
    file = BytesIO()
    pixels.save(file, pillow_format, quality=quality, icc_profile=icc_profile)
    return Picture(
        content=file.getvalue(), content_type=FORMATS[pillow_format], width=pixels.width, height=pixels.height
    )
