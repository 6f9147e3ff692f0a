"""The port of kept uploads: what a network accepted for a post that is not published yet."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from core.posts.destinations import Destination

KEPT_FOR = timedelta(hours=1)
"""Time for which an upload is used. All networks keep an upload that no post shows for longer: X, LinkedIn and Mastodon
for a day (doc), Bluesky for some hours."""


@dataclass(frozen=True, kw_only=True)
class UploadOwner:
    """The publication that an upload belongs to: some networks accept an upload in one post only."""

    occurrence_key: str
    account: Destination


@dataclass(frozen=True, kw_only=True)
class KeptUpload:
    """A network's JSON that identifies an upload, such as its ID, and the instant of the upload. It is no secret."""

    content: Any
    at: datetime


class UploadStore(Protocol):
    """The uploads of publications. Any thread may use it. A store may lose an upload, which is then repeated."""

    def get(self, owner: UploadOwner, name: str) -> KeptUpload | None:
        """Return an upload of a publication, possibly an old one."""
        ...

    def put(self, owner: UploadOwner, name: str, upload: KeptUpload) -> None:
        """Keep an upload for KEPT_FOR or longer, in place of an earlier one of this name."""
        ...

    def forget(self, owner: UploadOwner) -> None:
        """Forget the uploads of a publication."""
        ...
