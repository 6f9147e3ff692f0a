"""Pictures that were fitted to the limits of a network, so that a post does not fit them again at its due instant."""

from collections import OrderedDict
from threading import Lock

from core.media.pictures import Picture, PictureLimits, fit_picture

MAX_BYTES = 32_000_000
"""The most bytes of all kept pictures: those of about ten posts with four photos."""


class FittedPictures:
    """The pictures that were fitted last, in the memory of one process. Any thread may use it."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._kept: OrderedDict[tuple[str, PictureLimits, int], Picture] = OrderedDict()
        self._lock = Lock()

    def fit(self, reference: str, content: bytes, limits: PictureLimits, count: int) -> Picture:
        """Return `fit_picture` of the content with this address in the media store. Raises its errors."""
        key = reference, limits, count
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return found
        picture = fit_picture(content, limits, count=count)
        with self._lock:
            self._kept[key] = picture
            while sum(len(each.content) for each in self._kept.values()) > self._max_bytes:
                self._kept.popitem(last=False)
        return picture
