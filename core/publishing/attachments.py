"""Checks the pictures and videos of a post, and fits them to one network's limits."""

from collections.abc import Sequence
from dataclasses import dataclass

from core.errors import PunctualError
from core.media.content import Content
from core.media.pictures import CannotFit, CorruptPicture, PictureLimits, TooManyPixels
from core.media.port import AlteredMedia, MediaStore, MissingMedia
from core.posts.models import Media, MediaReference
from core.publishing.fitted_pictures import FittedPictures

_FITTED = FittedPictures()


class CannotAttach(PunctualError):
    """A picture or video cannot be sent with the post. A retry is useless."""

    def __init__(self, reason: str, hint: str) -> None:
        super().__init__(reason)
        self.hint = hint


@dataclass(frozen=True, kw_only=True)
class MediaLimits:
    """A network's limits for media. Without `pictures` it accepts no pictures; with `max_video_bytes` 0, no videos.

    `caption` is the limit of a text with media, in the network's units, if it is lower than the limit of a text alone.
    `max_ratio` is the limit of a picture's longer side divided by the shorter one.
    """

    pictures: PictureLimits | None = None
    max_video_bytes: int = 0
    min_video_bytes: int = 0
    caption: int | None = None
    max_ratio: int | None = None

    @property
    def count(self) -> int:
        """The most pictures and videos of one post."""
        return self.pictures.count if self.pictures else int(self.max_video_bytes > 0)


@dataclass(frozen=True, kw_only=True)
class Attachment:
    """A picture or video ready to send: within the network's limits, and without metadata about its origin.

    The `alt` of a picture is within the network's limit. `media` describes the stored original. The content of a video
    is a file, to be sent in parts.
    """

    content: Content
    content_type: str
    alt: str
    width: int | None
    height: int | None
    media: Media

    @property
    def name(self) -> str:
        """The file name: the start of the content's hash, and the type as its suffix."""
        return f"{self.media.reference[:12]}.{self.content_type.partition('/')[2]}"

    @property
    def file(self) -> tuple[str, Content, str]:
        """The file name, content and content type, as `HttpClient.post_form` needs them."""
        return self.name, self.content, self.content_type


def load_attachments(
    media: Sequence[Media], store: MediaStore, limits: MediaLimits, label: str
) -> tuple[Attachment, ...]:
    """Read a post's media from the store and fit them to the limits of the network or account named `label`.

    Raises CannotAttach, and the errors of the store if it cannot be read.
    """
    check_media(media, limits, label)
    try:
        return tuple(_attachment(each, store, limits, len(media)) for each in media)
    except (MissingMedia, AlteredMedia, CannotFit, CorruptPicture, TooManyPixels) as error:
        raise CannotAttach(str(error), error.hint) from error


def fitted_picture(reference: MediaReference, store: MediaStore, limits: PictureLimits) -> Attachment:
    """Return a stored picture without a description. Raises the errors of the store and of `fit_picture`."""
    content = store.get(reference)
    picture = _FITTED.fit(reference, content, limits, 1)
    media = Media(reference=reference, kind="picture", content_type=picture.content_type, size=len(content))
    return Attachment(
        content=picture.content,
        content_type=picture.content_type,
        alt="",
        width=picture.width,
        height=picture.height,
        media=media,
    )


def check_media(media: Sequence[Media], limits: MediaLimits, label: str) -> None:
    """Check the number, kinds and sizes of media against the limits of the network or account named `label`.

    Raises CannotAttach.
    """
    pictures = [each for each in media if each.kind == "picture"]
    videos = [each for each in media if each.kind == "video"]
    if pictures and limits.pictures is None:
        raise CannotAttach(f"{label} accepts no pictures.", "Remove them, or choose another destination.")
    if videos and not limits.max_video_bytes:
        raise CannotAttach(f"{label} accepts no videos.", "Remove it, or choose another destination.")
    if len(media) > limits.count:
        reason = f"The post has {len(media)} pictures or videos; {label} accepts {limits.count}."
        raise CannotAttach(reason, "Remove some.")
    if len(videos) > 1 or (videos and pictures):
        raise CannotAttach("A post has either pictures or one video.", "Send the others as a post of their own.")
    if limits.max_ratio is not None:
        _check_ratio(pictures, limits.max_ratio, label)
    for video in videos:
        _check_video_size(video.size, limits, label)
    if limits.pictures is not None and limits.pictures.alt:
        _check_alt(media, limits.pictures.alt, label)


def _check_ratio(pictures: Sequence[Media], limit: int, label: str) -> None:
    for each in pictures:
        if each.width and each.height and max(each.width, each.height) > limit * min(each.width, each.height):
            reason = (
                f"A picture has {each.width:,} x {each.height:,} pixels; {label} accepts sides of at most 1:{limit}."
            )
            raise CannotAttach(reason, "Crop it, then attach it again.")


def _check_video_size(size: int, limits: MediaLimits, label: str) -> None:
    if size > limits.max_video_bytes:
        reason = f"The video has {size / 1e6:,.1f} MB; {label} accepts {limits.max_video_bytes / 1e6:,.0f} MB."
        raise CannotAttach(reason, "Attach a smaller version.")
    if size < limits.min_video_bytes:
        reason = (
            f"The video has {size / 1e3:,.0f} kB; {label} accepts none below {limits.min_video_bytes / 1e3:,.0f} kB."
        )
        raise CannotAttach(reason, "Attach a longer one, or one of a better quality.")


def _check_alt(media: Sequence[Media], limit: int, label: str) -> None:
    for each in media:
        if len(each.alt) > limit:
            reason = f"A picture's description has {len(each.alt):,} characters; {label} accepts {limit:,}."
            raise CannotAttach(reason, f"Shorten it by {len(each.alt) - limit:,}.")


def _attachment(media: Media, store: MediaStore, limits: MediaLimits, count: int) -> Attachment:
    if media.kind == "video" or limits.pictures is None:  # if limits.pictures is None, check_media has refused pictures
        return Attachment(
            content=store.open(media.reference),
            content_type=media.content_type,
            alt=media.alt,
            width=media.width,
            height=media.height,
            media=media,
        )
    picture = _FITTED.fit(media.reference, store.get(media.reference), limits.pictures, count)
    return Attachment(
        content=picture.content,
        content_type=picture.content_type,
        alt=media.alt[: limits.pictures.alt],
        width=picture.width,
        height=picture.height,
        media=media,
    )
