"""Pictures and videos on Bluesky: uploaded to the account's server first, then named by their content in the record.

Bluesky documents two ways for a video (doc: Uploading Video). Its video service takes the file, works on it for as long
as it needs, and puts it on the account's server itself; or the file goes there at once, as a picture does, and the
service finds it by the post. Here it is the second: it works with every server, also with one that the service cannot
reach, it ends within a deadline, and a repeat leaves what is there. The price is that the app shows the post for some
seconds before it shows the video.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.errors import PunctualError
from core.media.pictures import PictureLimits
from core.media.videos import display_size
from core.publishing.attachments import Attachment, CannotAttach, MediaLimits
from core.publishing.http.client import HttpClient, RequestError, Response
from core.publishing.networks.bluesky.pds import Login, LoginRefused, PdsClient
from core.publishing.outcomes import RECONNECT

LIMITS = MediaLimits(
    pictures=PictureLimits(count=4, max_bytes=2_000_000, total_bytes=6_000_000, max_side=2000, alt=3000),
    max_video_bytes=10_000_000,
)
"""Of app.bsky.embed.images, as a server was seen to hold to it; together what can be uploaded in time. That goes for a
video as well: app.bsky.embed.video has room for 300 MB."""
UPLOADING_SECONDS = 15.0
"""For all that a post shows. The claim's lease has not begun by then, but the relay waits."""
_APPLES = (b"M4V ", b"M4VH")
"""Brands of MP4 files that servers take for video/x-m4v, which app.bsky.embed.video does not accept (run)."""


def limits_told(server: Response) -> dict[str, int]:
    """Return what an account's server says of its limits (com.atproto.server.describeServer), if it does."""
    limit = server.json_object.get("blobUploadLimit")
    return {"video_bytes": limit} if type(limit) is int and limit > 0 else {}


def media_limits(limits: Mapping[str, int]) -> MediaLimits:
    """Return what an account's server takes, as far as it told; many take no more than 5 MiB."""
    return replace(
        LIMITS, max_video_bytes=min(LIMITS.max_video_bytes, limits.get("video_bytes", LIMITS.max_video_bytes))
    )


class UploadFailed(PunctualError):
    """A picture or video could not be given to the account's server for now."""

    hint = "It is tried again."

    def __init__(self, kind: str, why: str) -> None:
        super().__init__(f"A {kind} was not uploaded: {why}")


class BlueskyUploads:
    """Uploads pictures and videos. What is there already stays as it is, so every attempt may upload it anew."""

    def __init__(self, name: str, sessions: PdsClient) -> None:
        self._name = name
        self._sessions = sessions

    def embed(self, login: Login, media: Sequence[Attachment]) -> dict[str, Any]:
        """Return how a record shows these pictures, or this video, uploaded by then.

        Raises CannotAttach where the server will not have one, NotUploaded where it is to be tried again.
        """
        line = HttpClient(self._name, secrets=[login.password], seconds=UPLOADING_SECONDS)
        if media[0].media.kind == "video":
            return self._video(line, login, media[0])
        return {"$type": "app.bsky.embed.images", "images": [self._image(line, login, each) for each in media]}

    def _image(self, line: HttpClient, login: Login, attachment: Attachment) -> dict[str, Any]:
        blob, ratio = self._blob(line, login, attachment), _ratio(attachment.width, attachment.height)
        return {"alt": attachment.alt, "image": blob, "aspectRatio": ratio}

    def _video(self, line: HttpClient, login: Login, attachment: Attachment) -> dict[str, Any]:
        blob, found = self._blob(line, login, attachment), display_size(attachment.content)
        embed = {"$type": "app.bsky.embed.video", "alt": attachment.alt, "video": blob}
        return {**embed, "aspectRatio": _ratio(*found)} if found else embed

    def _blob(self, line: HttpClient, login: Login, attachment: Attachment) -> dict[str, Any]:
        kind = attachment.media.kind
        try:
            answer = self._given(line, login, attachment)
        except LoginRefused as refusal:
            answer = refusal.answer
        except RequestError as fault:
            raise UploadFailed(kind, str(fault)) from None
        blob = answer.json_object.get("blob")
        if answer.ok and isinstance(blob, dict):
            return blob
        said = f"{self._name} answered {answer.status} to a {kind}: {answer.message.rstrip('.')}."
        if answer.ok or answer.status in (408, 425, 429) or answer.status >= 500:
            raise UploadFailed(kind, said)
        hints = {401: RECONNECT, 413: "Attach a smaller one, then retry."}
        raise CannotAttach(said, hints.get(answer.status, "Attach another one, then retry."))

    def _given(self, line: HttpClient, login: Login, attachment: Attachment) -> Response:
        """Give a file to the server. Bluesky's own would take a video that the app then never shows (doc)."""
        content = attachment.content
        if attachment.media.kind == "video":
            content = _as_mp4(content)
            if login.follow and not self._sessions.is_confirmed(line, login):
                reason = "Bluesky shows videos only of accounts whose e-mail address is confirmed."
                raise CannotAttach(reason, "Confirm it in Bluesky's settings, under Account, then retry.")
        return self._sessions.upload(line, login, content, attachment.content_type)


def _ratio(width: int | None, height: int | None) -> dict[str, int | None]:
    return {"width": width, "height": height}


def _as_mp4(content: bytes) -> bytes:
    """Return an MP4 whose brand says so; the brand stands after the size and the name of the first box."""
    return content[:8] + b"mp42" + content[12:] if content[8:12] in _APPLES else content
