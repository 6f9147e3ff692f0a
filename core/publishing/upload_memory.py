"""Finished uploads of posts that are not published yet, so that no attempt sends a picture or video again."""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeVar, cast

from core.publishing.attachments import Attachment
from core.publishing.network import Publication
from core.time.instants import Clock

KEPT_FOR = timedelta(hours=1)
"""Time for which an upload is used. All networks keep an upload that no post shows for longer: X, LinkedIn and Mastodon
for a day (doc), Bluesky for some hours."""

Upload = TypeVar("Upload")
_Key = tuple[str, str, str, str]


class UploadMemory:
    """The results of uploads, such as the IDs that a network gave, in the memory of one process.

    An upload belongs to one publication: some networks accept an ID in one post only. Another process uploads again.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._kept: dict[_Key, tuple[object, datetime]] = {}
        self._lock = Lock()

    def once(self, publication: Publication, attachment: Attachment, upload: Callable[[], Upload]) -> Upload:
        """Return the result of an earlier upload of the attachment for the post; else upload it and keep the result."""
        key, now = (*_owner(publication), attachment.media.reference, attachment.alt), self._clock()
        with self._lock:
            found, at = self._kept.get(key, (None, now))
        if found is not None and timedelta() <= now - at < KEPT_FOR:
            return cast(Upload, found)
        result = upload()
        with self._lock:
            self._kept = {name: each for name, each in self._kept.items() if now - each[1] < KEPT_FOR}
            self._kept[key] = (result, now)
        return result

    def forget(self, publication: Publication) -> None:
        """Forget the uploads of a publication, because the network refused a post with them."""
        owner = _owner(publication)
        with self._lock:
            self._kept = {name: each for name, each in self._kept.items() if name[:2] != owner}


def _owner(publication: Publication) -> tuple[str, str]:
    return publication.occurrence_key, publication.account.destination
