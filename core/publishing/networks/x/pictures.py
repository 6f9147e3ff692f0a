"""Picture uploads to X: upload each picture, add its description, then name it in the post (doc: X API v2, 2.168)."""

import re

from core.media.pictures import PictureLimits
from core.publishing.attachments import Attachment
from core.publishing.http.client import HttpClient, RequestError, RequestSigner
from core.publishing.network import PreparationFailed
from core.publishing.result_classifier import ResultClassifier
from core.publishing.uploads import require_accepted

PICTURE_LIMITS = PictureLimits(
    count=4, max_bytes=5_000_000, total_bytes=8_000_000, alt=1000, lone_animation_bytes=10_000_000
)
"""Limits of X (doc: its OpenAPI, AltText: 1,000 characters). X takes one animated GIF
of 15 MB and 1280 pixels (doc: Best practices). `total_bytes` and the bytes of an animation are ours: they keep the time
for an upload short (transfer_time)."""
MEDIA_ID = re.compile(r"\d{1,19}")


class XPictureUploads:
    """The picture uploads of one post. An upload publishes nothing, so a failure leaves no doubt about the post."""

    def __init__(self, client: HttpClient, sign: RequestSigner, classifier: ResultClassifier, *, api: str) -> None:
        self._client = client
        self._sign = sign
        self._classifier = classifier
        self._url = f"{api}/2/media"

    def run(self, picture: Attachment) -> str:
        """Return the ID of an uploaded picture. Raises PreparationFailed."""
        try:
            return self._upload(picture)
        except RequestError as error:
            raise PreparationFailed(self._classifier.from_error(error)) from None

    def _upload(self, picture: Attachment) -> str:
        url, fields = f"{self._url}/upload", {"media_category": "tweet_image"}
        response = self._client.post_form(url, fields, {"media": picture.file}, sign=self._sign)
        media_id = str(require_accepted(response, self._classifier).json_value("data", "id"))
        if not MEDIA_ID.fullmatch(media_id):
            raise PreparationFailed(self._classifier.from_incomplete())
        self.describe(media_id, picture)
        return media_id

    def describe(self, media_id: str, picture: Attachment) -> None:
        """Store the description of an uploaded picture or GIF. Raises PreparationFailed."""
        if not picture.alt:
            return
        content = {"id": media_id, "metadata": {"alt_text": {"text": picture.alt}}}
        try:
            response = self._client.post_json(f"{self._url}/metadata", content, sign=self._sign)
        except RequestError as error:
            raise PreparationFailed(self._classifier.from_error(error)) from None
        require_accepted(response, self._classifier)
