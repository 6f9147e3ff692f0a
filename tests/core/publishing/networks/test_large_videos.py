"""Large videos are sent from their file, with little memory: they are never in memory as a whole."""

import json
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from core.accounts.port import Account
from core.media.content import FileContent
from core.media.folder import FolderMedia
from core.media.intake import ingest
from core.publishing.attachments import load_attachments
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock
from tests.core.publishing.networks.upload_apis import LinkedInApi, XApi
from tests.small_video import small_video

VIDEO_BYTES = 30_000_000
MEMORY_BYTES = 4_000_000
PART_BYTES = 4_194_304
"""What LinkedIn asks for in each part (doc: Videos API)."""


class Drain:
    """A server that reads each body in small pieces and keeps none of it."""

    def __init__(self) -> None:
        drain = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                left = int(self.headers.get("content-length", 0))
                body = self.rfile.read(left) if left < 2000 else b""
                left -= len(body)
                while left:
                    piece = self.rfile.read(min(left, 65_536))
                    drain.received += len(piece)
                    left -= len(piece)
                content = json.dumps(drain.answer(self.path, body)).encode()
                self.send_response(200)
                for name, value in (("ETag", "tag"), ("Content-Length", str(len(content)))):
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_PUT = do_POST  # noqa: N815 - the names that http.server looks for

            def log_message(self, *_: object) -> None:
                pass

        self.received = 0
        self.answer: Callable[[str, bytes], Any] = lambda path, body: {}
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def drain() -> Iterator[Drain]:
    server = Drain()
    yield server
    server.close()


@pytest.fixture(scope="module")
def stored(tmp_path_factory) -> Any:
    """Attach a large video from its file; return the store, the media, and the memory that it took."""
    folder = tmp_path_factory.mktemp("film")
    with (folder / "film.mp4").open("wb") as file:  # the frames take no place on the disk
        head = small_video(VIDEO_BYTES)[:1000]
        file.write(head)
        file.truncate(VIDEO_BYTES)
    store = FolderMedia(folder / "media")
    tracemalloc.start()
    media = ingest(store, FileContent(folder / "film.mp4"))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return store, media, peak


def bluesky(drain):
    drain.answer = lambda path, body: (
        {"blob": {"$type": "blob", "size": VIDEO_BYTES}}
        if path.endswith("uploadBlob")
        else {"did": "did:plc:a", "accessJwt": "token"}
    )
    account = Account(destination="bluesky:a.example", label="A", address=drain.url, credentials={"password": "p"})
    return BlueskyNetwork(real_clock), account


def mastodon(drain):
    drain.answer = lambda path, body: {"id": "7", "url": "https://example.org/7.mp4"}
    account = Account(
        destination="mastodon:a@b.example", label="A", address=drain.url, identity="1", credentials={"token": "t"}
    )
    return MastodonNetwork(real_clock), account


def x(drain):
    drain.answer = lambda path, body: {"data": {"id": XApi.VIDEO_ID}}
    return XNetwork(real_clock, api=drain.url), XApi.account


def linkedin(drain):
    parts = [
        {"uploadUrl": f"{drain.url}/part", "firstByte": start, "lastByte": min(start + PART_BYTES, VIDEO_BYTES) - 1}
        for start in range(0, VIDEO_BYTES, PART_BYTES)
    ]
    video = {"value": {"video": LinkedInApi.VIDEO_ID, "uploadInstructions": parts}, "status": "AVAILABLE"}
    drain.answer = lambda path, body: video
    return LinkedInNetwork(real_clock, api=drain.url), LinkedInApi.account


def test_a_large_video_is_attached_with_little_memory(stored):
    store, media, peak = stored
    assert media.size == VIDEO_BYTES
    assert store.exists(media.reference)
    assert peak < MEMORY_BYTES


@pytest.mark.parametrize("connect", [bluesky, mastodon, x, linkedin])
def test_a_large_video_is_uploaded_with_little_memory(stored, drain, publication, connect):
    store, media, _ = stored
    network, account = connect(drain)
    limits = network.media_limits(account.model_copy(update={"limits": {"video_bytes": VIDEO_BYTES}}))
    tracemalloc.start()
    network.upload(publication(account, media=load_attachments([media], store, limits, network.label)))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert drain.received >= VIDEO_BYTES
    assert peak < MEMORY_BYTES
