"""Finished uploads of posts that are not published yet, so that no attempt sends a picture or video again."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Condition
from typing import Any, TypeVar, cast

from core.errors import PunctualError
from core.publishing.attachments import Attachment
from core.publishing.kept_uploads.memory import UploadsInMemory
from core.publishing.kept_uploads.port import KEPT_FOR, KeptUpload, UploadOwner, UploadStore
from core.publishing.network import PreparationFailed, Publication, RetryLater
from core.publishing.sent_parts import SentParts
from core.time.instants import Clock

log = logging.getLogger(__name__)

Upload = TypeVar("Upload")
VideoUploading = Callable[[str | None, Callable[[str], None]], str]
"""Uploads a video: takes the network's ID of an earlier upload, and reports the ID once the video is sent."""
_BEGUN = " begun"
"""Ends the name of a video that the network has and may still be processing."""


class UploadMemory:
    """The uploads of one network. A store keeps them; a store that fails costs another upload, never a post.

    In one process, only one thread uploads a file of a post. Another one waits for its result: two uploads of a file
    would share a slow line.
    """

    def __init__(self, clock: Clock, store: UploadStore | None = None) -> None:
        """Without a store, this process keeps the uploads."""
        self._clock = clock
        self._store = store or UploadsInMemory()
        self._running: set[tuple[UploadOwner, str]] = set()
        self._sent_parts: dict[tuple[UploadOwner, str], tuple[datetime, SentParts]] = {}
        self._ended = Condition()

    def once(
        self, publication: Publication, attachment: Attachment, upload: Callable[[], Upload], *, patience: float
    ) -> Upload:
        """Return the result of an earlier upload of the attachment for the post; else upload it and keep the result.

        Waits at most `patience` seconds for an upload by another thread.
        """
        owner, name = _owner(publication), _name(attachment)
        with self._turn(owner, name, patience):
            found = self._get(owner, name)
            if found is not None:
                return cast(Upload, found)
            result = upload()
            self._put(owner, name, result)
            return result

    def once_video(
        self, publication: Publication, video: Attachment, upload: VideoUploading, *, patience: float
    ) -> str:
        """Upload a video as `once` does. An upload that the network is still processing is continued, not repeated."""
        owner, begun = _owner(publication), _name(video) + _BEGUN

        def run() -> str:
            previous_id = publication.upload_id or self._get(owner, begun)
            try:
                return upload(previous_id, lambda video_id: self._put(owner, begun, video_id))
            except PreparationFailed as error:
                if not isinstance(error.result, RetryLater):
                    self.forget(publication)  # a person's Retry sends the video again
                raise

        return self.once(publication, video, run, patience=patience)

    def sent_parts(self, publication: Publication, video: Attachment) -> SentParts:
        """Return the parts of a video that this process has sent for the post; after KEPT_FOR, they are forgotten."""
        now = self._clock()
        with self._ended:
            self._sent_parts = {
                key: kept for key, kept in self._sent_parts.items() if timedelta() <= now - kept[0] < KEPT_FOR
            }
            return self._sent_parts.setdefault((_owner(publication), _name(video)), (now, SentParts()))[1]

    def forget(self, publication: Publication) -> None:
        """Forget the uploads of a publication, because the network refused a post with them."""
        with self._ended:
            for owner, name in list(self._sent_parts):
                if owner == _owner(publication):
                    del self._sent_parts[owner, name]
        try:
            self._store.forget(_owner(publication))
        except PunctualError as error:
            log.warning("The uploads of %s are still kept: %s", publication.occurrence_key, error)

    @contextmanager
    def _turn(self, owner: UploadOwner, name: str, patience: float) -> Iterator[None]:
        """Hold the upload of one file during the block. After `patience`, another thread may hold it as well."""
        key = owner, name
        with self._ended:
            self._ended.wait_for(lambda: key not in self._running, timeout=max(0.0, patience))
            self._running.add(key)
        try:
            yield
        finally:
            with self._ended:
                self._running.discard(key)
                self._ended.notify_all()

    def _get(self, owner: UploadOwner, name: str) -> Any:
        """Return a kept upload that the network still has; None if there is none."""
        try:
            kept = self._store.get(owner, name)
        except PunctualError as error:
            log.warning("A kept upload of %s cannot be read: %s", owner.occurrence_key, error)
            return None
        is_valid = kept is not None and timedelta() <= self._clock() - kept.at < KEPT_FOR
        return kept.content if kept is not None and is_valid else None

    def _put(self, owner: UploadOwner, name: str, result: object) -> None:
        try:
            self._store.put(owner, name, KeptUpload(content=result, at=self._clock()))
        except PunctualError as error:
            log.warning("An upload of %s is not kept: %s", owner.occurrence_key, error)


def _owner(publication: Publication) -> UploadOwner:
    return UploadOwner(occurrence_key=publication.occurrence_key, account=publication.account.destination)


def _name(attachment: Attachment) -> str:
    return f"{attachment.media.reference} {attachment.alt}"
