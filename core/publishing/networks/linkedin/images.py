"""Picture uploads to LinkedIn: initialize each upload, send the picture to the returned address, show it in the post.

The processing state of a picture cannot be read without a permission beyond w_member_social (doc: Images API). So the
post follows at once, and LinkedIn shows the picture when it is ready.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from core.media.pictures import PictureLimits
from core.publishing.attachments import Attachment
from core.publishing.http.body import Body
from core.publishing.http.client import HttpClient, RequestError, Response
from core.publishing.network import PreparationFailed, Publication, Refused
from core.publishing.result_classifier import ResultClassifier
from core.publishing.upload_memory import UploadMemory
from core.publishing.uploads import require_accepted

PICTURE_LIMITS = PictureLimits(count=20, max_bytes=5_000_000, total_bytes=8_000_000, alt=4086)
"""`count` and `alt` are LinkedIn's limits (doc: MultiImage API). The byte limits keep the time for an upload short
(transfer_time): LinkedIn limits the pixels to 36,152,320 (doc: Images API) and names no byte limit."""
CARD_PICTURE = PictureLimits(count=1, max_bytes=5_000_000)
"""The limits of a link card's picture, which is uploaded like any other (doc: Posts API, article)."""
_IMAGE_URN = re.compile(r"urn:li:image:[\w-]+")
_LINKEDIN_URL = re.compile(r"https://([A-Za-z0-9-]+\.)*linkedin\.com/\S*")
"""Before the path it matches host name characters only, so every URL parser finds the same host."""


class LinkedInImageUploads:
    """The picture uploads of one post. An upload publishes nothing, so a failure leaves no doubt about the post."""

    def __init__(
        self,
        client: HttpClient,
        owner: str | None,
        headers: Mapping[str, str],
        classifier: ResultClassifier,
        *,
        api: str,
        memory: UploadMemory,
    ) -> None:
        self._memory = memory
        self._client = client
        self._owner = owner
        self._headers = headers
        self._classifier = classifier
        self._api = api

    def run(self, publication: Publication) -> dict[str, Any]:
        """Upload the pictures, or the card's picture, and return the `content` of a post that shows them.

        Raises PreparationFailed.

        They follow each other: side by side, none might end on a slow line, and the next attempt would begin anew.
        """

        def send(picture: Attachment) -> dict[str, str]:
            patience = self._client.seconds_left
            return self._memory.once(publication, picture, partial(self._upload, picture), patience=patience)

        if publication.card is not None and not publication.media:
            card = publication.card
            article = {"source": card.url, "title": card.title}
            article |= {"description": card.description} if card.description else {}
            article |= {"thumbnail": send(card.picture)["id"]} if card.picture else {}
            return {"article": article}
        images = [send(picture) for picture in publication.media]
        return {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}

    def _upload(self, picture: Attachment) -> dict[str, str]:
        try:
            address, urn = self._initialize()
            headers = {**self._headers, "Content-Type": "application/octet-stream"}
            response = self._client.send("PUT", address, body=Body(picture.content), headers=headers)
        except RequestError as error:
            raise PreparationFailed(self._classifier.from_error(error)) from None
        require_accepted(without_message(response, "picture"), self._classifier)
        return {"id": urn, **({"altText": picture.alt} if picture.alt else {})}

    def _initialize(self) -> tuple[str, str]:
        """Return the upload address and the URN of a new picture. Raises RequestError or PreparationFailed."""
        content, params = {"initializeUploadRequest": {"owner": self._owner}}, {"action": "initializeUpload"}
        response = self._client.post_json(f"{self._api}/rest/images", content, params=params, headers=self._headers)
        require_accepted(response, self._classifier)
        address, urn = response.json_value("value", "uploadUrl"), str(response.json_value("value", "image"))
        if not isinstance(address, str) or not _IMAGE_URN.fullmatch(urn):
            raise PreparationFailed(self._classifier.from_incomplete())
        check_address(address, self._api, "picture")
        return address, urn


def check_address(address: str, api: str, kind: str) -> None:
    """Raise PreparationFailed unless LinkedIn owns an upload address. A picture is sent with the member's token."""
    if not address.startswith(f"{api}/") and not _LINKEDIN_URL.fullmatch(address):
        reason = f"LinkedIn returned an upload address for the {kind} that is not its own. Nothing was sent."
        raise PreparationFailed(Refused(reason=reason))


def without_message(response: Response, kind: str) -> Response:
    """Return a response without LinkedIn's message, which may contain the upload address, a secret."""
    return replace(response, message=f"it did not accept the {kind}")
