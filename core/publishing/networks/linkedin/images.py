"""Pictures on LinkedIn: announced, sent to the address that LinkedIn answers with, then shown by the post.

Whether LinkedIn is done with a picture cannot be asked: that takes a permission which w_member_social does not include
(doc: Images API). The post follows at once, and shows the picture when it is ready.
"""

import re
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from core.media.pictures import PictureLimits
from core.publishing.attachments import Attachment
from core.publishing.http.client import Fault, Line
from core.publishing.network import Refused, Unprepared
from core.publishing.outcomes import Sorting

LIMITS = PictureLimits(count=20, max_bytes=5_000_000, total_bytes=8_000_000, alt=4086)
"""LinkedIn's count and alt text (doc: MultiImage API); it takes 36,152,320 pixels (doc: Images API) and names no bytes:
this can be uploaded in time."""
AT_ONCE = 4
"""Uploads at the same time: twenty pictures are forty requests, which one after the other would not be done in time."""
_IMAGE = re.compile(r"urn:li:image:[\w-]+")
_ADDRESS = re.compile(r"https://([A-Za-z0-9-]+\.)*linkedin\.com/\S*")
"""Of LinkedIn and nobody else, however it is read: before the first slash is nothing but a host's name."""


class LinkedInImageUploads:
    """Uploads pictures; `sorting` is that of requests which leave no doubt whether the post is out: it is not."""

    def __init__(self, sorting: Sorting, *, api: str) -> None:
        self._sorting = sorting
        self._api = api

    def content(
        self, line: Line, owner: str | None, headers: Mapping[str, str], media: Sequence[Attachment]
    ) -> dict[str, Any]:
        """Return how a post shows these pictures, uploaded by then. Raises Unprepared."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            images = list(pool.map(lambda each: self._image(line, owner, headers, each), media))
        return {"media": images[0]} if len(images) == 1 else {"multiImage": {"images": images}}

    def _image(
        self, line: Line, owner: str | None, headers: Mapping[str, str], attachment: Attachment
    ) -> dict[str, str]:
        announced = {"initializeUploadRequest": {"owner": owner}}
        params = {"action": "initializeUpload"}
        try:
            answer = line.post(f"{self._api}/rest/images", announced, params=params, headers=headers)
            if not answer.ok:
                raise Unprepared(self._sorting.answer(answer))
            address, image = answer.member("value", "uploadUrl"), str(answer.member("value", "image"))
            if not isinstance(address, str) or not _IMAGE.fullmatch(image):
                raise Unprepared(self._sorting.odd())
            if not is_linkedins(address, self._api):
                reason = "LinkedIn wants the picture at an address that is not its own. Nothing was sent."
                raise Unprepared(Refused(reason=reason))
            sent = {**headers, "Content-Type": "application/octet-stream"}
            answer = line.send("PUT", address, body=attachment.content, headers=sent)
        except Fault as fault:
            raise Unprepared(self._sorting.fault(fault)) from None
        if not answer.ok:  # its own words might repeat the address, with which anybody could upload
            raise Unprepared(self._sorting.answer(replace(answer, words="a picture was not taken")))
        return {"id": image, **({"altText": attachment.alt} if attachment.alt else {})}


def is_linkedins(address: str, api: str) -> bool:
    """Whether a picture, and with it the member's token, or a video may go to this address."""
    return address.startswith(f"{api}/") or _ADDRESS.fullmatch(address) is not None
