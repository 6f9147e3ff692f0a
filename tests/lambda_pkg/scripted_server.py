"""A server on loopback that closes its connections when a test says so."""

import re
import socket
import threading
from contextlib import suppress

import pytest


class ScriptedServer:
    """A server that serves one connection at a time and sends scripted responses.

    Each argument lists the responses of one connection, one per request. The server closes a connection after the last
    one; a response may be a tuple of segments.
    """

    def __init__(self, *connections, listener=None):
        self._connections = list(connections)
        self._certificate = None
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}/publish"
        self.requests = []
        """The request lines of each connection, which is listed once its handshake is complete."""
        self._opened, self._closed = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def use_tls(self, certificate):
        self._certificate = certificate
        self.url = self.url.replace("http://127.0.0.1", "https://localhost")

    def wait_for_connection(self):
        assert self._opened.acquire(timeout=5)

    def wait_for_closed_connection(self):
        assert self._closed.acquire(timeout=5)

    def close(self):
        with suppress(OSError):  # the listener may be unconnected already
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)

    def _serve(self):
        for responses in self._connections:
            try:
                accepted, _ = self._listener.accept()
            except OSError:  # closed
                return
            if self._certificate is not None:
                accepted = self._certificate.wrap_socket(accepted, server_side=True)
            with accepted:
                self.requests.append([])
                self._opened.release()
                self._respond(accepted, responses)
            self._closed.release()

    def _respond(self, accepted, responses):
        for response in responses:
            request = b""
            while not is_complete(request):
                received = accepted.recv(65_536)
                if not received:
                    return
                request += received
            self.requests[-1].append(request.split(b"\r\n")[0].decode())
            for segment in response if isinstance(response, tuple) else (response,):
                accepted.sendall(segment)


def is_complete(request):
    """Return whether a request has its whole body."""
    head, separator, body = request.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    return bool(separator) and len(body) == int(length[1])


@pytest.fixture
def start_scripted_server():
    servers = []

    def start(*connections, **options):
        servers.append(ScriptedServer(*connections, **options))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
