"""Video uploads to LinkedIn: initialize, send the requested parts, finalize, then poll until LinkedIn has processed it.

The parts are sent without the member's token (doc: Videos API), and only to addresses that LinkedIn owns. A token with
w_member_social may lack the permission to read the state of a video. The post then follows at once, and LinkedIn shows
the video when it is ready.
"""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote

from core.media.content import Content, Section
from core.publishing.attachments import Attachment
from core.publishing.http.body import Body
from core.publishing.http.client import HttpClient, Response
from core.publishing.network import PreparationFailed
from core.publishing.networks.linkedin.images import check_address, without_message
from core.publishing.result_classifier import ResultClassifier
from core.publishing.sent_parts import SentParts
from core.publishing.uploads import VideoUpload, require_accepted

MAX_VIDEO_BYTES, MIN_VIDEO_BYTES = 500_000_000, 75_000
"""LinkedIn accepts 75 KB to 500 MB, and 3 seconds to 30 minutes (doc: Videos API)."""
PAUSE_SECONDS = 2.0
"""The pause before each poll. LinkedIn recommends none."""
FORBIDDEN, NOT_FOUND = 403, 404
_VIDEO_URN = re.compile(r"urn:li:video:[\w-]+")


@dataclass(frozen=True, kw_only=True)
class _Part:
    """A range of bytes, including `last`, that LinkedIn requests, and the upload address for it."""

    first: int
    last: int
    address: str


@dataclass(frozen=True, kw_only=True)
class _Instructions:
    """LinkedIn's answer to the request for an upload."""

    urn: str
    token: str
    parts: Sequence[_Part]


class LinkedInVideoUpload(VideoUpload):
    """The upload of one video for one member. The ID of a video is a URN."""

    EXPIRED_STATUSES = (NOT_FOUND,)
    FAILED_STATE = "PROCESSING_FAILED"
    FAILED_HINT = "It accepts MP4 of 3 seconds to 30 minutes."

    def __init__(
        self,
        client: HttpClient,
        owner: str | None,
        headers: Mapping[str, str],
        classifier: ResultClassifier,
        sent_parts: SentParts,
        *,
        api: str,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(client, classifier, sent_parts, sleep)
        self._owner = owner
        self._headers = headers
        self._api = api

    def _send(self, video: Attachment) -> Response:
        upload = self._sent_parts.current or self._sent_parts.begin(self._initialize(video))
        asked: _Instructions = upload.upload
        for index, part in enumerate(asked.parts):
            if index not in upload.sent:
                content = Section(video.content, part.first, part.last + 1)
                upload.sent[index] = self._send_part(content, part.address)
        tags = [upload.sent[index] for index in range(len(asked.parts))]
        finalization = {"video": asked.urn, "uploadToken": asked.token, "uploadedPartIds": tags}
        require_accepted(self._call("finalizeUpload", finalization), self._classifier)
        self._video_id = asked.urn
        return self._poll()

    def _initialize(self, video: Attachment) -> _Instructions:
        """Ask for the upload of a video. Raises RequestError or PreparationFailed."""
        size = {"fileSizeBytes": len(video.content), "uploadCaptions": False, "uploadThumbnail": False}
        response = require_accepted(self._call("initializeUpload", {"owner": self._owner, **size}), self._classifier)
        urn, parts = str(response.json_value("value", "video")), _parts(response, len(video.content))
        if parts is None or not _VIDEO_URN.fullmatch(urn):
            raise PreparationFailed(self._classifier.from_incomplete())
        for part in parts:
            check_address(part.address, self._api, "video")
        return _Instructions(urn=urn, token=str(response.json_value("value", "uploadToken") or ""), parts=parts)

    def _call(self, action: str, content: Mapping[str, object]) -> Response:
        url, request = f"{self._api}/rest/videos", {f"{action}Request": content}
        return self._client.post_json(url, request, params={"action": action}, headers=self._headers)

    def _send_part(self, content: Content, address: str) -> str:
        """Send one part and return its ETag, which confirms it. Raises RequestError or PreparationFailed."""
        headers = {"Content-Type": "application/octet-stream"}
        response = self._client.send("PUT", address, body=Body(content), headers=headers)
        tag = require_accepted(without_message(response, "video"), self._classifier).headers.get("ETag", "").strip('"')
        if not tag:
            raise PreparationFailed(self._classifier.from_incomplete())
        return tag

    def _poll(self) -> Response:
        return self._client.get(f"{self._api}/rest/videos/{quote(self._video_id, safe='')}", headers=self._headers)

    def _state(self, response: Response) -> str | None:
        state = response.json_value("status") if response.ok else None
        return state if isinstance(state, str) else None

    def _pause(self, response: Response) -> float | None:
        return PAUSE_SECONDS if self._state(response) in ("WAITING_UPLOAD", "PROCESSING") else None

    def _is_ready(self, response: Response) -> bool:
        """Return whether the video is available, or the token lacks the permission to read its state."""
        return response.status == FORBIDDEN or self._state(response) == "AVAILABLE"

    def _failure_reason(self, response: Response) -> str | None:
        reason = response.json_value("processingFailureReason")
        return str(reason) if reason else None


def _parts(response: Response, size: int) -> list[_Part] | None:
    """Return the parts that LinkedIn requests, or None if they do not cover the whole video exactly once, in order."""
    instructions = response.json_value("value", "uploadInstructions")
    parts, next_byte = [], 0
    for each in instructions if isinstance(instructions, list) else []:
        part = each if isinstance(each, dict) else {}
        first, last, address = part.get("firstByte"), part.get("lastByte"), part.get("uploadUrl")
        if first != next_byte or type(last) is not int or last < next_byte or not isinstance(address, str):
            return None
        parts.append(_Part(first=next_byte, last=last, address=address))
        next_byte = last + 1
    return parts if next_byte == size else None
