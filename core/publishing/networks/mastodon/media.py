"""Uploads of pictures and videos to Mastodon, which precede the status that shows them."""

import re
import time
from collections.abc import Callable
from functools import partial

from core.publishing.attachments import Attachment
from core.publishing.http.client import RequestError, Response
from core.publishing.network import PreparationFailed, Publication, RetryLater
from core.publishing.networks.mastodon.api import MastodonClient
from core.publishing.result_classifier import ResultClassifier
from core.publishing.upload_memory import UploadMemory
from core.publishing.uploads import require_accepted

PROCESSING_STATUSES = (202, 206)
"""Statuses of a response while Mastodon is processing a picture or video."""
EXPIRED_STATUSES = (404, 410)
"""Statuses of a response for an upload that Mastodon no longer has. It keeps one that no status shows for a day."""
PAUSE_SECONDS = 1.0
"""The pause before each poll."""
_MEDIA_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class MastodonUploads:
    """The uploads of one post. An upload publishes nothing, so a failure leaves no doubt about the post."""

    def __init__(
        self,
        client: MastodonClient,
        classifier: ResultClassifier,
        memory: UploadMemory,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._memory = memory
        self._client = client
        self._classifier = classifier
        self._sleep = sleep

    def run(self, publication: Publication) -> list[str]:
        """Return the IDs of the media in their order. Raises PreparationFailed.

        If an earlier attempt has uploaded the video, it is sent again only if the server no longer has it.
        """

        def send(each: Attachment) -> str:
            upload, patience = partial(self._upload, each), self._client.seconds_left
            if each is publication.video:
                return self._memory.once_video(publication, each, upload, patience=patience)
            return self._memory.once(publication, each, upload, patience=patience)

        try:
            return [send(each) for each in publication.media]
        except RequestError as error:
            raise PreparationFailed(self._classifier.from_error(error)) from None

    def _upload(
        self,
        attachment: Attachment,
        previous_id: str | None = None,
        on_sent: Callable[[str], None] = lambda media_id: None,
    ) -> str:
        response = self._client.media(previous_id) if previous_id else None
        if response is None or response.status in EXPIRED_STATUSES:
            previous_id, response = None, self._client.upload_media(attachment)
        media_id = previous_id or str(response.json_object.get("id", ""))
        if response.status in PROCESSING_STATUSES and _MEDIA_ID.fullmatch(media_id):
            on_sent(media_id)
        response = require_accepted(self._wait_until_processed(response, media_id), self._classifier)
        if not _MEDIA_ID.fullmatch(media_id):
            raise PreparationFailed(self._classifier.from_incomplete())
        return media_id

    def _wait_until_processed(self, response: Response, media_id: str) -> Response:
        """Poll until Mastodon has processed an upload, and return the last response.

        Raises RequestError, and PreparationFailed with the ID of the upload if the deadline comes first.
        """
        while response.status in PROCESSING_STATUSES and _MEDIA_ID.fullmatch(media_id):
            if self._client.seconds_left <= PAUSE_SECONDS:
                reason = f"{self._classifier.name} is still processing the video."
                raise PreparationFailed(RetryLater(reason=reason, upload_id=media_id))
            self._sleep(PAUSE_SECONDS)
            response = self._client.media(media_id)
        return response
