"""HTTP sessions with one deadline for connecting, sending and reading, which know whether a request was sent."""

import time
from collections.abc import Callable
from functools import lru_cache, partial
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

CHUNK_BYTES = 16_384
"""Bytes per send call, as many as one TLS record holds. A timeout limits one call, so each call gets a new one."""


NewSocket = Callable[[str, int, float], socket]
"""Connects to a host and a port before a deadline."""


def session_until(deadline: float, new_socket: NewSocket | None = None) -> "DeadlineSession":
    """Return a session that neither sends nor reads after `deadline`, in seconds of the monotonic clock.

    `new_socket` takes the place of urllib3's way to connect.

    `requests` alone limits each wait, not their sum. Only the DNS lookup and the connection attempts to several
    addresses can exceed the deadline; nothing is sent after it.
    """
    return DeadlineSession(deadline, new_socket)


class DeadlineSession(requests.Session):
    """A session for one request. The transport itself records how far the request came."""

    request_sent = False
    """Whether the last byte of the request was sent. Until then no server has a request that it can process."""

    def __init__(self, deadline: float, new_socket: NewSocket | None = None) -> None:
        super().__init__()
        adapter = _Adapter(deadline, self._set_sent, new_socket)
        self.mount("https://", adapter)
        self.mount("http://", adapter)

    def _set_sent(self) -> None:
        self.request_sent = True

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Return the settings of a request, with the proxies and the authorities that the environment names."""
        if not self.trust_env:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        parts = urlsplit(str(url))
        return {**_environment_settings(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"), "stream": stream}

    def get_redirect_target(self, resp: requests.Response) -> None:
        """Ignore redirects: requests would parse an invalid `Location`, and raise as for an invalid request URL."""


@lru_cache(maxsize=100)
def _environment_settings(server: str) -> dict[str, Any]:
    """Return the settings of the environment for a server. `requests` would read every variable for each request."""
    return dict(requests.Session().merge_environment_settings(server, {}, None, None, None))


class _Adapter(HTTPAdapter):
    def __init__(self, deadline: float, on_sent: Callable[[], None], new_socket: NewSocket | None) -> None:
        super().__init__()
        self._deadline = deadline
        self._on_sent = on_sent
        self._new_socket = new_socket

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        connection = _TlsConnection if pool.scheme == "https" else _Connection
        pool.ConnectionCls = partial(
            connection, deadline=self._deadline, on_sent=self._on_sent, new_socket=self._new_socket
        )
        return pool


class _Connection(HTTPConnection):
    def __init__(
        self, *args: Any, deadline: float, on_sent: Callable[[], None], new_socket: NewSocket | None, **options: Any
    ) -> None:
        super().__init__(*args, **options)
        self._deadline = deadline
        self._on_sent = on_sent
        self._new_socket = new_socket
        self.response_class = partial(_Response, deadline=deadline)  # type: ignore[assignment]  # it is only called

    def _new_conn(self) -> socket:
        if self._new_socket is None:
            return super()._new_conn()
        return self._new_socket(self._dns_host, self.port, self._deadline)

    def request(self, *args: Any, **options: Any) -> None:
        super().request(*args, **options)
        self._on_sent()

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), CHUNK_BYTES):
            self.sock.settimeout(seconds_left(self._deadline))
            super().send(data[start : start + CHUNK_BYTES])


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Response(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, deadline: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(_DeadlineReader(self.fp.detach(), sock, deadline))


class _DeadlineReader(RawIOBase):
    """A server's byte stream. Each read waits no longer than the time left."""

    def __init__(self, stream: RawIOBase, sock: socket, deadline: float) -> None:
        self._stream = stream
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(seconds_left(self._deadline))
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


def seconds_left(deadline: float) -> float:
    """Return the seconds until the deadline. Raises TimeoutError after it."""
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
