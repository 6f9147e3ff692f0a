"""A video on LinkedIn: announced, sent in the parts that LinkedIn asks for, finished, then shown by the post.

The parts go out without the member's token, as LinkedIn has it (doc: Videos API), and to its own addresses only.
Tokens with w_member_social need not be allowed to ask how far LinkedIn is with a video. One that may waits until it is
done; for one that may not the post follows at once, and shows the video when LinkedIn is done with it.
"""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from urllib.parse import quote

from core.publishing.attachments import Attachment
from core.publishing.http.client import Answer, Fault, Line
from core.publishing.network import Later, Refused, Result, Unprepared
from core.publishing.networks.linkedin.images import is_linkedins
from core.publishing.outcomes import Sorting

VIDEO_BYTES, LEAST_VIDEO_BYTES = 10_000_000, 75_000
"""What can be uploaded in time; LinkedIn takes 75 KB to 500 MB, and 3 seconds to 30 minutes (doc: Videos API)."""
PAUSE_SECONDS = 2.0
"""Between two looks; LinkedIn names no time."""
MAY_NOT_ASK, FORGOTTEN = 403, 404
_VIDEO = re.compile(r"urn:li:video:[\w-]+")


@dataclass(frozen=True, kw_only=True)
class _Part:
    """From which byte to which LinkedIn wants at an address, the last one included."""

    first: int
    last: int
    address: str


class LinkedInVideoUpload:
    """Uploads videos; `sorting` is that of requests which leave no doubt whether the post is out: it is not."""

    def __init__(self, sorting: Sorting, *, api: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sorting = sorting
        self._api = api
        self._sleep = sleep

    def upload(
        self, line: Line, owner: str | None, headers: Mapping[str, str], video: Attachment, begun: str | None
    ) -> str:
        """Return the URN by which a post names a video. Raises Unprepared.

        `begun` is the URN under which an earlier attempt sent it; it is sent again only if LinkedIn has forgotten it.
        """
        urn = begun or ""
        try:
            answer = self._status(line, headers, urn) if urn else None
            if answer is None or answer.status == FORGOTTEN:
                urn = ""
                urn = self._sent(line, owner, headers, video)
                answer = self._status(line, headers, urn)
            while _is_working(answer):
                if line.left <= PAUSE_SECONDS:
                    raise Unprepared(Later(reason="LinkedIn is still processing the video.", upload=urn))
                self._sleep(PAUSE_SECONDS)
                answer = self._status(line, headers, urn)
        except Fault as fault:
            result = self._sorting.fault(fault)
        else:
            if answer.status == MAY_NOT_ASK or _state(answer) == "AVAILABLE":
                return urn
            result = self._turned_down(line, answer)
        raise Unprepared(replace(result, upload=urn or None) if isinstance(result, Later) else result)

    def _sent(self, line: Line, owner: str | None, headers: Mapping[str, str], video: Attachment) -> str:
        """Send a video and return its URN. Raises Fault, or Unprepared."""
        size = {"fileSizeBytes": len(video.content), "uploadCaptions": False, "uploadThumbnail": False}
        answer = self._act("initializeUpload", line, headers, {"owner": owner, **size})
        if not answer.ok:
            raise Unprepared(self._sorting.answer(answer))
        urn, parts = str(answer.member("value", "video")), _parts(answer, len(video.content))
        if parts is None or not _VIDEO.fullmatch(urn):
            raise Unprepared(self._sorting.odd())
        if not all(is_linkedins(part.address, self._api) for part in parts):
            reason = "LinkedIn wants the video at an address that is not its own. Nothing was sent."
            raise Unprepared(Refused(reason=reason))
        tags = [self._part(line, video.content[part.first : part.last + 1], part.address) for part in parts]
        token = str(answer.member("value", "uploadToken") or "")
        finished = {"video": urn, "uploadToken": token, "uploadedPartIds": tags}
        answer = self._act("finalizeUpload", line, headers, finished)
        if not answer.ok:
            raise Unprepared(self._sorting.answer(answer))
        return urn

    def _act(self, action: str, line: Line, headers: Mapping[str, str], content: Mapping[str, object]) -> Answer:
        request = {f"{action}Request": content}
        return line.post(f"{self._api}/rest/videos", request, params={"action": action}, headers=headers)

    def _part(self, line: Line, content: bytes, address: str) -> str:
        """Send a part and return the tag by which LinkedIn knows it. Raises Fault, or Unprepared."""
        answer = line.send("PUT", address, body=content, headers={"Content-Type": "application/octet-stream"})
        if not answer.ok:  # its own words might repeat the address, with which anybody could upload
            raise Unprepared(self._sorting.answer(replace(answer, words="the video was not taken")))
        tag = answer.headers.get("ETag", "").strip('"')
        if not tag:
            raise Unprepared(self._sorting.odd())
        return tag

    def _status(self, line: Line, headers: Mapping[str, str], urn: str) -> Answer:
        return line.get(f"{self._api}/rest/videos/{quote(urn, safe='')}", headers=headers)

    def _turned_down(self, line: Line, answer: Answer) -> Result:
        if not answer.ok:
            return self._sorting.answer(answer)
        if _state(answer) != "PROCESSING_FAILED":
            return self._sorting.odd()
        why = line.plain(str(answer.member("processingFailureReason") or "it does not say why")).rstrip(".")
        hint = "It takes MP4 of 3 seconds to 30 minutes."
        return Refused(reason=f"LinkedIn could not process the video: {why}. {hint}")


def _state(answer: Answer) -> str | None:
    """Return how far LinkedIn is with a video; None where it does not say."""
    state = answer.member("status") if answer.ok else None
    return state if isinstance(state, str) else None


def _is_working(answer: Answer) -> bool:
    return _state(answer) in ("WAITING_UPLOAD", "PROCESSING")


def _parts(answer: Answer, size: int) -> list[_Part] | None:
    """Return the parts that LinkedIn asks for; None where they are not the whole video, byte after byte."""
    told = answer.member("value", "uploadInstructions")
    parts, next_byte = [], 0
    for each in told if isinstance(told, list) else []:
        part = each if isinstance(each, dict) else {}
        first, last, address = part.get("firstByte"), part.get("lastByte"), part.get("uploadUrl")
        if first != next_byte or type(last) is not int or last < next_byte or not isinstance(address, str):
            return None
        parts.append(_Part(first=next_byte, last=last, address=address))
        next_byte = last + 1
    return parts if next_byte == size else None
