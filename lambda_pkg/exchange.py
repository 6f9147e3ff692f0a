"""One HTTP exchange that always ends: no redirects, a total deadline, a bounded answer."""

import functools
import http.client
import io
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, Self, cast

from lambda_pkg.address import Address

ANSWER_BYTES = 1_000_000
"""As much of an answer as is read."""
LONGEST_PAUSE = 86_400
"""Seconds; a Retry-After beyond a day is read as a day."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a posting server answered. `results` is empty where the body is not one of ours."""

    status: int
    results: list[dict[str, Any]]
    retry_after: int | None


class NoAnswer(Exception):
    """No whole answer came from the posting server, for a reason that the message tells in plain words."""


class Exchange:
    """A connection to a posting server, open for one POST. Use it in a `with` statement."""

    def __init__(self, address: Address, *, connect_seconds: float, answer_seconds: float) -> None:
        """Connect. Raises NoAnswer, also when it takes longer than `connect_seconds` for one IP address."""
        self._address = address
        self._answer_seconds = answer_seconds
        try:
            self._socket = socket.create_connection((address.host, address.port), connect_seconds)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the end of a request waits for no ACK
            if address.secure:
                self._socket = tls().wrap_socket(self._socket, server_hostname=address.host)
        except (OSError, ValueError) as error:  # a host that is no name, as in a..b, is a ValueError
            raise NoAnswer(_no_connection(error, address)) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def post(self, body: bytes, headers: Mapping[str, str], *, now: Callable[[], float]) -> Answer:
        """POST `body` and read the answer, whatever its status.

        `now` answers epoch seconds, for a Retry-After that is a date. Raises NoAnswer, also after `answer_seconds`.
        """
        waiting = _Deadline(self._socket, time.monotonic() + self._answer_seconds)
        try:
            waiting.send(self._head(body, headers) + body)
            with http.client.HTTPResponse(cast("socket.socket", waiting), method="POST") as response:
                response.begin()
                content = response.read(ANSWER_BYTES)
                if response.length and len(content) < ANSWER_BYTES:
                    raise http.client.IncompleteRead(content, response.length)
        except (OSError, http.client.HTTPException) as error:
            raise NoAnswer(_no_answer(error, self._address)) from error
        return Answer(
            status=response.status,
            results=_results(content),
            retry_after=_pause(response.getheader("Retry-After", ""), now),
        )

    def _head(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Return a request's first lines; http.client writes the same ones, seven times as slowly."""
        fields = {
            "Host": self._address.authority,
            "Accept-Encoding": "identity",
            "Content-Length": str(len(body)),
            "Connection": "close",
            **headers,
        }
        lines = [f"POST {self._address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class _Deadline(io.RawIOBase):
    """A connected socket whose every wait ends at one instant (time.monotonic), as http.client reads from a socket.

    A socket's own timeout starts again with each byte, so a server that trickles would never run into it.
    """

    def __init__(self, connected: socket.socket, ends: float) -> None:
        self._socket = connected
        self._ends = ends

    def send(self, data: bytes) -> None:
        """Send all of it."""
        rest = memoryview(data)
        while rest:
            self._limit()
            rest = rest[self._socket.send(rest) :]

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._limit()
        return self._socket.recv_into(buffer)

    def _limit(self) -> None:
        left = self._ends - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left)


@functools.cache
def tls() -> ssl.SSLContext:
    """Return the settings for https, verified by the system's authorities. Loading those takes tens of milliseconds."""
    return ssl.create_default_context()


def _results(content: bytes) -> list[dict[str, Any]]:
    try:
        answer = json.loads(content)
    except (ValueError, RecursionError):
        return []
    results = answer.get("results") if isinstance(answer, dict) else None
    return [result for result in results if isinstance(result, dict)] if isinstance(results, list) else []


def _pause(retry_after: str, now: Callable[[], float]) -> int | None:
    """Seconds asked for by a Retry-After header (RFC 9110, 10.2.3: seconds or a date); None for anything else."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(int(text[:9]), LONGEST_PAUSE)
    try:
        until = parsedate_to_datetime(text).timestamp()
    except ValueError:
        return None
    return min(max(0, round(until - now())), LONGEST_PAUSE)


def _no_connection(error: Exception, address: Address) -> str:
    if isinstance(error, ssl.SSLCertVerificationError):  # which is a ValueError, too
        return f"The certificate of {address} is not valid for it. Renew it, or correct the posting URL."
    if isinstance(error, socket.gaierror | ValueError):
        return f"No address was found for {address.host}. Check the posting URL and this machine's network."
    if isinstance(error, ConnectionRefusedError):
        return f"Nothing listens at {address}. Start the posting server, or correct the posting URL."
    if isinstance(error, TimeoutError):
        return f"{address} could not be reached in time. Check the posting URL and the network between."
    return f"No connection to {address} could be made. Check the posting URL and the network between."


def _no_answer(error: Exception, address: Address) -> str:
    if isinstance(error, TimeoutError):
        return f"{address} took the request but did not answer in time. Look into the posting server's log."
    return f"{address} ended the connection without a whole answer. Look into the posting server's log."
