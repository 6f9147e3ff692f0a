"""Uploads of pictures and videos to Mastodon, which precede the status that shows them."""

import re
import time
from collections.abc import Callable, Sequence

from core.publishing.attachments import Attachment
from core.publishing.http.client import RequestError, Response
from core.publishing.network import PreparationFailed
from core.publishing.networks.mastodon.api import MastodonClient
from core.publishing.outcomes import ResultClassifier
from core.publishing.uploads import require_accepted

PROCESSING_STATUSES = (202, 206)
"""Statuses of a response while Mastodon is processing a picture or video."""
PAUSE_SECONDS = 1.0
"""The pause before each poll."""
_MEDIA_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")


class MastodonUploads:
    """The uploads of one post. An upload publishes nothing, so a failure leaves no doubt about the post."""

    def __init__(
        self, client: MastodonClient, classifier: ResultClassifier, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._client = client
        self._classifier = classifier
        self._sleep = sleep

    def run(self, media: Sequence[Attachment]) -> list[str]:
        """Return the IDs of the media in their order. Raises PreparationFailed."""
        try:
            return [self._upload(attachment) for attachment in media]
        except RequestError as error:
            raise PreparationFailed(self._classifier.from_error(error)) from None

    def _upload(self, attachment: Attachment) -> str:
        response = require_accepted(self._wait_until_processed(self._client.upload_media(attachment)), self._classifier)
        if response.status in PROCESSING_STATUSES or "id" not in response.json_object:
            raise PreparationFailed(self._classifier.from_incomplete())
        return str(response.json_object["id"])

    def _wait_until_processed(self, response: Response) -> Response:
        """Poll until Mastodon has processed an upload, and return the last response.

        Raises RequestError, also when the deadline has passed.
        """
        media_id = str(response.json_object.get("id", ""))
        while response.status in PROCESSING_STATUSES and _MEDIA_ID.fullmatch(media_id):
            self._sleep(PAUSE_SECONDS)
            response = self._client.media(media_id)
        return response
