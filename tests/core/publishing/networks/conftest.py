"""Servers on loopback with fixed responses, proxies that break connections, Bluesky users, and publications."""

import dataclasses
import functools
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
from core.media.intake import ingest
from core.posts.models import Media, new_post_id
from core.publishing.attachments import load_attachments
from core.publishing.http.client import bearer
from core.publishing.network import Network, NetworkResult, PreparationFailed, Publication
from core.time.instants import real_clock


class ReceivedRequest:
    """A request as it arrived."""

    def __init__(self, handler: BaseHTTPRequestHandler) -> None:
        self.method, self.path = handler.command, handler.path
        self.headers = {name.lower(): value for name, value in handler.headers.items()}
        self.body = handler.rfile.read(int(self.headers.get("content-length", 0)))

    @property
    def target(self) -> str:
        """The method and the path without the query."""
        return f"{self.method} {urlsplit(self.path).path}"

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def form(self) -> dict[str, tuple[str | None, str, bytes]]:
        """The file name, content type and content of each field of a form, by the name of the field."""
        header = f"Content-Type: {self.headers['content-type']}\r\n\r\n"
        message = message_from_bytes(header.encode() + self.body)
        return {
            part.get_param("name", header="content-disposition"): (
                part.get_filename(),
                part.get_content_type(),
                part.get_payload(decode=True),
            )
            for part in message.get_payload()
        }


class StubServer:
    """A server with fixed responses: `respond("POST /2/tweets", 201, {...})`. Other requests get a 404."""

    def __init__(self) -> None:
        self.requests: list[ReceivedRequest] = []
        self._responses: dict[str, tuple[int, Any, dict[str, str]]] = {}
        self._decisions: dict[str, Callable[[ReceivedRequest], tuple[int, dict[str, str]]]] = {}
        self._server, self.url = _serve(self._handle)

    def respond(self, target: str, status: int, body: Any = "", **headers: str) -> None:
        """Set the response to `METHOD /path`: a str as HTML, bytes as they are, others as JSON, or a function."""
        content_type = "text/html" if isinstance(body, str) else "application/json; charset=utf-8"
        http_headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._responses[target] = (status, body, {"Content-Type": content_type, **http_headers})

    def decide(self, target: str, answer: Callable[[ReceivedRequest], tuple[int, dict[str, str]]]) -> None:
        """Let a function choose the status and the headers of each response to `METHOD /path`."""
        self._decisions[target] = answer

    def received(self, target: str) -> list[ReceivedRequest]:
        """Return the requests to `METHOD /path`."""
        return [request for request in self.requests if request.target == target]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        request = ReceivedRequest(handler)
        self.requests.append(request)
        status, body, headers = self._responses.get(request.target, (404, {}, {"Content-Type": "application/json"}))
        if request.target in self._decisions:
            status, changed = self._decisions[request.target](request)
            headers = {**headers, **changed}
        content = body(request) if callable(body) else body
        if not isinstance(content, bytes):
            content = (content if isinstance(content, str) else json.dumps(content)).encode()
        _write(handler, status, content, headers)


