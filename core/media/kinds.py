"""Detects the content type of a file from its first bytes, not from its name or the browser's claim."""

from core.errors import PunctualError

PICTURE_TYPES = ("image/jpeg", "image/png", "image/gif", "image/webp")
CONVERTED_PICTURE_TYPES = ("image/heic", "image/avif")
"""The types of pictures that no network accepts. `ingest` makes a JPEG or PNG of them."""
CONVERTED_VIDEO_TYPES = {
    "video/quicktime": "a QuickTime video",
    "video/webm": "a WebM or Matroska video",
    "video/3gpp": "a 3GP video",
    "video/x-msvideo": "an AVI video",
    "video/mpeg": "an MPEG video",
    "video/x-flv": "a Flash video",
    "video/x-ms-wmv": "a Windows Media video",
}
"""A name for each type of video that is converted to MP4 (core/media/conversion.py)."""

_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_BRANDS = {
    **dict.fromkeys(
        (
            *(b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"iso7", b"iso8", b"iso9", b"mp41", b"mp42"),
            *(b"avc1", b"M4V ", b"M4VH", b"M4VP", b"dash", b"MSNV", b"XAVC", b"hvc1"),
        ),
        "video/mp4",
    ),
    **dict.fromkeys(_HEIC_BRANDS, "image/heic"),
    **dict.fromkeys(_AVIF_BRANDS, "image/avif"),
    **dict.fromkeys((b"3gp4", b"3gp5", b"3gp6", b"3g2a", b"3g2b"), "video/3gpp"),
    b"qt  ": "video/quicktime",
}
_QUICKTIME_BOXES = (b"moov", b"mdat", b"wide", b"pnot")
"""The kinds of the first box of an old QuickTime file, which has no `ftyp`."""
_TRANSPORT_PACKET = 188
_SIGNATURES = (
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"\x1a\x45\xdf\xa3", "video/webm"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"\x00\x00\x01\xb3", "video/mpeg"),
    (b"FLV\x01", "video/x-flv"),
    (b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "video/x-ms-wmv"),
)


class UnsupportedFile(PunctualError):
    """The file is of a kind that no network accepts."""

    hint = "Save it as a JPEG, PNG, GIF or WebP picture, or as an MP4 video, and attach that."

    def __init__(self, kind: str) -> None:
        super().__init__(f"The file is {kind}.")


def detect_content_type(content: bytes) -> str:
    """Return the content type of a file, one of the types above. Raises UnsupportedFile."""
    for signature, content_type in _SIGNATURES:
        if content.startswith(signature):
            return content_type
    if content[:4] == b"RIFF" and content[8:12] in (b"WEBP", b"AVI "):
        return "image/webp" if content[8:12] == b"WEBP" else "video/x-msvideo"
    if content[4:8] == b"ftyp":
        return _type_of_brands(content)
    if content[4:8] in _QUICKTIME_BOXES:
        return "video/quicktime"
    if content[:1] == content[_TRANSPORT_PACKET : _TRANSPORT_PACKET + 1] == b"\x47":
        return "video/mpeg"
    raise UnsupportedFile("neither a picture nor a video" if content else "empty")


def _type_of_brands(content: bytes) -> str:
    """Return the content type of a file with a `ftyp` box (ISO 14496-12). Raises UnsupportedFile.

    The major brand counts, except that AVIF pictures may have the general brand of HEIF.
    """
    major, end = content[8:12], min(int.from_bytes(content[:4], "big"), 200)
    compatible = {content[start : start + 4] for start in range(16, end, 4)}
    if major in (b"mif1", b"msf1") and compatible & set(_AVIF_BRANDS):
        return "image/avif"
    content_type = _BRANDS.get(major) or next(filter(None, map(_BRANDS.get, sorted(compatible))), None)
    if content_type is None:
        raise UnsupportedFile("of a kind that no network accepts")
    return content_type
