"""Connections that end on time: requests limits each wait for a server, and here all waits share one deadline."""

import time
from functools import partial
from http.client import HTTPResponse
from io import BufferedReader, RawIOBase
from socket import socket
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection

PIECE = 16_384
"""Bytes that are sent at a time: as much as one record of TLS holds, since there each of them has a wait of its own."""


def session_until(ends: float) -> requests.Session:
    """Return a session that sends and reads nothing any more once `ends`, by the monotonic clock, has come.

    Only the search for a host's addresses can outlast it, and connecting to several of them: nothing is sent then.
    """
    session = _Session()
    adapter = _Adapter(ends)
    session.mount("https://", adapter)
    session.mount("http://", adapter)
    return session


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """Look at no redirect, since none is followed: one that cannot be read would pass for an address of ours."""


class _Adapter(HTTPAdapter):
    def __init__(self, ends: float) -> None:
        super().__init__()
        self._ends = ends

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        pool.ConnectionCls = partial(_TlsConnection if pool.scheme == "https" else _Connection, ends=self._ends)
        return pool


class _Connection(HTTPConnection):
    def __init__(self, *args: Any, ends: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._ends = ends
        self.response_class = partial(_Response, ends=ends)  # type: ignore[assignment]  # it is only called

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        for start in range(0, len(data), PIECE):
            self.sock.settimeout(_left(self._ends))
            super().send(data[start : start + PIECE])


class _TlsConnection(_Connection, HTTPSConnection):
    pass


class _Response(HTTPResponse):
    def __init__(self, sock: socket, *args: Any, ends: float, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        self.fp = BufferedReader(_Incoming(self.fp.detach(), sock, ends))


class _Incoming(RawIOBase):
    """What a server sends: each wait for it is limited to what is left of all the time."""

    def __init__(self, stream: RawIOBase, sock: socket, ends: float) -> None:
        self._stream = stream
        self._sock = sock
        self._ends = ends

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(_left(self._ends))
        return self._stream.readinto(buffer)

    def close(self) -> None:
        self._stream.close()
        super().close()


def _left(ends: float) -> float:
    left = ends - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