class FaultyProxy:
    """A proxy that breaks connections on demand.

    `break_next("before")` closes the connection before the server gets the request, `"after"` after the server has
    responded and before the client gets the response, `"during"` in the middle of the body of the response.
    """

    def __init__(self, server_url: str) -> None:
        self._server_url = urlsplit(server_url)
        self._faults: list[tuple[str, str]] = []
        self.forwarded: list[ReceivedRequest] = []
        self.dropped_header: str | None = None
        self._server, self.url = _serve(self._handle)

    def break_next(self, when: str, request: str = "") -> None:
        """Break the connection of the next request whose method, path and body contain `request`."""
        self._faults.append((when, request))

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _handle(self, handler: BaseHTTPRequestHandler) -> None:
        request = ReceivedRequest(handler)
        whole = f"{request.method} {request.path} {request.body.decode(errors='replace')}"
        fault = next((fault for fault in self._faults if fault[1] in whole), None)
        if fault:
            self._faults.remove(fault)
        when = fault[0] if fault else None
        if when == "before":
            return _reset(handler)
        status, body, headers = self._forward(request)
        if when == "after":
            return _reset(handler)
        if when == "during":
            _write(handler, status, body, headers, length=len(body) // 2)
            return _reset(handler)
        return _write(handler, status, body, headers)

    def _forward(self, request: ReceivedRequest) -> tuple[int, bytes, dict[str, str]]:
        self.forwarded.append(request)
        connection = http.client.HTTPConnection(self._server_url.hostname, self._server_url.port, timeout=20)
        headers = {name: value for name, value in request.headers.items() if name != self.dropped_header}
        connection.request(request.method, request.path, request.body or None, headers)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        kept = ("Content-Type", "ETag", "x-restli-id")
        return response.status, body, {name: response.headers[name] for name in kept if name in response.headers}


class PdsUser:
    """A user with an account on a Bluesky server."""

    def __init__(self, server: str) -> None:
        self.server, self.handle = server, f"a{secrets.token_hex(4)}.test"
        self._headers: dict[str, str] = {}
        details = {"handle": self.handle, "email": f"{self.handle}@example.org", "password": secrets.token_hex(8)}
        account = self._call("server.createAccount", details)
        self.did, self._headers = account["did"], bearer(account["accessJwt"])
        self.password = self._call("server.createAppPassword", {"name": "punctual"})["password"]

    @property
    def form(self) -> dict[str, str]:
        """The completed form that connects the account."""
        return {"handle": self.handle, "password": self.password, "server": self.server}

    def _call(self, method: str, content: dict) -> dict:
        url = f"{self.server}/xrpc/com.atproto.{method}"
        response = requests.post(url, json=content, headers=self._headers, timeout=10)
        assert response.ok, response.text
        return response.json() if response.content else {}

    def posts(self) -> list[dict]:
        """Return the records of the user's posts."""
        params = {"repo": self.did, "collection": "app.bsky.feed.post"}
        response = requests.get(f"{self.server}/xrpc/com.atproto.repo.listRecords", params=params, timeout=10)
        return response.json()["records"]

    def delete_posts(self) -> None:
        for post in self.posts():
            collection, key = post["uri"].split("/")[-2:]
            self._call("repo.deleteRecord", {"repo": self.did, "collection": collection, "rkey": key})

    def set_profile(self, name: str, avatar: bytes) -> None:
        """Set the display name and the avatar, a PNG."""
        url = f"{self.server}/xrpc/com.atproto.repo.uploadBlob"
        headers = {**self._headers, "Content-Type": "image/png"}
        blob = requests.post(url, data=avatar, headers=headers, timeout=10).json()["blob"]
        collection = "app.bsky.actor.profile"
        record = {"$type": collection, "displayName": name, "avatar": blob}
        self._call("repo.putRecord", {"repo": self.did, "collection": collection, "rkey": "self", "record": record})

    def revoke_app_password(self) -> None:
        self._call("server.revokeAppPassword", {"name": "punctual"})


def _serve(handle: Callable[[BaseHTTPRequestHandler], None]) -> tuple[ThreadingHTTPServer, str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            handle(self)

        do_POST = do_PUT = do_HEAD = do_GET  # noqa: N815 - the names that http.server looks for

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # tests break connections on purpose
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    return server, f"http://127.0.0.1:{server.server_address[1]}"


def _write(
    handler: BaseHTTPRequestHandler, status: int, body: bytes, headers: dict[str, str], length: int | None = None
) -> None:
    """Write a response, but only `length` bytes of its body if `length` is set."""
    handler.send_response(status)
    for name, value in {**headers, "Content-Length": str(len(body))}.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(body[:length])


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """Close the connection with a reset."""
    handler.wfile.flush()
    with suppress(OSError):
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
        handler.connection.close()


@pytest.fixture
def stub() -> Iterator[StubServer]:
    """Start a server with fixed responses."""
    server = StubServer()
    yield server
    server.close()


@pytest.fixture
def faulty_proxy() -> Iterator[Callable[[str], FaultyProxy]]:
    """Start proxies in front of servers."""
    with ExitStack() as closing:

        def start(server_url: str) -> FaultyProxy:
            proxy = FaultyProxy(server_url)
            closing.callback(proxy.close)
            return proxy

        yield start


@pytest.fixture
def pauses() -> list[float]:
    """Return the pauses between polls, in seconds. Networks record them instead of sleeping."""
    return []


@pytest.fixture
def publication() -> Callable[..., Publication]:
    """Build a publication to an account, due now, with an occurrence key of its own."""

    def build(account: Account, text: str = "Grüße aus Köln 🎉", **others: Any) -> Publication:
        now = real_clock()
        post_id = new_post_id()
        members = {"occurrence_key": post_id, "post_id": post_id, "due_at": now, **others}
        return Publication(account=account, text=text, **members)

    return build


@pytest.fixture
def make_picture(media_store, encoded_picture) -> Callable[..., Media]:
    """Store a picture of one colour with a description."""
    return lambda colour, alt="", **options: ingest(media_store, encoded_picture(colour, **options), alt=alt)


@pytest.fixture
def animation() -> bytes:
    """Return an animated GIF."""
    file, frames = BytesIO(), [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=200)
    return file.getvalue()


@pytest.fixture
def with_media(publication, media_store) -> Callable[..., Publication]:
    """Build a publication with media, fitted to the limits of a network."""

    def build(network: Network, account: Account, *media: Media, **others: Any) -> Publication:
        attachments = load_attachments(media, media_store, network.media_limits(account), network.label)
        return publication(account, media=attachments, **others)

    return build


@pytest.fixture
def prepare() -> Callable[[Network, Publication], Publication]:
    """Prepare a publication, as the fence does before its first attempt."""
    return lambda network, publication: dataclasses.replace(publication, prepared=network.prepare(publication))


@pytest.fixture
def publish(prepare) -> Callable[[Network, Publication], NetworkResult]:
    """Prepare and publish, as the fence does. If the preparation fails, nothing is published."""

    def attempt(network: Network, publication: Publication) -> NetworkResult:
        try:
            return network.publish(prepare(network, publication))
        except PreparationFailed as error:
            return error.result

    return attempt


@pytest.fixture(params=["fake", "real"])
def pds(request) -> str:
    """Run a test on the fake Bluesky server, and on the real one if it is installed; return the server's URL."""
    return request.getfixturevalue(f"{request.param}_pds")


@pytest.fixture
def new_pds_user() -> type[PdsUser]:
    """Return the class that creates a user on a Bluesky server."""
    return PdsUser


@pytest.fixture(scope="session")
def pds_users() -> Callable[[str], PdsUser]:
    """Return the user of a Bluesky server, whom all tests share because the creation of a user takes most of a test."""
    return functools.cache(PdsUser)


@pytest.fixture
def pds_user_on(pds_users) -> Callable[[str], PdsUser]:
    """Return the user of a Bluesky server, without posts."""

    def user_on(server: str) -> PdsUser:
        user = pds_users(server)
        user.delete_posts()
        return user

    return user_on


@pytest.fixture
def pds_user(pds, pds_user_on) -> PdsUser:
    """Return the user of the Bluesky server of the test, without posts."""
    return pds_user_on(pds)
