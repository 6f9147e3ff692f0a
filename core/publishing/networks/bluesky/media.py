"""Pictures and videos on Bluesky: their limits, and the uploads that precede the record that shows them.

Bluesky documents two ways to upload a video (doc: Uploading Video). In the first, its video service accepts the file,
processes it without a time limit, and stores it on the account's server. In the second, the client uploads the file to
that server, like a picture, and the service finds it through the post. Punctual uses the second way: it works with
every server, even with one that the service cannot reach; it ends within a deadline; and a repeated upload changes
nothing. Its cost: for some seconds the app shows the post without the video.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from core.errors import PunctualError
from core.media.content import Content, Section
from core.media.pictures import PictureLimits
from core.media.videos import display_size
from core.publishing.attachments import Attachment, CannotAttach, MediaLimits
from core.publishing.http.body import Body
from core.publishing.http.client import RequestError, Response
from core.publishing.link_cards.attached_card import AttachedCard
from core.publishing.network import Publication
from core.publishing.networks.bluesky.pds import LoginRefused, PdsClient
from core.publishing.result_classifier import RECONNECT
from core.publishing.upload_memory import UploadMemory

MEDIA_LIMITS = MediaLimits(
    pictures=PictureLimits(count=4, max_bytes=2_000_000, total_bytes=6_000_000, max_side=2000, alt=3000),
    max_video_bytes=300_000_000,
)
"""Limits of app.bsky.embed.images, as a server enforced them, and of app.bsky.embed.video (lexicon of @atproto/pds
0.5.35). `total_bytes` keeps the time for an upload short (transfer_time)."""
CARD_PICTURE = PictureLimits(count=1, max_bytes=1_000_000, max_side=2000)
"""The limits of a link card's picture (app.bsky.embed.external)."""
_M4V_BRANDS = (b"M4V ", b"M4VH")
"""Brands of MP4 files that servers treat as video/x-m4v, which app.bsky.embed.video does not accept (tested)."""


def read_limits(server: Response) -> dict[str, int]:
    """Return the limits that an account's server names (com.atproto.server.describeServer)."""
    limit = server.json_object.get("blobUploadLimit")
    return {"video_bytes": limit} if type(limit) is int and limit > 0 else {}


def media_limits(limits: Mapping[str, int]) -> MediaLimits:
    """Return the limits of an account. Many servers accept at most 5 MiB a file."""
    max_bytes = MEDIA_LIMITS.max_video_bytes
    return replace(MEDIA_LIMITS, max_video_bytes=min(max_bytes, limits.get("video_bytes", max_bytes)))


class UploadFailed(PunctualError):
    """An upload failed, but may succeed later."""

    hint = "Punctual tries again."

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"A {kind} was not uploaded: {reason}")


class BlueskyUploads:
    """The uploads of one post. The upload of a file that the server already has changes nothing.

    `official` is True if the client logs in at Bluesky itself, not at an independent server.
    """

    def __init__(self, name: str, client: PdsClient, memory: UploadMemory, *, official: bool) -> None:
        self._memory = memory
        self._name = name
        self._client = client
        self._official = official

    def embed(self, publication: Publication) -> dict[str, Any]:
        """Upload the pictures, the video or the card's picture, and return the record's embed.

        Raises CannotAttach if the server rejects one, UploadFailed if an upload may succeed later.
        """
        if publication.video:
            return self._video(publication, publication.video)
        if publication.card is not None and not publication.media:
            return self._external(publication, publication.card)
        images = [self._image(publication, picture) for picture in publication.media]
        return {"$type": "app.bsky.embed.images", "images": images}

    def _external(self, publication: Publication, card: AttachedCard) -> dict[str, Any]:
        external: dict[str, Any] = {"uri": card.url, "title": card.title, "description": card.description}
        if card.picture is not None:
            external["thumb"] = self._once(publication, card.picture, Body(card.picture.content))
        return {"$type": "app.bsky.embed.external", "external": external}

    def _image(self, publication: Publication, picture: Attachment) -> dict[str, Any]:
        blob = self._once(publication, picture, Body(picture.content))
        return {"alt": picture.alt, "image": blob, "aspectRatio": _aspect_ratio(picture.width, picture.height)}

    def _video(self, publication: Publication, video: Attachment) -> dict[str, Any]:
        body, size = _with_mp4_brand(video.content), display_size(video.content)
        blob = self._once(publication, video, body)
        embed = {"$type": "app.bsky.embed.video", "alt": video.alt, "video": blob}
        return {**embed, "aspectRatio": _aspect_ratio(*size)} if size else embed

    def _once(self, publication: Publication, attachment: Attachment, body: Body) -> dict[str, Any]:
        upload, patience = partial(self._upload, attachment, body), self._client.seconds_left
        return self._memory.once(publication, attachment, upload, patience=patience)

    def _upload(self, attachment: Attachment, body: Body) -> dict[str, Any]:
        kind = attachment.media.kind
        try:
            if kind == "video":
                self._check_email()
            response = self._client.upload_blob(body, attachment.content_type)
        except LoginRefused as error:
            response = error.response
        except RequestError as error:
            raise UploadFailed(kind, str(error)) from None
        blob = response.json_object.get("blob")
        if response.ok and isinstance(blob, dict):
            return blob
        reason = f"{self._name} answered {response.status} to a {kind}: {response.message.rstrip('.')}."
        if response.ok or response.status in (408, 425, 429) or response.status >= 500:
            raise UploadFailed(kind, reason)
        hints = {401: RECONNECT, 413: "Attach a smaller one, then retry."}
        raise CannotAttach(reason, hints.get(response.status, "Attach another one, then retry."))

    def _check_email(self) -> None:
        """Raise CannotAttach if Bluesky would accept the video but never show it (doc), or an error of `log_in`."""
        if self._official and not self._client.has_confirmed_email():
            reason = "Bluesky shows videos only from accounts with a confirmed email address."
            raise CannotAttach(reason, "Confirm it in Bluesky's settings, under Account, then retry.")


def _aspect_ratio(width: int | None, height: int | None) -> dict[str, int | None]:
    return {"width": width, "height": height}


def _with_mp4_brand(content: Content) -> Body:
    """Return the video with a brand that servers recognise as MP4. The brand is bytes 8 to 11, in the first box."""
    if content[8:12] not in _M4V_BRANDS:
        return Body(content)
    return Body(content[:8] + b"mp42", Section(content, 12, len(content)))
