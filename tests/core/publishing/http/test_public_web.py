"""Addresses of other people are read from the public internet only, in bounded size and time."""

import gzip
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.media.intake import FileTooLarge
from core.publishing.http.public_web import MAX_REDIRECTS, CannotFetch, NotPublic, PublicWeb
from core.publishing.page_status import page_status

PUBLIC = "93.184.215.14"
PAGE = "<title>Grüße</title>" + "x" * 5000


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        self.server.requests.append((self.headers["Host"], self.path))  # type: ignore[attr-defined]
        if self.path == "/away":
            self.redirect("http://inside.example/admin")
        elif self.path == "/loop":
            self.redirect("/loop")
        elif self.path == "/moved":
            self.redirect("/picture")
        elif self.path == "/redirect-to-nonsense":
            self.redirect("http://[nonsense")
        elif self.path == "/redirect-to-file":
            self.redirect("file:///etc/passwd")
        elif self.path == "/large":
            self.respond(200, b"x" * 2000)
        elif self.path == "/endless":
            self.respond(200, b"x" * 100, declared=None)
            for _ in range(100):
                self.wfile.write(b"x" * 100)
        elif self.path == "/slow":
            self.server.slow.wait(10)  # type: ignore[attr-defined]
        elif self.path == "/page":
            self.respond(200, PAGE.encode(), content_type="Text/HTML; charset=UTF-8")
        elif self.path == "/packed":
            self.respond(200, gzip.compress(PAGE.encode()), content_type="text/html", encoding="gzip")
        elif self.path == "/untyped":
            self.respond(200, b"picture", content_type="application/octet-stream")
        else:
            self.respond(200 if self.path == "/picture" else 404, b"picture")

    def redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()

    def respond(self, status, body, *, content_type="image/png", declared=True, encoding=None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if encoding:
            self.send_header("Content-Encoding", encoding)
        if declared:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        """Print nothing."""


class Internet:
    """A server on loopback, under the public address to which every name but those of `addresses` leads."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.server = server
        self.addresses: dict[str, list[str]] = {}
        self.looked_up: list[str] = []
        self.connected: list[tuple[str, int]] = []
        self.web = PublicWeb(resolve=self.resolve, connect=self.connect)

    def resolve(self, host: str, port: int) -> list[str]:
        self.looked_up.append(host)
        return self.addresses.get(host, [PUBLIC])

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((address, port))
        return socket.create_connection(self.server.server_address, timeout=seconds)


@pytest.fixture
def internet() -> Iterator[Internet]:
    """Start the server."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.slow, server.requests = threading.Event(), []
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield Internet(server)
    server.slow.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def web(internet) -> PublicWeb:
    return internet.web


SITE = "http://example.com"


def test_a_picture_is_read_through_redirects(web, internet):
    assert web.picture(f"{SITE}/picture", max_bytes=100) == b"picture"
    assert web.file(f"{SITE}/moved", max_bytes=100)[:] == b"picture"
    assert web.file(f"{SITE}/untyped", max_bytes=100)[:] == b"picture"
    assert internet.connected == [(PUBLIC, 80)] * 4


def test_the_connection_goes_to_the_address_that_was_checked(web, internet):
    """A name whose next look-up gives another address gains nothing: there is one look-up for each request."""
    web.picture(f"{SITE}/picture", max_bytes=100)
    assert (internet.looked_up, internet.connected) == (["example.com"], [(PUBLIC, 80)])


def test_the_beginning_of_a_page_is_read(web):
    page = web.page(f"{SITE}/page", max_bytes=100)
    assert (page.address, page.charset, len(page.content)) == (f"{SITE}/page", "utf-8", 100)
    assert page.content.decode("utf-8", "ignore").startswith("<title>Grüße</title>")
    assert web.page(f"{SITE}/packed", max_bytes=100).content == page.content


@pytest.mark.parametrize(
    ("read", "path", "reason"),
    [
        ("file", "/loop", "redirects too often"),
        ("file", "/redirect-to-file", "is no address of a public website"),
        ("file", "/redirect-to-nonsense", "could not be reached"),
        ("file", "/missing", "answers with the status 404"),
        ("file", "/page", "is no picture"),
        ("picture", "/untyped", "is no picture"),
        ("page", "/picture", "is no page"),
    ],
)
def test_another_content_is_refused_with_the_reason(web, read, path, reason):
    with pytest.raises(CannotFetch, match=reason):
        getattr(web, read)(f"{SITE}{path}", max_bytes=10_000)


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_a_file_is_read_up_to_the_limit(web, path):
    with pytest.raises(FileTooLarge):
        web.file(f"{SITE}{path}", max_bytes=1000)


def test_a_slow_server_is_given_up(web):
    with pytest.raises(CannotFetch, match="took too long"):
        web.file(f"{SITE}/slow", max_bytes=1000, seconds=0.2)


def test_the_status_of_a_missing_page(web, internet):
    assert page_status(f"{SITE}/größe?q=1#part", web) == 404
    assert internet.server.requests == [("example.com", "/gr%C3%B6%C3%9Fe?q=1")]
    assert page_status(f"{SITE}/moved", web) == 200


def test_endless_redirects_have_no_status(web, internet):
    assert page_status(f"{SITE}/loop", web) is None
    assert len(internet.server.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.8"], ["169.254.169.254"], ["::1"], ["fe80::1%eth0"], [PUBLIC, "192.168.1.1"]],
)
def test_a_name_with_a_private_address_is_never_contacted(web, internet, addresses):
    internet.addresses["inside.example"] = addresses
    with pytest.raises(NotPublic):
        web.picture("http://inside.example/", max_bytes=100)
    assert page_status("http://inside.example/", web) is None
    assert internet.connected == []


def test_a_redirect_to_a_private_address_is_not_followed(web, internet):
    internet.addresses["inside.example"] = ["10.0.0.8"]
    with pytest.raises(NotPublic):
        web.file(f"{SITE}/away", max_bytes=100)
    assert internet.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]"])
def test_this_machine_is_not_asked_whatever_its_name(host):
    with pytest.raises(CannotFetch):
        PublicWeb().file(f"http://{host}/", max_bytes=100)


@pytest.mark.parametrize(
    "address",
    [
        *("http://example.com:8080/", "https://example.com:80/", "ftp://example.com/", "file:///etc/passwd", "x"),
        *("http://user:word@example.com/", "http:///path", "http://example.com:port/", "http://", "http://["),
    ],
)
def test_other_ports_schemes_and_credentials_are_not_tried(web, internet, address):
    with pytest.raises(CannotFetch):
        web.file(address, max_bytes=100)
    assert page_status(address, web) is None
    assert (internet.looked_up, internet.connected) == ([], [])
