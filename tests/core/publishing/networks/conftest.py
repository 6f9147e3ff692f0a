"""Networks on loopback: servers that others wrote, recorded answers, and a proxy that breaks connections in between."""

import dataclasses
import http.client
import json
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from PIL import Image

from core.accounts.port import Account
from core.media.folder import FolderMedia
from core.media.intake import ingest
from core.posts.models import Media, new_post_id
from core.publishing.attachments import load_attachments
from core.publishing.network import Network, NetworkResult, PreparationFailed, Publication
from core.time.instants import real_clock


class Request:
    """A request as it arrived."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.method, self.path = handler.command, handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(self.headers.get("content-length", 0)))

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, tuple[str | None, str, bytes]]:
        """The parts of a form as they arrived, by name: file name, content type and content."""
        whole = message_from_bytes(b"Content-Type: " + self.headers["content-type"].encode() + b"\r\n\r\n" + self.body)
        return {
            part.get_param("name", header="content-disposition"): (
                part.get_filename(),
                part.get_content_type(),
                part.get_payload(decode=True),
            )
            for part in whole.get_payload()
        }


class StubServer:
    """A server that gives recorded answers: `answer("POST /2/tweets", 201, {...})`. Asked for others, it says 404."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self._answers: dict[str, tuple[int, bytes, dict[str, str]]] = {}
        self._server, self.url = _serve(self._handle)

    def answer(self, what: str, status: int, body: Any = "", **headers: str) -> None:
        """Answer `METHOD /path` so from now on. A str is sent as text, as Slack does, anything else as JSON."""
        kind = "text/html" if isinstance(body, str) else "application/json; charset=utf-8"
        content = body.encode() if isinstance(body, str) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers[what] = (status, content, {"Content-Type": kind, **named})

    def sent(self, what: str) -> list[Request]:
        """What was asked of `METHOD /path`."""
        return [each for each in self.requests if f"{each.method} {urlsplit(each.path).path}" == what]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        request = Request(handler)
        self.requests.append(request)
        missing = (404, b"{}", {"Content-Type": "application/json"})
        _write(handler, *self._answers.get(f"{request.method} {urlsplit(request.path).path}", missing))


