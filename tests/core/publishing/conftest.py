"""A fake network, a media store, a fence and a monotonic clock."""

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from core.accounts.port import Account
from core.media.folder import FolderMedia
from core.media.pictures import PictureLimits
from core.publishing import attachments
from core.publishing.attachments import MediaLimits
from core.publishing.fence import Fence
from core.publishing.fitted_pictures import FittedPictures
from core.publishing.network import NetworkResult, Publication, Published


@pytest.fixture(autouse=True)
def no_fitted_pictures(monkeypatch) -> None:
    """Forget the pictures that another test has fitted."""
    monkeypatch.setattr(attachments, "_FITTED", FittedPictures())


class FakeNetwork:
    """A network that records the publications it gets.

    `prepare` calls `on_prepare` and raises the next of `failures`, if any. `publish` returns the next of `results`, or
    the result of `respond` if there is none.
    """

    label = "Album"
    threads = "replies"
    options = ()

    def __init__(self) -> None:
        self.limits = MediaLimits(pictures=PictureLimits(count=4, max_bytes=100_000))
        self.prepared: list[Publication] = []
        self.published: list[Publication] = []
        self.failures: list[BaseException] = []
        self.results: list[NetworkResult] = []
        self.on_prepare: Callable[[], None] = lambda: None
        self.respond: Callable[[Publication], NetworkResult] = lambda publication: Published(
            at=publication.due_at, url=f"https://example.org/{publication.post_id}"
        )

    def media_limits(self, account: Account) -> MediaLimits:
        return self.limits

    def prepare(self, publication: Publication) -> dict[str, Any]:
        self.prepared.append(publication)
        self.on_prepare()
        if self.failures:
            raise self.failures.pop(0)
        return {"number": len(self.prepared)}

    def publish(self, publication: Publication) -> NetworkResult:
        self.published.append(publication)
        return self.results.pop(0) if self.results else self.respond(publication)


class Monotonic:
    """A monotonic clock that only moves on demand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def monotonic() -> Monotonic:
    return Monotonic()


@pytest.fixture
def new_network() -> type[FakeNetwork]:
    """Return the class of fake networks."""
    return FakeNetwork


@pytest.fixture
def media_store(tmp_path) -> FolderMedia:
    """Return an empty media store."""
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def fence(ledger, media_store, clock) -> Fence:
    return Fence(ledger, media_store, clock)


@pytest.fixture
def encoded_picture() -> Callable[..., bytes]:
    """Encode a picture of one colour."""

    def encode(colour: str = "teal", size: tuple[int, int] = (400, 300), form: str = "PNG") -> bytes:
        file = BytesIO()
        Image.new("RGB", size, colour).save(file, form)
        return file.getvalue()

    return encode
