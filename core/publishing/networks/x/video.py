"""A video on X: announced, sent in segments, finished, and waited for until X is done with it (doc: X API v2).

X takes descriptions of pictures and GIFs only (doc: POST media/metadata/create), so a video's is not sent. How long a
video may be depends on what the account pays; X says so when it refuses the post (doc: Best practices).
"""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from core.publishing.attachments import Attachment
from core.publishing.http.client import Answer, Fault, Line, Signature
from core.publishing.http.multipart import post_form
from core.publishing.network import Later, Refused, Result, Unprepared
from core.publishing.outcomes import Sorting, do_it_again
from core.time.instants import Clock

VIDEO_BYTES = 10_000_000
"""What can be uploaded in time; X takes 8 GB (doc: Best practices)."""
SEGMENT_BYTES = 4_000_000
"""At most 5 MB (doc: POST media/upload, APPEND)."""
PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 3600.0
"""The least between two looks, where X does not name a time; and the most that X's is believed."""
FORGOTTEN = (400, 404, 410)
"""What X answers about an upload that has expired: after a day, as a rule."""
_NUMBER = re.compile(r"\d{1,19}")


class XVideoUpload:
    """Uploads videos; nothing that goes wrong with one leaves a doubt whether the post is out."""

    def __init__(self, name: str, clock: Clock, *, api: str, sleep: Callable[[float], None] = time.sleep) -> None:
        self._sorting = Sorting(name=name, clock=clock, unclear=do_it_again)
        self._api = f"{api}/2/media/upload"
        self._sleep = sleep

    def upload(self, line: Line, sign: Signature, video: Attachment, begun: str | None) -> str:
        """Return the id by which a post names a video that X is done with. Raises Unprepared.

        `begun` is the id under which an earlier attempt sent the video; it is sent again only if X has forgotten it.
        """
        number = begun or ""
        try:
            answer = self._status(line, sign, number) if number else None
            if answer is None or answer.status in FORGOTTEN:
                number = ""
                number, answer = self._sent(line, sign, video)
            while number and (pause := _pause(answer)) is not None:
                if pause >= line.left:
                    raise Unprepared(self._later(timedelta(seconds=pause), number))
                self._sleep(pause)
                answer = self._status(line, sign, number)
        except Fault as fault:
            result = self._sorting.fault(fault)
        else:
            if _is_done(answer, number):
                return number
            result = self._turned_down(line, answer)
        raise Unprepared(replace(result, upload=number or None) if isinstance(result, Later) else result)

    def _sent(self, line: Line, sign: Signature, video: Attachment) -> tuple[str, Answer]:
        """Send a video, and return its id and what X says of it; no id where X turned it down on the way. Raises Fault.

        A segment is the same file with less in it.
        """
        announced = {
            "media_type": video.content_type,
            "media_category": "tweet_video",
            "total_bytes": len(video.content),
        }
        answer = line.post(f"{self._api}/initialize", announced, sign=sign)
        number = str(answer.member("data", "id"))
        if not answer.ok or not _NUMBER.fullmatch(number):
            return "", answer
        for index, start in enumerate(range(0, len(video.content), SEGMENT_BYTES)):
            segment = replace(video, content=video.content[start : start + SEGMENT_BYTES])
            place = {"segment_index": str(index)}
            answer = post_form(line, f"{self._api}/{number}/append", place, {"media": segment}, sign=sign)
            if not answer.ok:
                return "", answer
        answer = line.send("POST", f"{self._api}/{number}/finalize", sign=sign)
        return (number if answer.ok else ""), answer

    def _status(self, line: Line, sign: Signature, number: str) -> Answer:
        return line.get(self._api, params={"command": "STATUS", "media_id": number}, sign=sign)

    def _later(self, pause: timedelta, number: str) -> Later:
        return Later(reason=f"{self._sorting.name} is still processing the video.", retry_after=pause, upload=number)

    def _turned_down(self, line: Line, answer: Answer) -> Result:
        if not answer.ok:
            return self._sorting.answer(answer)
        if _state(answer) != "failed":
            return self._sorting.odd()
        error = answer.member("data", "processing_info", "error")
        told = error if isinstance(error, dict) else {}
        why = line.plain(str(told.get("message") or told.get("name") or "it does not say why")).rstrip(".")
        hint = "Save it anew as MP4 with H.264 and AAC, and attach that."
        return Refused(reason=f"{self._sorting.name} could not process the video: {why}. {hint}")


def _state(answer: Answer) -> str | None:
    """Return how far X is with a video: pending, in_progress, failed, succeeded; None where it does not say."""
    state = answer.member("data", "processing_info", "state")
    return state if isinstance(state, str) else None


def _pause(answer: Answer) -> float | None:
    """Return how many seconds X wants to be left alone; None where there is nothing to be waited for."""
    if not answer.ok or _state(answer) in (None, "succeeded", "failed"):
        return None
    told = answer.member("data", "processing_info", "check_after_secs")
    return min(max(float(told), PAUSE_SECONDS), LONGEST_PAUSE_SECONDS) if type(told) in (int, float) else PAUSE_SECONDS


def _is_done(answer: Answer, number: str) -> bool:
    """Whether a post may name the video: also where X says nothing of processing (doc: FINALIZE)."""
    known = number != "" and answer.member("data", "id") == number
    return answer.ok and known and _state(answer) in (None, "succeeded")
