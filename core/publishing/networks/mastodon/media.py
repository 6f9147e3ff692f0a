"""Pictures and videos on Mastodon: uploaded first, each with its description, then named by the status."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.media.kinds import PICTURES
from core.media.pictures import PictureLimits
from core.publishing.attachments import Attachment, MediaLimits
from core.publishing.http.client import HttpClient, RequestError, Response
from core.publishing.network import NetworkResult
from core.publishing.outcomes import ResultClassifier, retry_harmless
from core.time.instants import Clock

DEFAULT_LIMITS = {"media": 4, "picture_bytes": 8_000_000, "video_bytes": 40_000_000, "description": 1500}
"""For instances that do not tell theirs; Mastodon's own are as large or larger (source: mastodon/mastodon,
media_attachment.rb: MAX_DESCRIPTION_LENGTH is 1,500, in code points; its later versions tell it)."""
PICTURE_BYTES, ALL_BYTES = 4_000_000, 10_000_000
"""The most that is sent of one picture, and of all, whatever the instance takes: they share the deadline of the post.
Mastodon itself scales pictures to 3840 x 2160."""
LONGEST_SIDE = 3840
PROCESSING = (202, 206)
"""What Mastodon answers while it still works on a video."""
PAUSE_SECONDS = 1.0
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


def limits_told(instance: Response) -> dict[str, int]:
    """Return what an instance says of its limits, as far as it does."""
    told = {
        "media": instance.json_value("configuration", "statuses", "max_media_attachments"),
        "picture_bytes": instance.json_value("configuration", "media_attachments", "image_size_limit"),
        "video_bytes": instance.json_value("configuration", "media_attachments", "video_size_limit"),
        "description": instance.json_value("configuration", "media_attachments", "description_limit"),
    }
    return {name: limit for name, limit in told.items() if type(limit) is int and limit > 0}


def media_limits(limits: Mapping[str, int]) -> MediaLimits:
    """Return what an account's instance takes, and what can be sent within the deadline of a post."""
    whole = {**DEFAULT_LIMITS, **limits}
    return MediaLimits(
        pictures=PictureLimits(
            count=whole["media"],
            max_bytes=min(PICTURE_BYTES, whole["picture_bytes"]),
            total_bytes=ALL_BYTES,
            max_side=LONGEST_SIDE,
            types=PICTURES,
            alt=whole["description"],
        ),
        max_video_bytes=min(ALL_BYTES, whole["video_bytes"]),
    )


class MastodonUploads:
    """Uploads to one network; nothing that goes wrong with one leaves a doubt whether the post is out."""

    def __init__(self, name: str, clock: Clock, *, sleep: Callable[[float], None] = time.sleep) -> None:
        self._classifier = ResultClassifier(name=name, clock=clock, ambiguous=retry_harmless)
        self._sleep = sleep

    def upload(
        self, line: HttpClient, server: str, headers: Mapping[str, str], media: Sequence[Attachment]
    ) -> list[str] | NetworkResult:
        """Return the ids by which a status names its media, in their order, or what becomes of the post instead."""
        found = []
        for attachment in media:
            try:
                answer = self._processed(line, server, headers, self._sent(line, server, headers, attachment))
            except RequestError as fault:
                return self._classifier.from_error(fault)
            if not answer.ok:
                return self._classifier.from_response(answer)
            if answer.status in PROCESSING or "id" not in answer.json_object:
                return self._classifier.from_incomplete()
            found.append(str(answer.json_object["id"]))
        return found

    def _sent(self, line: HttpClient, server: str, headers: Mapping[str, str], attachment: Attachment) -> Response:
        described = {"description": attachment.alt} if attachment.alt else {}
        return line.post_form(f"{server}/api/v2/media", described, {"file": attachment.file}, headers=headers)

    def _processed(self, line: HttpClient, server: str, headers: Mapping[str, str], answer: Response) -> Response:
        """Wait until Mastodon is done with a file, or the line's deadline is over. Raises RequestError."""
        identity = str(answer.json_object.get("id", ""))
        while answer.status in PROCESSING and _ID.fullmatch(identity):
            self._sleep(PAUSE_SECONDS)
            answer = line.get(f"{server}/api/v1/media/{identity}", headers=headers)
        return answer


def attached(status: Mapping[str, Any]) -> int:
    """Return how many pictures and videos a status has."""
    media = status.get("media_attachments")
    return len(media) if isinstance(media, list) else 0
