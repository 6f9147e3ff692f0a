"""The HTTP status of a public web page, requested so that a link in a post cannot reach a private network."""

import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from http.client import HTTPException, parse_headers
from urllib.parse import SplitResult, urljoin, urlsplit

from core.publishing.http.public_address import is_public, parse_address

SECONDS = 6.0
"""The time for all requests of one link. The lookup of a name can exceed it."""
HEAD_LIMIT = 32_768
"""The most bytes that are read of a response. The body is not read beyond its first packet."""
MAX_REDIRECTS = 5
_PORTS = {"http": 80, "https": 443}
_REDIRECTS = {301, 302, 303, 307, 308}

Resolve = Callable[[str, int], Sequence[str]]
Connect = Callable[[str, int, float], socket.socket]


class NotChecked(Exception):
    """The link was not requested, or there was no usable response. It may be sound all the same."""


def page_status(url: str) -> int | None:
    """Return the status of a page after its redirects, or None if that cannot be known.

    Only public addresses and the usual ports are contacted: each name is looked up once, and the connection goes to the
    address that was checked. No cookie, no credential and no body is sent.
    """
    return status_by(url, resolve=_resolve, connect=_connect)


def status_by(url: str, *, resolve: Resolve, connect: Connect, seconds: float = SECONDS) -> int | None:
    """Return what `page_status` does, with other ways to look up a name and to connect to an address."""
    deadline = time.monotonic() + seconds
    try:
        for _ in range(MAX_REDIRECTS + 1):
            status, location = _request(url, deadline, resolve, connect)
            if status not in _REDIRECTS or not location:
                return status
            url = urljoin(url, location)
    except (NotChecked, OSError, ValueError, HTTPException):  # an unknown status is no warning
        return None
    return None


def _request(url: str, deadline: float, resolve: Resolve, connect: Connect) -> tuple[int, str | None]:
    """Request a URL once, and return the status and the Location."""
    parts, host, port = _checked(url)
    addresses = resolve(host, port)
    if not addresses or not all(is_public(parse_address(each)) for each in addresses):
        raise NotChecked
    with connect(addresses[0], port, _left(deadline)) as plain:
        plain.settimeout(_left(deadline))
        if parts.scheme == "http":
            return _exchange(plain, parts, deadline)
        with ssl.create_default_context().wrap_socket(plain, server_hostname=host) as secure:
            return _exchange(secure, parts, deadline)


def _checked(url: str) -> tuple[SplitResult, str, int]:
    """Return the parts of a URL, its host in ASCII and its port. Raises NotChecked or ValueError."""
    parts = urlsplit(url)
    port = _PORTS.get(parts.scheme)
    if port is None or not parts.hostname or "@" in parts.netloc or parts.port not in (None, port):
        raise NotChecked
    return parts, parts.hostname.encode("idna").decode(), port


def _exchange(connection: socket.socket, parts: SplitResult, deadline: float) -> tuple[int, str | None]:
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    host = (parts.hostname or "").encode("idna").decode()
    lines = [
        f"GET {_ascii(target)} HTTP/1.1",
        f"Host: [{host}]" if ":" in host else f"Host: {host}",
        "User-Agent: Mozilla/5.0 (compatible; Punctual)",
        "Accept: text/html,*/*",
        "Connection: close",
    ]
    connection.settimeout(_left(deadline))
    connection.sendall("\r\n".join([*lines, "", ""]).encode("ascii"))
    head = b""
    while b"\r\n\r\n" not in head:
        connection.settimeout(_left(deadline))
        piece = connection.recv(4096)
        if not piece or len(head) > HEAD_LIMIT:
            raise NotChecked
        head += piece
    stream = io.BytesIO(head)
    version, _, rest = stream.readline().decode("ascii", "replace").partition(" ")
    if not version.startswith("HTTP/1."):
        raise NotChecked
    return int(rest[:3]), parse_headers(stream).get("Location")


def _ascii(target: str) -> str:
    """Return a target with the characters escaped that a request line cannot hold."""
    return "".join(each if "!" <= each <= "~" else "".join(f"%{byte:02X}" for byte in each.encode()) for each in target)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise NotChecked
    return left


def _resolve(host: str, port: int) -> list[str]:
    return [str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


def _connect(address: str, port: int, seconds: float) -> socket.socket:
    return socket.create_connection((address, port), timeout=seconds)
