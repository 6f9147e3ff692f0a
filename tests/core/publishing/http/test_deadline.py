"""Connections that end on time, whatever the server does, in the clear and over TLS."""

import ipaddress
import socket
import ssl
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, contextmanager, suppress
from datetime import UTC, datetime

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from core.publishing.http.deadline import session_until

SECONDS = 0.4
LONG = b"x" * 16_000_000
"""More than the system keeps for a connection that nobody reads from."""


@pytest.fixture(scope="module")
def pem(tmp_path_factory) -> str:
    """A file with a key, and a certificate for 127.0.0.1 that vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    unsigned = x509.CertificateBuilder(name, name, key.public_key(), 1, start, end).add_extension(address, False)
    certificate = unsigned.add_extension(x509.BasicConstraints(True, None), True).sign(key, hashes.SHA256())
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    file.write_bytes(key.private_bytes(*form) + certificate.public_bytes(serialization.Encoding.PEM))
    return str(file)


@pytest.fixture(params=["http", "https"])
def serving(request, pem):
    """Start a server that treats its one connection like this; return its address."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    with ExitStack() as closing:

        def start(treat: Callable[[socket.socket], None]) -> str:
            server = closing.enter_context(socket.create_server(("127.0.0.1", 0)))
            server.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)

            def serve() -> None:
                with suppress(OSError), server.accept()[0] as plain:
                    tls = request.param == "https"
                    with context.wrap_socket(plain, server_side=True) if tls else plain as connection:
                        treat(connection)

            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            closing.callback(thread.join, 5)
            return f"{request.param}://127.0.0.1:{server.getsockname()[1]}/"

        yield start


@pytest.fixture
def until(pem):
    """Make a session that trusts the servers here, and has this many seconds."""
    with ExitStack() as closing:

        def make(seconds: float) -> requests.Session:
            session = closing.enter_context(session_until(time.monotonic() + seconds))
            session.verify = pem
            session.trust_env = False
            return session

        yield make


@contextmanager
def in_time():
    begun = time.monotonic()
    yield
    assert time.monotonic() - begun < SECONDS + 0.5


def drip(head: bytes, dripped: bytes) -> Callable[[socket.socket], None]:
    """Answer with this at once, and then with that byte by byte."""

    def treat(connection: socket.socket) -> None:
        connection.recv(65_536)
        connection.sendall(head)
        for byte in dripped:
            connection.sendall(bytes([byte]))
            time.sleep(0.05)

    return treat


def read_slowly(connection: socket.socket) -> None:
    while connection.recv(65_536):
        time.sleep(0.01)


def read_nothing(connection: socket.socket) -> None:
    time.sleep(SECONDS + 0.6)


def test_the_head_of_an_answer_is_waited_for_no_longer(serving, until):
    address = serving(drip(b"", b"HTTP/1.1 200 OK\r\nX-Patience: 1"))
    with in_time(), pytest.raises(requests.ReadTimeout):
        until(SECONDS).post(address, data=b"hello", timeout=10)


@pytest.mark.parametrize("framing", [b"", b"Content-Length: 99\r\n", b"Transfer-Encoding: chunked\r\n"])
def test_the_rest_of_an_answer_is_waited_for_no_longer(serving, until, framing):
    address = serving(drip(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n", b"1\r\n \r\n" * 5))
    with in_time(), pytest.raises(requests.ConnectionError, match="timed out"):
        until(SECONDS).get(address, timeout=10)


@pytest.mark.parametrize("treat", [read_slowly, read_nothing])
def test_a_body_is_sent_no_longer(serving, until, treat):
    address = serving(treat)
    with in_time(), pytest.raises(requests.ConnectionError) as caught:
        until(SECONDS).post(address, data=LONG, timeout=10)
    assert isinstance(caught.value.args[0].args[1], TimeoutError)


def test_once_the_time_is_up_nothing_is_sent(serving, until):
    received = []
    address = serving(lambda connection: received.append(connection.recv(65_536)))
    with pytest.raises(requests.ConnectionError):
        until(0).post(address, data=b"hello", timeout=10)
    assert b"".join(received) == b""


def test_what_is_in_time_arrives_whole(serving, until):
    def treat(connection: socket.socket) -> None:
        received = b""
        while not received.endswith(LONG[:1_000_000]):
            received += connection.recv(262_144)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    assert until(10).put(serving(treat), data=LONG[:1_000_000], timeout=10).content == b"{}"
