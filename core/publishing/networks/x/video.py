"""Video uploads to X: initialize, append segments, finalize, then poll until X has processed it (doc: X API v2).

X accepts descriptions of pictures and GIFs only (doc: POST media/metadata/create), so the description of a video is
not sent. The longest video depends on the account's subscription; X names that limit when it refuses the post (doc:
Best practices).
"""

import time
from collections.abc import Callable
from dataclasses import replace

from core.media.content import Section
from core.publishing.attachments import Attachment
from core.publishing.http.client import HttpClient, RequestSigner, Response
from core.publishing.network import PreparationFailed
from core.publishing.networks.x.pictures import MEDIA_ID
from core.publishing.result_classifier import ResultClassifier
from core.publishing.sent_parts import SentParts
from core.publishing.uploads import VideoUpload, require_accepted

MAX_VIDEO_BYTES = 8_000_000_000
"""X accepts 8 GB, and 16 GB of an account with Premium (doc: Best practices)."""
SEGMENT_BYTES = 4_000_000
"""X accepts at most 5 MB a segment (doc: POST media/upload, APPEND)."""
MIN_PAUSE_SECONDS, MAX_PAUSE_SECONDS = 1.0, 3600.0
"""Bounds of the pause before a poll, which X sets. If X sets none, the lower bound applies."""


class XVideoUpload(VideoUpload):
    """The upload of one video, or of one animated GIF, with requests signed for one account."""

    EXPIRED_STATUSES = (400, 404, 410)
    """X normally keeps an upload for a day."""
    FAILED_STATE = "failed"
    FAILED_HINT = "Save it again as MP4 with H.264 and AAC, and attach that."
    NETWORK_SETS_PAUSE = True

    def __init__(
        self,
        client: HttpClient,
        sign: RequestSigner,
        classifier: ResultClassifier,
        sent_parts: SentParts,
        *,
        api: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, classifier, sent_parts, sleep)
        self._sign = sign
        self._url = f"{api}/2/media/upload"

    def _send(self, video: Attachment) -> Response:
        upload = self._sent_parts.current or self._sent_parts.begin(self._initialize(video))
        media_id: str = upload.upload
        for index, start in enumerate(range(0, len(video.content), SEGMENT_BYTES)):
            if index not in upload.sent:
                segment = replace(video, content=Section(video.content, start, start + SEGMENT_BYTES))
                self._append(media_id, index, segment)
                upload.sent[index] = ""
        response = self._client.send("POST", f"{self._url}/{media_id}/finalize", sign=self._sign)
        self._video_id = media_id
        return require_accepted(response, self._classifier)

    def _initialize(self, video: Attachment) -> str:
        content = {
            "media_type": video.content_type,
            "media_category": "tweet_gif" if video.content_type == "image/gif" else "tweet_video",
            "total_bytes": len(video.content),
        }
        response = self._client.post_json(f"{self._url}/initialize", content, sign=self._sign)
        media_id = str(response.json_value("data", "id"))
        if not response.ok or not MEDIA_ID.fullmatch(media_id):
            raise PreparationFailed(self._failed_result(response))
        return media_id

    def _append(self, media_id: str, index: int, segment: Attachment) -> None:
        url, fields = f"{self._url}/{media_id}/append", {"segment_index": str(index)}
        require_accepted(
            self._client.post_form(url, fields, {"media": segment.file}, sign=self._sign), self._classifier
        )

    def _poll(self) -> Response:
        return self._client.get(self._url, params={"command": "STATUS", "media_id": self._video_id}, sign=self._sign)

    def _state(self, response: Response) -> str | None:
        """Return pending, in_progress, succeeded or failed; None if X names no state."""
        state = response.json_value("data", "processing_info", "state")
        return state if isinstance(state, str) else None

    def _pause(self, response: Response) -> float | None:
        if not response.ok or self._state(response) in (None, "succeeded", self.FAILED_STATE):
            return None
        seconds = response.json_value("data", "processing_info", "check_after_secs")
        if type(seconds) not in (int, float):
            return MIN_PAUSE_SECONDS
        return min(max(float(seconds), MIN_PAUSE_SECONDS), MAX_PAUSE_SECONDS)

    def _is_ready(self, response: Response) -> bool:
        """Return whether X has the video and has processed it. Small videos need no processing (doc: FINALIZE)."""
        known = response.ok and response.json_value("data", "id") == self._video_id
        return known and self._state(response) in (None, "succeeded")

    def _failure_reason(self, response: Response) -> str | None:
        error = response.json_value("data", "processing_info", "error")
        members = error if isinstance(error, dict) else {}
        reason = members.get("message") or members.get("name")
        return str(reason) if reason else None
