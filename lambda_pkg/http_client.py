"""One HTTP request that always ends: no redirects, a total deadline, a bounded response."""

import functools
import io
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from lambda_pkg.address import Address
from lambda_pkg.http_response import InvalidResponse, read_response
from lambda_pkg.retry_after import parse_retry_after

MAX_RESPONSE_BYTES = 1_000_000
"""The client ignores the rest of a longer response body."""
REUSES_CONNECTIONS = hasattr(socket, "TCP_QUICKACK")
"""Whether a connection serves several requests. It does where the system can acknowledge at once, as on Linux.

Many servers send a response in two segments. On a reused connection, Nagle's algorithm holds the second one until the
first is acknowledged, and a delayed acknowledgement takes 40 ms or more.
"""


@dataclass(frozen=True, kw_only=True)
class PostingResponse:
    """A posting server's response. `results` is empty unless the body has our format; `retry_after` is in seconds."""

    status: int
    results: list[dict[str, Any]]
    retry_after: int | None


class NoResponse(Exception):
    """The posting server sent no complete response. The message states the cause and the remedy."""


class Connection:
    """A connection to posting servers, for one thread. Successive requests to one server share it where possible.

    Connecting costs as much as all other work of the relay. An idle connection blocks a server that serves one
    connection at a time, so close it when no further post is due.
    """

    def __init__(self) -> None:
        self._address: Address | None = None
        self._socket: socket.socket | None = None
        self._used = False  # whether a response came over this socket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket. The next `connect` opens another."""
        if self._socket is not None:
            with suppress(OSError):  # the system frees the socket anyway
                self._socket.close()
        self._socket, self._used = None, False

    def connect(self, address: Address, *, seconds: float) -> None:
        """Connect to the server of the next request, or keep the socket that is connected to it.

        Raises NoResponse, also if connecting to one IP address takes longer than `seconds`.
        """
        same = self._address is not None and self._address.has_server_of(address)
        if self._socket is not None and not (same and _is_idle(self._socket)):
            self.close()
        self._address = address
        if self._socket is None:
            self._socket = _open_socket(address, seconds)

    def post(
        self, body: bytes, headers: Mapping[str, str], *, seconds: float, now: Callable[[], datetime]
    ) -> PostingResponse:
        """POST `body` to the connected address and return the response, whatever its status.

        If the server closed a reused connection without a response, the request goes over a new one. The server may
        receive it twice; it knows a repetition by its webhook-id. `now` is the clock for a Retry-After date.
        Raises NoResponse, also after `seconds`.
        """
        if self._address is None:
            raise ValueError("connect comes before post")
        deadline = time.monotonic() + seconds
        try:
            return self._send(self._address, body, headers, deadline, now)
        except _ConnectionExpired:
            self.connect(self._address, seconds=max(0.001, deadline - time.monotonic()))
            return self._send(self._address, body, headers, deadline, now)

    def _send(
        self, address: Address, body: bytes, headers: Mapping[str, str], deadline: float, now: Callable[[], datetime]
    ) -> PostingResponse:
        if self._socket is None:
            raise ValueError("connect comes before each post")
        stream, reusable = _DeadlineStream(self._socket, deadline), False
        try:
            stream.send(_request_head(address, body, headers) + body)
            response = read_response(io.BufferedReader(stream), max_bytes=MAX_RESPONSE_BYTES)
            reusable = REUSES_CONNECTIONS and response.reusable
        except (OSError, InvalidResponse) as error:
            if self._used and not stream.received and isinstance(error, ConnectionError | ssl.SSLError):
                raise _ConnectionExpired from error
            raise NoResponse(_response_failure(error, address)) from error
        finally:
            if not reusable:
                self.close()
        self._used = reusable
        return PostingResponse(
            status=response.status,
            results=_results(response.body),
            retry_after=_retry_after(response.headers.get("retry-after"), now),
        )


class _ConnectionExpired(Exception):
    """The server closed a reused connection and sent no response."""


def _open_socket(address: Address, seconds: float) -> socket.socket:
    try:
        opened = socket.create_connection((address.host, address.port), seconds)
        try:
            opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the last segment need not wait for an ACK
            return tls_context().wrap_socket(opened, server_hostname=address.host) if address.secure else opened
        except BaseException:
            opened.close()
            raise
    except (OSError, ValueError) as error:  # an invalid host name, such as a..b, raises ValueError
        raise NoResponse(_connect_failure(error, address)) from error


def _is_idle(opened: socket.socket) -> bool:
    """Return whether the server sent nothing that a post must not follow: neither a close nor unexpected data."""
    opened.settimeout(0)
    try:
        opened.recv(1)
    except (BlockingIOError, ssl.SSLWantReadError):  # a server may send TLS tickets after the handshake
        return True
    except OSError:
        return False
    return False


def _request_head(address: Address, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return the request line and the headers; http.client writes the same bytes in seven times the time."""
    fields = {
        "Host": address.authority,
        "Accept-Encoding": "identity",
        "Content-Length": str(len(body)),
        "Connection": "keep-alive" if REUSES_CONNECTIONS else "close",
        **headers,
    }
    lines = [f"POST {address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class _DeadlineStream(io.RawIOBase):
    """A socket whose reads and writes share one deadline, in time.monotonic seconds.

    A socket's own timeout starts again with each byte, so a server that sends single bytes would never exceed it.
    """

    def __init__(self, opened: socket.socket, deadline: float) -> None:
        self._socket = opened
        self._deadline = deadline
        self.received = False
        """Whether any byte of a response came."""

    def send(self, data: bytes) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            self._set_timeout()
            rest = rest[self._socket.send(rest) :]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._set_timeout()
        count = self._socket.recv_into(buffer)
        self.received = self.received or count > 0
        if REUSES_CONNECTIONS:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # the system resets it soon
        return count

    def _set_timeout(self) -> None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Return the TLS settings, which trust the system's authorities. Loading them takes tens of milliseconds."""
    return ssl.create_default_context()


def _results(content: bytes) -> list[dict[str, Any]]:
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return []
    results = body.get("results") if isinstance(body, dict) else None
    return [result for result in results if isinstance(result, dict)] if isinstance(results, list) else []


def _retry_after(header: str | None, now: Callable[[], datetime]) -> int | None:
    wait = parse_retry_after(header, now()) if header else None
    return None if wait is None else round(wait.total_seconds())


def _connect_failure(error: Exception, address: Address) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):  # before ValueError, which is one of its bases
        return f"The certificate of {address} is not valid for it. Renew it, or correct the posting URL."
    if isinstance(error, socket.gaierror | ValueError):
        return f"No address was found for {address.host}. Check the posting URL and this machine's network."
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at {address}. Start the posting server, or correct the posting URL."
    if isinstance(error, TimeoutError):
        return f"{address} could not be reached in time. Check the posting URL and the network between."
    reason = f": {error.strerror}" if isinstance(error, OSError) and error.strerror else ""
    return f"No connection to {address} could be made{reason}. Check the posting URL and the network between."


def _response_failure(error: Exception, address: Address) -> str:
    if isinstance(error, TimeoutError):
        return f"{address} received the request but did not answer in time. Check the posting server's log."
    return f"{address} closed the connection before a complete response. Check the posting server's log."
