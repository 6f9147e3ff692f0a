"""A session with a deadline, over HTTP and HTTPS, against slow servers."""

import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress

import pytest
import requests

from core.publishing.http.deadline import session_until

SECONDS = 0.4
LARGE_BODY = b"x" * 16_000_000
"""More than the system buffers for a connection whose other end reads nothing."""


@pytest.fixture(params=["http", "https"])
def serve(request, certificate):
    """Start a server that handles one connection with a function, and return its URL."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with ExitStack() as closing:

        def start(handle: Callable[[socket.socket], None]) -> str:
            server = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)

            def accept() -> None:
                with suppress(OSError), server.accept()[0] as plain:
                    tls = request.param == "https"
                    with context.wrap_socket(plain, server_side=True) if tls else plain as connection:
                        handle(connection)

            thread = threading.Thread(target=accept, daemon=True)
            thread.start()
            closing.callback(thread.join, 5)
            return f"{request.param}://127.0.0.1:{server.getsockname()[1]}/"

        yield start


@pytest.fixture
def session_for(certificate):
    """Make a session that trusts the test servers and ends after a number of seconds."""
    with ExitStack() as closing:

        def make(seconds: float) -> requests.Session:
            session = closing.enter_context(session_until(time.monotonic() + seconds))
            session.verify = certificate
            session.trust_env = False
            return session

        yield make


@contextmanager
def in_time():
    start = time.monotonic()
    yield
    assert time.monotonic() - start < SECONDS + 0.5


def drip(head: bytes, rest: bytes) -> Callable[[socket.socket], None]:
    """Send `head` at once, then `rest` byte by byte."""

    def handle(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        for byte in rest:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return handle


def read_slowly(connection: socket.socket) -> None:
    while connection.recv(65_536):
        time.sleep(0.01)


def read_nothing(connection: socket.socket) -> None:
    time.sleep(SECONDS + 0.6)


def test_reading_a_response_head_ends_at_the_deadline(serve, session_for):
    address = serve(drip(b"", b"HTTP/1.1 200 OK\r\nX-Patience: 1"))
    with in_time(), pytest.raises(requests.ReadTimeout):
        session_for(SECONDS).post(address, data=b"hello", timeout=10)


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_reading_a_response_body_ends_at_the_deadline(serve, session_for, framing):
    address = serve(drip(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n", b"1\r\n \r\n" * 5))
    with in_time(), pytest.raises(requests.ConnectionError, match="timed out"):
        session_for(SECONDS).get(address, timeout=10)


@pytest.mark.parametrize("handle", [read_slowly, read_nothing])
def test_sending_a_body_ends_at_the_deadline(serve, session_for, handle):
    address = serve(handle)
    with in_time(), pytest.raises(requests.ConnectionError) as caught:
        session_for(SECONDS).post(address, data=LARGE_BODY, timeout=10)
    assert isinstance(caught.value.args[0].args[1], TimeoutError)


def test_nothing_is_sent_after_the_deadline(serve, session_for):
    received = []
    address = serve(lambda connection: received.append(connection.recv(65_536)))
    with pytest.raises(requests.ConnectionError):
        session_for(0).post(address, data=b"hello", timeout=10)
    assert b"".join(received) == b""


def test_a_request_before_the_deadline_arrives_complete(serve, session_for):
    def handle(connection: socket.socket) -> None:
        received = b""
        while not received.endswith(LARGE_BODY[:1_000_000]):
            received += connection.recv(262_144)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    response = session_for(10).put(serve(handle), data=LARGE_BODY[:1_000_000], timeout=10)
    assert response.content == b"{}"
