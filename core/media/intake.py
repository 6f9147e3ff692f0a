"""Takes in what a person attaches: told by its content, looked into, and kept."""

from core.errors import PunctualError
from core.media.kinds import VIDEOS, detect_content_type
from core.media.pictures import inspect_picture
from core.media.port import MediaStore
from core.media.videos import strip_video_metadata
from core.posts.models import Media

PICTURE_BYTES = 30_000_000
VIDEO_BYTES = 100_000_000
"""The most that is kept of one file; each network's own limits are met when the post goes out."""


class FileTooLarge(PunctualError):
    """A file is larger than any network takes."""

    def __init__(self, size: int, most: int) -> None:
        super().__init__(f"The file has {size / 1e6:,.1f} MB; {most // 10**6} MB can be attached.")
        self.hint = "Save it smaller, then attach that."


def ingest(store: MediaStore, content: bytes, *, alt: str = "") -> Media:
    """Keep a picture or an MP4 video and return what a post carries of it.

    A picture is decoded once, whole, so that a damaged one is refused here and not when the post is due. A video is
    kept as it is, but for what it tells of the place. Raises UnusableFile, FileTooLarge, TooManyPixels or
    CorruptPicture, and what the store raises.
    """
    content_type = detect_content_type(content)
    if content_type in VIDEOS:
        _check_size(content, VIDEO_BYTES)
        content = strip_video_metadata(content)
        return Media(
            reference=store.put(content), kind="video", content_type=content_type, size=len(content), alt=alt.strip()
        )
    _check_size(content, PICTURE_BYTES)
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


def _check_size(content: bytes, most: int) -> None:
    if len(content) > most:
        raise FileTooLarge(len(content), most)
