"""What a file is, told from its first bytes; its name and what a browser says of it count for nothing."""

from core.errors import PunctualError

PICTURES = ("image/jpeg", "image/png", "image/gif", "image/webp")
VIDEOS = ("video/mp4",)

_MP4_BRANDS = (
    b"isom",
    b"iso2",
    b"iso4",
    b"iso5",
    b"iso6",
    b"mp41",
    b"mp42",
    b"avc1",
    b"M4V ",
    b"M4VH",
    b"dash",
    b"MSNV",
)
_KNOWN_TO_BE_UNUSABLE = {
    b"heic": "a HEIC picture",
    b"heix": "a HEIC picture",
    b"mif1": "a HEIF picture",
    b"msf1": "a HEIF picture",
    b"avif": "an AVIF picture",
    b"qt  ": "a QuickTime video",
}


class UnsupportedFile(PunctualError):
    """A file is nothing that networks take."""

    hint = "Save it as a JPEG, PNG, GIF or WebP picture, or as an MP4 video, and attach that."

    def __init__(self, what: str) -> None:
        super().__init__(f"The file is {what}.")


def detect_content_type(content: bytes) -> str:
    """Return which of PICTURES and VIDEOS a file is by its first bytes. Raises UnsupportedFile."""
    if content.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if content.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "image/webp"
    if content[4:8] == b"ftyp":
        return _by_brand(content[8:12])
    raise UnsupportedFile("neither a picture nor a video" if content else "empty")


def _by_brand(brand: bytes) -> str:
    """Tell the files apart that begin with ISO 14496-12's `ftyp`."""
    if brand in _MP4_BRANDS:
        return "video/mp4"
    raise UnsupportedFile(_KNOWN_TO_BE_UNUSABLE.get(brand, "of a kind that no network takes"))
