"""One HTTP exchange that always ends: no redirects, a total deadline, a bounded answer."""

import functools
import http.client
import io
import json
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from email.utils import parsedate_to_datetime
from typing import Any, Self, cast

from lambda_pkg.address import Address

ANSWER_BYTES = 1_000_000
"""As much of an answer as is read."""
LONGEST_PAUSE = 86_400
"""Seconds; a Retry-After beyond a day is read as a day."""
CONNECTIONS_STAY = hasattr(socket, "TCP_QUICKACK")
"""Whether connections are used again: where the system can be told to acknowledge at once, as Linux can.

Elsewhere a further answer that leaves in two pieces, as many servers send it, is held up: the second piece waits for
the acknowledgement of the first, and that for 40 ms or more (Nagle's algorithm and delayed acknowledgements).
"""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a posting server answered. `results` is empty where the body is not one of ours."""

    status: int
    results: list[dict[str, Any]]
    retry_after: int | None


class NoAnswer(Exception):
    """No whole answer came from the posting server, for a reason that the message tells in plain words."""


class Line:
    """A line to posting servers, for one thread: each POST goes over the connection of the last one where that may be.

    To connect costs a burst as much as all the rest of the relay. But a connection that nobody uses keeps a server
    from others if it serves one after the other, so close the line as soon as nothing more is to go out.
    """

    def __init__(self) -> None:
        self._address: Address | None = None
        self._socket: socket.socket | None = None
        self._used = False  # whether an answer came over this connection

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. The line can be used again."""
        if self._socket is not None:
            with suppress(OSError):  # it is given back to the system all the same
                self._socket.close()
        self._socket, self._used = None, False

    def connect(self, address: Address, *, seconds: float) -> None:
        """Have a connection to where the next POST goes, a new one unless the last one leads there.

        Raises NoAnswer, also when it takes longer than `seconds` for one IP address.
        """
        if self._socket is not None and not (self._leads_to(address) and _is_quiet(self._socket)):
            self.close()
        self._address = address
        if self._socket is None:
            self._socket = _connected(address, seconds)

    def post(self, body: bytes, headers: Mapping[str, str], *, seconds: float, now: Callable[[], float]) -> Answer:
        """POST `body` to where `connect` leads and read the answer, whatever its status.

        Where the server ends a connection that was used before without a word, the POST goes over a new one: it may
        have arrived, but a repeat is known by its webhook-id. `now` answers epoch seconds, for a Retry-After that is a
        date. Raises NoAnswer, also after `seconds`.
        """
        if self._address is None:
            raise ValueError("connect comes before post")
        ends = time.monotonic() + seconds
        try:
            return self._exchange(self._address, body, headers, ends, now)
        except _EndedMeanwhile:
            self.connect(self._address, seconds=max(0.001, ends - time.monotonic()))
            return self._exchange(self._address, body, headers, ends, now)

    def _leads_to(self, address: Address) -> bool:
        return self._address is not None and replace(self._address, target=address.target) == address

    def _exchange(
        self, address: Address, body: bytes, headers: Mapping[str, str], ends: float, now: Callable[[], float]
    ) -> Answer:
        if self._socket is None:
            raise ValueError("connect comes before each post")
        waiting, stays = _Deadline(self._socket, ends), False
        try:
            waiting.send(_head(address, body, headers) + body)
            with http.client.HTTPResponse(cast("socket.socket", waiting), method="POST") as response:
                response.begin()
                content = response.read(ANSWER_BYTES)
                if response.length and len(content) < ANSWER_BYTES:
                    raise http.client.IncompleteRead(content, response.length)
                stays = CONNECTIONS_STAY and response.isclosed() and not response.will_close
        except (OSError, http.client.HTTPException) as error:
            if self._used and not waiting.heard and isinstance(error, ConnectionError | ssl.SSLError):
                raise _EndedMeanwhile from error
            raise NoAnswer(_no_answer(error, address)) from error
        finally:
            if not stays:
                self.close()
        self._used = stays
        return Answer(
            status=response.status,
            results=_results(content),
            retry_after=_pause(response.getheader("Retry-After", ""), now),
        )


class _EndedMeanwhile(Exception):
    """The server has ended a connection that was used before, and answered nothing."""


def _connected(address: Address, seconds: float) -> socket.socket:
    try:
        connected = socket.create_connection((address.host, address.port), seconds)
        try:
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # the end of a request waits for no ACK
            return tls().wrap_socket(connected, server_hostname=address.host) if address.secure else connected
        except BaseException:
            connected.close()
            raise
    except (OSError, ValueError) as error:  # a host that is no name, as in a..b, is a ValueError
        raise NoAnswer(_no_connection(error, address)) from error


def _is_quiet(connected: socket.socket) -> bool:
    """Tell whether a server has said nothing since its answer: neither that it hangs up, nor what nobody asked for."""
    connected.settimeout(0)
    try:
        socket.socket.recv(connected, 1, socket.MSG_PEEK)  # below TLS, too
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _head(address: Address, body: bytes, headers: Mapping[str, str]) -> bytes:
    """Return a request's first lines; http.client writes the same ones, seven times as slowly."""
    fields = {
        "Host": address.authority,
        "Accept-Encoding": "identity",
        "Content-Length": str(len(body)),
        "Connection": "keep-alive" if CONNECTIONS_STAY else "close",
        **headers,
    }
    lines = [f"POST {address.target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("ascii")


class _Deadline(io.RawIOBase):
    """A connected socket whose every wait ends at one instant (time.monotonic), as http.client reads from a socket.

    A socket's own timeout starts again with each byte, so a server that trickles would never run into it.
    """

    def __init__(self, connected: socket.socket, ends: float) -> None:
        self._socket = connected
        self._ends = ends
        self.heard = False
        """Whether any of an answer came."""

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
        count = self._socket.recv_into(buffer)
        self.heard = self.heard or count > 0
        if CONNECTIONS_STAY:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)  # it holds for a moment only
        return count

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
