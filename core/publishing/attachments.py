"""A post's pictures and videos, made ready for one network."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import PunctualError
from core.media.pictures import CannotFit, CorruptPicture, PictureLimits, TooManyPixels, fit_picture
from core.media.port import AlteredMedia, MediaStore, MissingMedia
from core.posts.models import Media


class CannotAttach(PunctualError):
    """A picture or video cannot go out with the post; trying again changes nothing."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class MediaLimits:
    """What a network takes besides text; None and 0 stand for nothing.

    `min_video_bytes` is for networks that take no smaller ones. `caption` is how long a text may be beside them, as
    the network counts, where that is less than a text alone.
    """

    pictures: PictureLimits | None = None
    max_video_bytes: int = 0
    min_video_bytes: int = 0
    caption: int | None = None

    @property
    def count(self) -> int:
        """The most pictures and videos of one post."""
        return self.pictures.count if self.pictures else int(self.max_video_bytes > 0)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A picture or video as it is to be sent: within the network's limits, with nothing about where it was taken.

    `media` is what the post carries of it; `alt` is no longer than the network takes.
    """

    content: bytes
    content_type: str
    alt: str
    width: int | None
    height: int | None
    media: Media

    @property
    def name(self) -> str:
        """A file name that says what it is, and nothing more."""
        return f"{self.media.reference[:12]}.{self.content_type.partition('/')[2]}"

    @property
    def file(self) -> tuple[str, bytes, str]:
        """The file name, content and content type, as forms need them."""
        return self.name, self.content, self.content_type


def load_attachments(media: Sequence[Media], store: MediaStore, limits: MediaLimits, label: str) -> tuple[Attachment, ...]:
    """Read what a post carries and fit it to a network that people know as `label`.

    Raises CannotAttach, and what the store raises when it cannot be reached.
    """
    check_media(media, limits, label)
    try:
        return tuple(_attachment(each, store, limits, len(media)) for each in media)
    except (MissingMedia, AlteredMedia, CannotFit, CorruptPicture, TooManyPixels) as error:
        raise CannotAttach(str(error), error.hint) from error


def check_media(media: Sequence[Media], limits: MediaLimits, label: str) -> None:
    """Raise CannotAttach where a network that people know as `label` takes fewer, others, or smaller ones."""
    pictures = [each for each in media if each.kind == "picture"]
    videos = [each for each in media if each.kind == "video"]
    if pictures and limits.pictures is None:
        raise CannotAttach(f"{label} takes no pictures.", "Remove them, or send them elsewhere.")
    if videos and not limits.max_video_bytes:
        raise CannotAttach(f"{label} takes no videos.", "Remove it, or send it elsewhere.")
    if len(media) > limits.count:
        raise CannotAttach(f"{label} takes {limits.count} pictures or videos; there are {len(media)}.", "Remove some.")
    if len(videos) > 1 or (videos and pictures):
        raise CannotAttach("A post has either pictures or one video.", "Send the others as a post of their own.")
    for video in videos:
        if video.size > limits.max_video_bytes:
            most = f"{video.size / 1e6:,.1f} MB; {label} takes {limits.max_video_bytes / 1e6:,.0f} MB"
            raise CannotAttach(f"The video has {most}.", "Save it smaller, then attach that.")
        if video.size < limits.min_video_bytes:
            least = f"{video.size / 1e3:,.0f} kB; {label} takes none below {limits.min_video_bytes / 1e3:,.0f} kB"
            raise CannotAttach(f"The video has {least}.", "Attach a longer one, or one of a better quality.")
    if limits.pictures is not None and limits.pictures.alt:
        _check_alt(media, limits.pictures.alt, label)


def _check_alt(media: Sequence[Media], most: int, label: str) -> None:
    for each in media:
        if len(each.alt) > most:
            reason = f"A picture's description has {len(each.alt):,} characters; {label} takes {most:,}."
            raise CannotAttach(reason, f"Shorten it by {len(each.alt) - most:,}.")


def _attachment(media: Media, store: MediaStore, limits: MediaLimits, count: int) -> Attachment:
    content = store.get(media.reference)
    if media.kind == "video" or limits.pictures is None:  # check_media lets no picture by where none is taken
        return Attachment(
            content=content,
            content_type=media.content_type,
            alt=media.alt,
            width=media.width,
            height=media.height,
            media=media,
        )
    picture = fit_picture(content, limits.pictures, count=count)
    return Attachment(
        content=picture.content,
        content_type=picture.content_type,
        alt=media.alt[: limits.pictures.alt],
        width=picture.width,
        height=picture.height,
        media=media,
    )
