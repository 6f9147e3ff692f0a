"""Detects the content type of a file from its first bytes, not from its name or the browser's claim."""

from core.errors import PunctualError

PICTURE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
VIDEO_TYPES = ("video/mp4",)

_MP4_BRANDS = (
    *(b"isom", b"iso2", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42"),
    *(b"avc1", b"M4V ", b"M4VH", b"dash", b"MSNV"),
)
_UNSUPPORTED_BRANDS = {
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"mif1": "a HEIF picture",
    b"msf1": "a HEIF picture",
    b"avif": "an AVIF picture",
    b"qt  ": "a QuickTime video",
}


class UnsupportedFile(PunctualError):
    """The file is of a kind that no network accepts."""

    hint = "Save it as a JPEG, PNG, GIF or WebP picture, or as an MP4 video, and attach that."

    def __init__(self, kind: str) -> None:
        super().__init__(f"The file is {kind}.")


def detect_content_type(content: bytes) -> str:
    """Return the content type of a file, one of PICTURE_TYPES and VIDEO_TYPES. Raises UnsupportedFile."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return _type_of_brand(content[8:12])
    raise UnsupportedFile("neither a picture nor a video" if content else "empty")


def _type_of_brand(brand: bytes) -> str:
    """Return the content type of a file whose `ftyp` box has this brand (ISO 14496-12). Raises UnsupportedFile."""
    if brand in _MP4_BRANDS:
        return "video/mp4"
    raise UnsupportedFile(_UNSUPPORTED_BRANDS.get(brand, "of a kind that no network accepts"))
