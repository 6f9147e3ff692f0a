"""The limits of a Mastodon instance for texts and media."""

import re
from collections.abc import Mapping

from core.media.kinds import PICTURE_TYPES
from core.media.pictures import PictureLimits
from core.publishing.attachments import MediaLimits
from core.publishing.http.client import Response

DEFAULT_TEXT_LIMITS = {"characters": 500, "url": 23}
"""Mastodon's own limits of a text, for an instance that names none. `url` is the length of any link."""
DEFAULT_MEDIA_LIMITS = {"media": 4, "picture_bytes": 8_000_000, "video_bytes": 40_000_000, "description": 1500}
"""Limits of media for an instance that names none. Mastodon's own limits are at least as high (source:
mastodon/mastodon, media_attachment.rb: MAX_DESCRIPTION_LENGTH is 1,500 code points; later versions name it)."""
MAX_PICTURE_BYTES, MAX_TOTAL_BYTES = 4_000_000, 10_000_000
"""Bytes of one picture and of all pictures of a post. Their uploads may share the deadline of the post, so these limits
apply even if the instance accepts more."""
MAX_SIDE = 3840
"""Pixels. Mastodon scales pictures to 3840 x 2160."""
_CONFIGURATION_PATHS = {
    "characters": ("statuses", "max_characters"),
    "url": ("statuses", "characters_reserved_per_url"),
    "media": ("statuses", "max_media_attachments"),
    "picture_bytes": ("media_attachments", "image_size_limit"),
    "video_bytes": ("media_attachments", "video_size_limit"),
    "description": ("media_attachments", "description_limit"),
}
"""The path of each limit within the instance's `configuration`."""


_MASTODON_VERSION = re.compile(r"([3-9]|\d{2,})\.\d")
"""The beginning of a version of Mastodon and its forks. Other servers name lower ones, or the one they are compatible
with."""


def read_limits(instance: Response) -> dict[str, int]:
    """Return the limits that an instance names, and DEFAULT_TEXT_LIMITS where it names none.

    `counts_as_written` is 1 for a server that is not Mastodon: GoToSocial counts code points, and links in full.
    """
    limits = {name: instance.json_value("configuration", *path) for name, path in _CONFIGURATION_PATHS.items()}
    version = str(instance.json_value("version"))
    is_mastodon = _MASTODON_VERSION.match(version) and "compatible" not in version.lower()
    return (
        DEFAULT_TEXT_LIMITS
        | {name: limit for name, limit in limits.items() if type(limit) is int and limit > 0}
        | ({} if is_mastodon else {"counts_as_written": 1})
    )


def media_limits(limits: Mapping[str, int]) -> MediaLimits:
    """Return the limits of an account for media, with at most the bytes of pictures that can be uploaded in time.

    A video may be as large as the instance accepts: 99 MiB by default (source: media_attachment.rb, VIDEO_LIMIT).
    """
    known = {**DEFAULT_MEDIA_LIMITS, **limits}
    return MediaLimits(
        pictures=PictureLimits(
            count=known["media"],
            max_bytes=min(MAX_PICTURE_BYTES, known["picture_bytes"]),
            total_bytes=MAX_TOTAL_BYTES,
            max_side=MAX_SIDE,
            types=PICTURE_TYPES,
            alt=known["description"],
        ),
        max_video_bytes=known["video_bytes"],
    )
