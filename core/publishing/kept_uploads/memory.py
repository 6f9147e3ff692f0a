"""Kept uploads in the memory of one process."""

from threading import Lock

from core.publishing.kept_uploads.port import KEPT_FOR, KeptUpload, UploadOwner


class UploadsInMemory:
    """The store of one process. Another process uploads again."""

    def __init__(self) -> None:
        self._kept: dict[tuple[UploadOwner, str], KeptUpload] = {}
        self._lock = Lock()

    def get(self, owner: UploadOwner, name: str) -> KeptUpload | None:
        with self._lock:
            return self._kept.get((owner, name))

    def put(self, owner: UploadOwner, name: str, upload: KeptUpload) -> None:
        with self._lock:
            self._kept = {key: each for key, each in self._kept.items() if upload.at - each.at < KEPT_FOR}
            self._kept[owner, name] = upload

    def forget(self, owner: UploadOwner) -> None:
        with self._lock:
            self._kept = {key: each for key, each in self._kept.items() if key[0] != owner}
