"""Fetches files from public addresses: never from this machine or its networks, and bounded in size and time.

A table may come from anyone. Its addresses must not make Punctual read a router, a cloud's metadata or a neighbour.
"""

import socket
import time
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from core.errors import PunctualError
from core.media.intake import MAX_VIDEO_BYTES, FileTooLarge
from core.publishing.http.public_address import IpAddress, is_public, parse_address

SECONDS = 20.0
"""The longest time for one file, its redirects included."""
CONNECT_SECONDS = 5.0
MAX_REDIRECTS = 5
_REDIRECTS = (301, 302, 303, 307, 308)
_CHUNK = 65_536

AddressRule = Callable[[IpAddress], bool]


class CannotFetch(PunctualError):
    """The file at an address cannot be read."""

    hint = "Check the address in a browser, or give the picture as a file."

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address} {reason}.")


class NotPublic(CannotFetch):
    """An address is of this machine or of a private network."""

    hint = "Give the picture as a file. Punctual reads public addresses only."

    def __init__(self, address: str) -> None:
        super().__init__(address, "is no public address")


class _Blocked(OSError):
    """The host of a connection has no public address."""


def fetch(address: str, *, allowed: AddressRule = is_public, seconds: float = SECONDS) -> bytes:
    """Return the file at an address. Raises CannotFetch, NotPublic or FileTooLarge.

    Each host is looked up once, and the connection goes to the address that was checked, so that a second look-up
    cannot give another one. Redirects are followed and checked in the same way. Proxies are not used.
    """
    deadline = time.monotonic() + seconds
    at = address
    for _ in range(MAX_REDIRECTS + 1):
        _check_scheme(address, at)
        with requests.Session() as session:
            session.trust_env = False
            session.mount("http://", _Adapter(allowed, deadline))
            session.mount("https://", _Adapter(allowed, deadline))
            try:
                target = _get(session, address, at, deadline)
            except (requests.RequestException, HTTPError, OSError, UnicodeError) as error:
                raise _translated(address, error) from error
        if isinstance(target, bytes):
            return target
        at = urljoin(at, target)
    raise CannotFetch(address, "redirects too often")


def _get(session: requests.Session, address: str, at: str, deadline: float) -> bytes | str:
    """Return the content at an address, or the target of its redirect."""
    left = _left(deadline)
    headers = {"User-Agent": "Punctual", "Accept": "image/*, video/mp4", "Accept-Encoding": "identity"}
    with session.get(
        at, headers=headers, timeout=(min(CONNECT_SECONDS, left), left), allow_redirects=False, stream=True
    ) as response:
        if response.status_code in _REDIRECTS and "Location" in response.headers:
            return response.headers["Location"]
        if response.status_code != 200:
            raise CannotFetch(address, f"answers with the status {response.status_code}")
        declared = response.headers.get("Content-Length", "")
        if declared.isdecimal() and int(declared) > MAX_VIDEO_BYTES:
            raise FileTooLarge(int(declared), MAX_VIDEO_BYTES)
        if response.headers.get("Content-Type", "").startswith("text/"):
            raise CannotFetch(address, "is a page and no picture")
        return _body(response, deadline)


def _body(response: requests.Response, deadline: float) -> bytes:
    parts, size = [], 0
    while piece := response.raw.read1(_CHUNK):
        parts.append(piece)
        size += len(piece)
        if size > MAX_VIDEO_BYTES:
            raise FileTooLarge(size, MAX_VIDEO_BYTES)
        _left(deadline)
    return b"".join(parts)


def _check_scheme(address: str, at: str) -> None:
    try:
        parts = urlsplit(at)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        valid = False
    if not valid:
        raise CannotFetch(address, "is no address of a picture")


def _translated(address: str, error: Exception) -> PunctualError:
    causes: list[Any] = [error]
    for cause in causes:
        if isinstance(cause, _Blocked):
            return NotPublic(address)
        inner = [*getattr(cause, "args", ()), getattr(cause, "reason", None), cause.__cause__, cause.__context__]
        causes += [each for each in inner if isinstance(each, BaseException) and each not in causes]
    if any(isinstance(each, TimeoutError | requests.Timeout) for each in causes):
        return CannotFetch(address, "took too long to answer")
    return CannotFetch(address, "could not be reached")


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


class _Adapter(HTTPAdapter):
    def __init__(self, allowed: AddressRule, deadline: float) -> None:
        super().__init__(max_retries=0)
        self._allowed = allowed
        self._deadline = deadline

    def get_connection_with_tls_context(self, *args: Any, **options: Any) -> Any:
        pool: Any = super().get_connection_with_tls_context(*args, **options)
        connection = _TlsConnection if pool.scheme == "https" else _Connection
        pool.ConnectionCls = partial(connection, allowed=self._allowed, deadline=self._deadline)
        return pool


class _Connection(HTTPConnection):
    """A connection to an allowed address of its host."""

    def __init__(self, *args: Any, allowed: AddressRule, deadline: float, **options: Any) -> None:
        super().__init__(*args, **options)
        self._allowed = allowed
        self._deadline = deadline

    def _new_conn(self) -> socket.socket:
        found = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
        addresses = [(family, place) for family, _, _, _, place in found]
        if not all(self._allowed(parse_address(str(place[0]))) for _, place in addresses):
            raise _Blocked
        failure: OSError = OSError("the host has no address")
        for family, place in addresses:
            connection = socket.socket(family, socket.SOCK_STREAM)
            connection.settimeout(min(CONNECT_SECONDS, _left(self._deadline)))
            try:
                connection.connect(place)
            except OSError as error:
                connection.close()
                failure = error
            else:
                connection.settimeout(_left(self._deadline))
                return connection
        raise failure


class _TlsConnection(_Connection, HTTPSConnection):
    pass
