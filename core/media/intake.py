"""Ingests attached files: detects their type, checks and converts them, removes metadata, and stores them."""

from core.errors import PunctualError, memory_shortage
from core.media.content import Content
from core.media.conversion import VIDEO_REQUIREMENTS, CannotConvert, Conversion, can_convert_videos
from core.media.kinds import CONVERTED_PICTURE_TYPES, CONVERTED_VIDEO_TYPES, PICTURE_TYPES, detect_content_type
from core.media.mp4_tracks import foreign_codec
from core.media.pictures import Picture, inspect_picture, is_animation
from core.media.port import MediaStore
from core.media.videos import strip_video_metadata
from core.posts.models import Media

MAX_PICTURE_BYTES = 30_000_000
_HEAD_BYTES = 1024
"""The beginning of a file, by which its type is detected."""
MAX_VIDEO_BYTES = 100_000_000
"""The largest files that can be attached. Each network's own limits apply when the post is published."""


class FileTooLarge(PunctualError):
    """A file exceeds the size that can be attached."""

    hint = "Attach a smaller version."

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"The file has {size / 1e6:,.1f} MB; the limit is {limit // 10**6} MB.")


class NeedsConversion(PunctualError):
    """A video is of a kind that not every network plays. `Conversion` makes an MP4 of it."""

    def __init__(self, kind: str) -> None:
        super().__init__(f"The file is {kind}, which not every network plays.")
        by_hand = "Save it as an MP4 video with H.264 and AAC, and attach that."
        self.hint = (
            f"Attach it in Compose, which converts it. Or: {by_hand[0].lower()}{by_hand[1:]}"
            if can_convert_videos()
            else f"{by_hand} Or install the converter: pip install -r {VIDEO_REQUIREMENTS}. Then attach the file again."
        )


def ingest(store: MediaStore, content: Content, *, alt: str = "") -> Media:
    """Store a picture or an MP4 video, and return its description for a post.

    A picture is decoded completely, so that a damaged one is refused now and not when the post is due. It is stored
    unchanged; `fit_picture` removes its metadata when the post is published. A HEIC or AVIF picture is stored as a JPEG
    or PNG without metadata, an animated WebP or PNG as a GIF. A video is read in parts, and stored without
    its metadata. Raises UnsupportedFile, FileTooLarge, TooManyPixels, CorruptPicture, CannotConvert, DamagedVideo,
    NeedsConversion or MachineShortage, and the errors of the store.
    """
    try:
        return _ingest(store, content, alt)
    except MemoryError as error:
        raise memory_shortage("the file cannot be taken now") from error


def _ingest(store: MediaStore, source: Content, alt: str) -> Media:
    content_type = detect_content_type(source[:_HEAD_BYTES])
    if content_type not in (*PICTURE_TYPES, *CONVERTED_PICTURE_TYPES):
        _check_size(source, MAX_VIDEO_BYTES)
        if content_type in CONVERTED_VIDEO_TYPES:
            raise NeedsConversion(CONVERTED_VIDEO_TYPES[content_type])
        if codec := foreign_codec(source):
            raise NeedsConversion(f"a video with {codec}")
        reference = store.put(strip_video_metadata(source))
        return Media(reference=reference, kind="video", content_type=content_type, size=len(source), alt=alt.strip())
    _check_size(source, MAX_PICTURE_BYTES)
    content = source[:]
    if content_type in CONVERTED_PICTURE_TYPES:
        content = Conversion(content, "picture").result()
    picture = inspect_picture(content)
    if picture.content_type in ("image/webp", "image/png") and is_animation(content):
        content, picture = _as_gif(content, picture)
    return Media(
        reference=store.put(content),
        kind="picture",
        content_type=picture.content_type,
        size=len(content),
        width=picture.width,
        height=picture.height,
        alt=alt.strip(),
    )


def _as_gif(content: bytes, picture: Picture) -> tuple[bytes, Picture]:
    """Return an animated WebP or PNG as a GIF, or unchanged if it is too long to be one."""
    try:
        converted = Conversion(content, "picture").result()
    except CannotConvert:
        return content, picture
    return (converted, inspect_picture(converted)) if len(converted) <= MAX_PICTURE_BYTES else (content, picture)


def _check_size(content: Content, limit: int) -> None:
    if len(content) > limit:
        raise FileTooLarge(len(content), limit)
