"""The status of a linked page: redirects, limits, and addresses that are never contacted."""

import socket
import threading

import pytest

from core.publishing.page_status import HEAD_LIMIT, MAX_REDIRECTS, status_by

PUBLIC = "93.184.215.14"


class Web:
    """Hosts with the responses of their server. It records what was connected to, and what was asked."""

    def __init__(self) -> None:
        self.addresses: dict[str, list[str]] = {}
        self.responses: list[bytes] = []
        self.requests: list[bytes] = []
        self.connected: list[tuple[str, int]] = []

    def resolve(self, host: str, port: int) -> list[str]:
        return self.addresses.get(host, [PUBLIC])

    def connect(self, address: str, port: int, seconds: float) -> socket.socket:
        self.connected.append((address, port))
        ours, theirs = socket.socketpair()
        threading.Thread(target=self._serve, args=(theirs, self.responses.pop(0)), daemon=True).start()
        return ours

    def _serve(self, connection: socket.socket, response: bytes) -> None:
        with connection:
            self.requests.append(connection.recv(65_536))
            connection.sendall(response)

    def status(self, url: str, **options) -> int | None:
        return status_by(url, resolve=self.resolve, connect=self.connect, **options)


@pytest.fixture
def web() -> Web:
    return Web()


def redirect(location: str) -> bytes:
    return f"HTTP/1.1 302 Found\r\nLocation: {location}\r\n\r\n".encode()


def test_the_status_of_a_missing_page(web):
    web.responses = [b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"]
    assert web.status("http://example.com/größe?q=1#part") == 404
    assert web.requests[0].startswith(b"GET /gr%C3%B6%C3%9Fe?q=1 HTTP/1.1\r\nHost: example.com\r\n")


def test_redirects_are_followed_to_the_page(web):
    web.responses = [redirect("/new"), redirect("http://other.example/"), b"HTTP/1.1 200 OK\r\n\r\n"]
    assert web.status("http://example.com/old") == 200
    assert [request.split(b"\r\n")[1] for request in web.requests] == [
        b"Host: example.com",
        b"Host: example.com",
        b"Host: other.example",
    ]


def test_endless_redirects_end(web):
    web.responses = [redirect("/again")] * (MAX_REDIRECTS + 9)
    assert web.status("http://example.com/") is None
    assert len(web.requests) == MAX_REDIRECTS + 1


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.8"], ["169.254.169.254"], ["::1"], ["fe80::1%eth0"], [PUBLIC, "192.168.1.1"], []],
)
def test_a_name_with_a_private_address_is_never_contacted(web, addresses):
    web.addresses["inside.example"] = addresses
    assert web.status("http://inside.example/") is None
    assert web.connected == []


def test_a_redirect_to_a_private_address_is_not_followed(web):
    web.addresses["inside.example"] = ["10.0.0.8"]
    web.responses = [redirect("http://inside.example/admin")]
    assert web.status("http://example.com/") is None
    assert web.connected == [(PUBLIC, 80)]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com:8080/",
        "https://example.com:80/",
        "ftp://example.com/",
        "file:///etc/passwd",
        "http://user:word@example.com/",
        "http:///path",
        "http://example.com:port/",
    ],
)
def test_other_ports_schemes_and_credentials_are_not_tried(web, url):
    assert web.status(url) is None
    assert web.connected == []


@pytest.mark.parametrize("response", [b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 two\r\n\r\n", b"x" * (2 * HEAD_LIMIT)])
def test_a_useless_response_is_no_status(web, response):
    web.responses = [response]
    assert web.status("http://example.com/") is None


def test_no_time_left_is_no_status(web):
    web.responses = [b"HTTP/1.1 404 Not Found\r\n\r\n"]
    assert web.status("http://example.com/", seconds=0) is None
    assert web.connected == []
