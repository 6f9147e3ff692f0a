"""How far the upload of a video has come that is sent in parts, so that the next attempt goes on there."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(kw_only=True)
class PartialUpload:
    """An upload that the network has begun. `sent` has the network's confirmation of each part by its index."""

    upload: Any
    sent: dict[int, str] = field(default_factory=dict)


@dataclass(kw_only=True)
class SentParts:
    """The partial upload of one video, if there is one.

    It stays in the memory of the process, because LinkedIn's addresses for the parts are secrets.
    """

    current: PartialUpload | None = None

    def begin(self, upload: Any) -> PartialUpload:
        """Return a new upload without parts, in place of any earlier one."""
        self.current = PartialUpload(upload=upload)
        return self.current

    def clear(self) -> None:
        """Forget the upload: it ended, or the network no longer has it."""
        self.current = None
