"""Ingests attached files: detects their type, checks them, removes metadata from videos, and stores them."""

from core.errors import PunctualError, memory_shortage
from core.media.kinds import VIDEO_TYPES, detect_content_type
from core.media.pictures import inspect_picture
from core.media.port import MediaStore
from core.media.videos import strip_video_metadata
from core.posts.models import Media

MAX_PICTURE_BYTES = 30_000_000
MAX_VIDEO_BYTES = 100_000_000
"""The largest files that can be attached. Each network's own limits apply when the post is published."""


class FileTooLarge(PunctualError):
    """A file exceeds the size that can be attached."""

    hint = "Attach a smaller version."

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(f"The file has {size / 1e6:,.1f} MB; the limit is {limit // 10**6} MB.")


def ingest(store: MediaStore, content: bytes, *, alt: str = "") -> Media:
    """Store a picture or an MP4 video, and return its description for a post.

    A picture is decoded completely, so that a damaged one is refused now and not when the post is due. It is stored
    unchanged; `fit_picture` removes its metadata when the post is published. A video is stored without its metadata.
    Raises UnsupportedFile, FileTooLarge, TooManyPixels, CorruptPicture or MachineShortage, and the errors of the store.
    """
    try:
        return _ingest(store, content, alt)
    except MemoryError as error:
        raise memory_shortage("the file cannot be taken now") from error


def _ingest(store: MediaStore, content: bytes, alt: str) -> Media:
    content_type = detect_content_type(content)
    if content_type in VIDEO_TYPES:
        _check_size(content, MAX_VIDEO_BYTES)
        content = strip_video_metadata(content)
        return Media(
            reference=store.put(content), kind="video", content_type=content_type, size=len(content), alt=alt.strip()
        )
    _check_size(content, MAX_PICTURE_BYTES)
    picture = inspect_picture(content)
    return Media(
        reference=store.put(content),
        kind="picture",
        content_type=picture.content_type,
        size=len(content),
        width=picture.width,
        height=picture.height,
        alt=alt.strip(),
    )


def _check_size(content: bytes, limit: int) -> None:
    if len(content) > limit:
        raise FileTooLarge(len(content), limit)
