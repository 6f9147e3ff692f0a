"""Pictures on X: uploaded first, each given its description, then named by the post (doc: X API v2, 2.168)."""

import re
from collections.abc import Sequence

from core.media.pictures import PictureLimits
from core.publishing.attachments import Attachment
from core.publishing.http.client import Answer, Fault, Line, Signature
from core.publishing.http.multipart import post_form
from core.publishing.network import Unprepared
from core.publishing.outcomes import Sorting, do_it_again
from core.time.instants import Clock

LIMITS = PictureLimits(count=4, max_bytes=5_000_000, total_bytes=8_000_000, alt=1000)
"""Of X (doc: its OpenAPI, AltText: 1,000 characters); together what can be uploaded in time."""
_NUMBER = re.compile(r"\d{1,19}")


class XPictureUploads:
    """Uploads pictures; nothing that goes wrong with one leaves a doubt whether the post is out."""

    def __init__(self, name: str, clock: Clock, *, api: str) -> None:
        self._sorting = Sorting(name=name, clock=clock, unclear=do_it_again)
        self._api = api

    def upload(self, line: Line, sign: Signature, media: Sequence[Attachment]) -> list[str]:
        """Return the ids by which a post names its pictures, in their order. Raises Unprepared."""
        return [self._uploaded(line, sign, attachment) for attachment in media]

    def _uploaded(self, line: Line, sign: Signature, attachment: Attachment) -> str:
        fields = {"media_category": "tweet_image"}
        try:
            answer = post_form(line, f"{self._api}/2/media/upload", fields, {"media": attachment}, sign=sign)
            number = str(answer.member("data", "id"))
            if answer.ok and not _NUMBER.fullmatch(number):
                raise Unprepared(self._sorting.odd())
            if answer.ok and attachment.alt:
                answer = self._described(line, sign, number, attachment.alt)
        except Fault as fault:
            raise Unprepared(self._sorting.fault(fault)) from None
        if not answer.ok:
            raise Unprepared(self._sorting.answer(answer))
        return number

    def _described(self, line: Line, sign: Signature, number: str, alt: str) -> Answer:
        content = {"id": number, "metadata": {"alt_text": {"text": alt}}}
        return line.post(f"{self._api}/2/media/metadata", content, sign=sign)
