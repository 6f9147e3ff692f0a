"""Requests that end before their last byte is sent: the server cannot have processed them."""

import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress

import pytest

from core.publishing.http.client import HttpClient, RequestNotSent

LARGE_BODY = b"x" * 16_000_000
"""More than the system buffers for a connection whose other end reads nothing."""


@pytest.fixture
def connect_to():
    """Start a server that handles one connection with a function, and return its URL."""
    with ExitStack() as closing:

        def start(handle: Callable[[socket.socket], object]) -> str:
            server = closing.enter_context(socket.create_server(("127.0.0.1", 0)))

            def accept() -> None:
                with suppress(OSError), server.accept()[0] as connection:
                    handle(connection)

            threading.Thread(target=accept, daemon=True).start()
            return f"http://127.0.0.1:{server.getsockname()[1]}/"

        yield start


def reset(connection: socket.socket) -> None:
    """Close a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\0\0\0\0\0\0\0")
    connection.close()


def test_a_body_that_the_server_does_not_read_to_its_end_was_not_sent(connect_to):
    def read_a_little(connection):
        connection.recv(100_000)
        reset(connection)

    with pytest.raises(RequestNotSent, match="before it had the whole request"):
        HttpClient("It", seconds=5).send("POST", connect_to(read_a_little), body=LARGE_BODY)


def test_a_response_to_half_a_request_says_so(connect_to):
    def respond_early(connection):
        connection.recv(100_000)
        connection.sendall(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        connection.shutdown(socket.SHUT_RD)
        time.sleep(0.2)

    answer = HttpClient("It", seconds=5).send("POST", connect_to(respond_early), body=LARGE_BODY)
    assert (answer.status, answer.request_sent) == (408, False)


@pytest.mark.parametrize(
    ("handshake", "words"),
    [
        (lambda connection: (connection.recv(4096), reset(connection)), "before it had the whole request"),
        (lambda connection: connection.recv(4096), "offered no secure connection|before it had the whole request"),
        (lambda connection: connection.recv(4096) and time.sleep(1), "too slow"),
        (
            lambda connection: (connection.recv(4096), connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
            "offered no secure connection",
        ),
    ],
    ids=["reset", "close", "silence", "plain HTTP"],
)
def test_a_failed_tls_handshake_means_that_nothing_was_sent(connect_to, handshake, words):
    with pytest.raises(RequestNotSent, match=words):
        HttpClient("It", seconds=0.5).post_json(connect_to(handshake).replace("http:", "https:"), {})