class FaultyProxy:
    """A proxy in front of a server that breaks the connection once, where it is told to.

    `break_next("before")` closes it before the server gets the request, `"after"` when the server has answered, before
    the client hears of it, `"during"` in the middle of the answer's body.
    """

    def __init__(self, target: str) -> None:
        self._target = urlsplit(target)
        self._faults: list[tuple[str, str]] = []
        self.passed: list[Request] = []
        self.dropped_header: str | None = None
        self._server, self.url = _serve(self._handle)

    def break_next(self, when: str, *, what: str = "") -> None:
        """Break the next request whose method and path hold `what`."""
        self._faults.append((when, what))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        request = Request(handler)
        fault = next((each for each in self._faults if each[1] in f"{request.method} {request.path}"), ("", ""))
        if fault[0]:
            self._faults.remove(fault)
        if fault[0] == "before":
            return _reset(handler)
        status, body, headers = self._pass_on(request)
        if fault[0] == "after":
            return _reset(handler)
        if fault[0] == "during":
            _write(handler, status, body, headers, cut=len(body) // 2)
            return _reset(handler)
        return _write(handler, status, body, headers)

    def _pass_on(self, request: Request) -> tuple[int, bytes, dict[str, str]]:
        self.passed.append(request)
        connection = http.client.HTTPConnection(self._target.hostname, self._target.port, timeout=20)
        sent = {name: value for name, value in request.headers.items() if name != self.dropped_header}
        connection.request(request.method, request.path, request.body or None, sent)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        kept = ("Content-Type", "ETag", "x-restli-id")
        named = {name: answer.headers[name] for name in kept if name in answer.headers}
        return answer.status, body, named


class PdsUser:
    """Somebody with an account on a Bluesky server, and what stands in their repository."""

    def __init__(self, server: str) -> None:
        self.server, self.handle = server, f"a{secrets.token_hex(4)}.test"
        pds_user = {"handle": self.handle, "email": f"{self.handle}@example.org", "password": secrets.token_hex(8)}
        made = self._call("server.createAccount", pds_user)
        self.did, self._token = made["did"], made["accessJwt"]
        self.password = self._call("server.createAppPassword", {"name": "punctual"})["password"]

    def _call(self, method: str, content: dict) -> dict:
        headers = {"Authorization": f"Bearer {self._token}"} if hasattr(self, "_token") else {}
        answer = requests.post(f"{self.server}/xrpc/com.atproto.{method}", json=content, headers=headers, timeout=10)
        assert answer.ok, answer.text
        return answer.json() if answer.content else {}

    def posts(self) -> list[dict]:
        params = {"repo": self.did, "collection": "app.bsky.feed.post"}
        answer = requests.get(f"{self.server}/xrpc/com.atproto.repo.listRecords", params=params, timeout=10)
        return answer.json()["records"]

    def revoke(self) -> None:
        self._call("server.revokeAppPassword", {"name": "punctual"})


def _serve(handle: Callable[[BaseHTTPRequestHandler], None]) -> tuple[ThreadingHTTPServer, str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            handle(self)

        do_POST = do_PUT = do_GET  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # connections that break are what is wanted here
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def _write(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], cut: int | None = None
) -> None:
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body[:cut])


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Hang up so that the client sees a reset, not an orderly end."""
    handler.wfile.flush()
    with suppress(OSError):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        handler.connection.close()


@pytest.fixture
def stub() -> Iterator[StubServer]:
    server = StubServer()
    yield server
    server.close()


@pytest.fixture
def faulty_proxy() -> Iterator[Callable[[str], FaultyProxy]]:
    with ExitStack() as closing:

        def start(target: str) -> FaultyProxy:
            line = FaultyProxy(target)
            closing.callback(line.close)
            return line

        yield start


@pytest.fixture
def publication() -> Callable[..., Publication]:
    """Build a publication to an account, due now, under a key of its own."""

    def build(account: Account, text: str = "Grüße aus Köln 🎉", **others: Any) -> Publication:
        now = real_clock()
        post_id = new_post_id()
        whole = {"occurrence_key": post_id, "post_id": post_id, "due_at": now, **others}
        return Publication(account=account, text=text, **whole)

    return build


@pytest.fixture
def store(tmp_path) -> FolderMedia:
    """Where the pictures and videos of posts are."""
    return FolderMedia(tmp_path / "media")


@pytest.fixture
def drawn(store) -> Callable[..., Media]:
    """A picture in a colour, described."""

    def draw(colour: str, alt: str = "", size: tuple[int, int] = (400, 300)) -> Media:
        file = BytesIO()
        Image.new("RGB", size, colour).save(file, "PNG")
        return ingest(store, file.getvalue(), alt=alt)

    return draw


@pytest.fixture
def unprepared(publication, store) -> Callable[..., Publication]:
    """Build a publication with these pictures, as a network takes them."""

    def build(network: Network, account: Account, *media: Media, **others: Any) -> Publication:
        ready = load_attachments(media, store, network.media_limits(account), network.label)
        return publication(account, media=ready, **others)

    return build


@pytest.fixture
def with_pictures(unprepared) -> Callable[..., Publication]:
    """Build a publication with these pictures, ready for a network."""

    def build(network: Network, account: Account, *media: Media, **others: Any) -> Publication:
        post = unprepared(network, account, *media, **others)
        return dataclasses.replace(post, prepared=network.prepare(post))

    return build


@pytest.fixture
def publish() -> Callable[[Network, Publication], NetworkResult]:
    """Prepare and publish, as the fence does; what cannot be prepared is not published."""

    def attempt(network: Network, post: Publication) -> NetworkResult:
        try:
            prepared = network.prepare(post)
        except PreparationFailed as error:
            return error.result
        return network.publish(dataclasses.replace(post, prepared=prepared))

    return attempt


@pytest.fixture(params=["fake", "real"])
def pds(request) -> str:
    """A Bluesky server: the stand-in, and the real one where it is installed."""
    return request.getfixturevalue(f"{request.param}_pds")


@pytest.fixture
def new_pds_user() -> type[PdsUser]:
    """Make somebody new on a Bluesky server."""
    return PdsUser


@pytest.fixture
def pds_user(pds, new_pds_user) -> PdsUser:
    """Somebody new on each Bluesky server."""
    return new_pds_user(pds)
