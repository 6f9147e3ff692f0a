"""Pictures are fetched from public addresses only, in bounded size and time."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from core.bulk import fetching
from core.bulk.fetching import CannotFetch, NotPublic, fetch
from core.media.intake import FileTooLarge


class Handler(BaseHTTPRequestHandler):
    """Answers by path."""

    def do_GET(self) -> None:
        if self.path == "/away":
            self.redirect("http://localhost:9/other")
        elif self.path == "/loop":
            self.redirect("/loop")
        elif self.path == "/moved":
            self.redirect("/picture")
        elif self.path == "/file":
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
            self.respond(200, b"<html>", content_type="text/html")
        else:
            self.respond(200 if self.path == "/picture" else 404, b"picture")

    def redirect(self, target: str) -> None:
        self.send_response(302)
        self.send_header("Location", target)
        self.end_headers()

    def respond(self, status, body, *, content_type="image/png", declared=True) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        if declared:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args) -> None:
        """Print nothing."""


@pytest.fixture
def server() -> Iterator[str]:
    """Start a server on loopback and return its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.slow = threading.Event()
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.slow.set()
    server.shutdown()
    server.server_close()
    thread.join()


def anywhere(address):
    return True


def test_a_picture_is_fetched_through_redirects(server):
    assert fetch(f"{server}/picture", allowed=anywhere) == b"picture"
    assert fetch(f"{server}/moved", allowed=anywhere) == b"picture"


def test_this_machine_is_not_asked_whatever_its_name(server):
    port = server.rpartition(":")[2]
    for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "[::1]"):
        with pytest.raises(CannotFetch):
            fetch(f"http://{host}:{port}/picture")
    with pytest.raises(NotPublic):
        fetch(f"{server}/picture")


def test_a_redirect_to_another_place_is_checked_too(server):
    only_ipv4 = {"127.0.0.1"}
    calls = []

    def allowed(address):
        calls.append(str(address))
        return str(address) in only_ipv4 and len(calls) == 1

    with pytest.raises(NotPublic):
        fetch(f"{server}/away", allowed=allowed)


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/loop", "redirects too often"),
        ("/file", "is no address of a picture"),
        ("/missing", "answers with the status 404"),
        ("/page", "is a page and no picture"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(server, path, reason):
    with pytest.raises(CannotFetch, match=reason):
        fetch(f"{server}{path}", allowed=anywhere)


@pytest.mark.parametrize("path", ["/large", "/endless"])
def test_a_file_is_read_up_to_the_limit(server, path, monkeypatch):
    monkeypatch.setattr(fetching, "MAX_VIDEO_BYTES", 1000)
    with pytest.raises(FileTooLarge):
        fetch(f"{server}{path}", allowed=anywhere)


def test_a_slow_server_is_given_up(server):
    with pytest.raises(CannotFetch, match="took too long"):
        fetch(f"{server}/slow", allowed=anywhere, seconds=0.2)


@pytest.mark.parametrize(
    "address", ["ftp://example.com/a", "http://", "http://ada:secret@example.com/", "http://[", "x"]
)
def test_what_is_no_address_is_refused(address):
    with pytest.raises(CannotFetch):
        fetch(address)
