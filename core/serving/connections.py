"""uvicorn's HTTP connections with limits on their number, their headers and the time that a client takes to send."""

import asyncio
import logging
from collections import Counter
from itertools import count
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from core.serving.limits import ConnectionLimits

log = logging.getLogger(__name__)

SWEEP_SECONDS = 1.0
LOG_SECONDS = 60.0
"""Refused connections are counted, and logged in one line per interval."""
_turns = count()
_HEADERS_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
_TOO_MANY_WEBSOCKETS = b"HTTP/1.1 503 Service Unavailable\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"


class Connections:
    """The open connections of one server.

    When there are too many, the one that has waited longest for its client is closed, so that a client which sends its
    request at once is always served. A connection whose request has arrived completely is never closed.
    """

    def __init__(self, limits: ConnectionLimits) -> None:
        self.limits = limits
        self._open: set[Any] = set()  # uvicorn's own set, which also holds the WebSockets
        self._closed: Counter[str] = Counter()
        self._logged_at: float | None = None
        self._sweeping = False

    def admit(self, new: "LimitedHttpProtocol") -> None:
        """Count a new connection, and close one if there are too many."""
        self._open = new.connections
        if len(self._open) > self.limits.connections:
            waiting = [other for other in self._limited() if other is not new and other.awaits_client]
            self.close(min(waiting, key=LimitedHttpProtocol.priority, default=new), "over the limit")
        if not self._sweeping:
            self._sweeping = True
            new.loop.call_later(SWEEP_SECONDS, self._sweep, new.loop)

    def admits_websocket(self) -> bool:
        """Return whether there may be another WebSocket."""
        return sum(not isinstance(other, LimitedHttpProtocol) for other in self._open) < self.limits.websockets

    def close(self, connection: "LimitedHttpProtocol", reason: str, response: bytes = b"") -> None:
        """Close a connection, and count it for the log."""
        self._closed[reason] += 1
        self._open.discard(connection)
        if response:
            connection.transport.write(response)
            connection.transport.close()
        else:
            connection.transport.abort()

    def _limited(self) -> list["LimitedHttpProtocol"]:
        return [other for other in self._open if isinstance(other, LimitedHttpProtocol)]

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        """Close the connections that are too slow, write the log line, and come again while anything is left."""
        for connection in self._limited():
            if connection.is_too_slow():
                self.close(connection, "too slow")
        self._log(loop.time())
        self._sweeping = bool(self._open or self._closed)
        if self._sweeping:
            loop.call_later(SWEEP_SECONDS, self._sweep, loop)

    def _log(self, now: float) -> None:
        if not self._closed or (self._logged_at is not None and now < self._logged_at + LOG_SECONDS):
            return
        self._logged_at = now
        counts = ", ".join(f"{count} {reason}" for reason, count in self._closed.items())
        log.warning(
            "Closed connections: %s. This server keeps %d connections open at most, a quarter of the files that the"
            " process may open (ulimit -n).",
            counts,
            self.limits.connections,
        )
        self._closed.clear()


class LimitedHttpProtocol(HttpToolsProtocol):
    """One connection, within the limits of `shared`, which `limited_protocol` sets."""

    shared: Connections

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._begin_wait()
        self._served = False
        self._header_bytes = 0

    @property
    def awaits_client(self) -> bool:
        """Whether the client has to send the next bytes: headers, the rest of a body, or a further request."""
        return not self.transport.is_closing() and (self._awaits_headers or bool(self.cycle.more_body))

    @property
    def _awaits_headers(self) -> bool:
        return self.cycle is None or self.cycle.response_complete

    def priority(self) -> tuple[bool, int]:
        """Return the key of the order in which connections are closed: those without any request first."""
        return self._served, self._turn

    def is_too_slow(self) -> bool:
        """Return whether the client takes too long. uvicorn closes the connections between two requests itself."""
        limits, now = self.shared.limits, self.loop.time()
        if self._idle or not self.awaits_client:
            return False
        if self._awaits_headers:
            return now >= self._since + limits.header_seconds
        if now < self._since + limits.body_seconds or self.flow.read_paused:
            return False
        too_slow = self._received < limits.body_bytes
        self._begin_wait()
        return too_slow

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Count the connection."""
        super().connection_made(transport)
        self.shared.admit(self)

    def data_received(self, data: bytes) -> None:
        """Parse what the client has sent."""
        if self.transport.is_closing():
            return
        awaited_headers = self._awaits_headers
        if self._idle:
            self._begin_wait()
        self._received += len(data)
        super().data_received(data)
        if awaited_headers and not self._awaits_headers:
            self._begin_wait()  # for the body
        elif self._awaits_headers and self._received > self.shared.limits.header_bytes:
            self._refuse_headers()

    def on_message_begin(self) -> None:
        """Start a request."""
        super().on_message_begin()
        self._header_bytes = 0

    def on_header(self, name: bytes, value: bytes) -> None:
        """Keep a header. Raises OverflowError if they are too large, which the parser reports as an invalid request."""
        super().on_header(name, value)
        self._header_bytes += len(name) + len(value)
        if self._header_bytes > self.shared.limits.header_bytes:
            raise OverflowError("the headers are too large")

    def send_400_response(self, msg: str) -> None:
        """Refuse an invalid request."""
        if self._header_bytes > self.shared.limits.header_bytes:
            self._refuse_headers()
        else:
            super().send_400_response(msg)

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        if self._awaits_headers:
            self._begin_wait()
            self._served = self._idle = True

    def handle_websocket_upgrade(self) -> None:
        """Hand the connection over to a WebSocket, if there may be another one."""
        if self.shared.admits_websocket():
            super().handle_websocket_upgrade()
        else:
            self.shared.close(self, "over the limit of WebSockets", _TOO_MANY_WEBSOCKETS)

    def _begin_wait(self) -> None:
        self._since, self._turn = self.loop.time(), next(_turns)  # uvloop's clock ticks only once a millisecond
        self._received, self._idle = 0, False

    def _refuse_headers(self) -> None:
        self.shared.close(self, "with too large headers", _HEADERS_TOO_LARGE)


def limited_protocol(limits: ConnectionLimits) -> type[LimitedHttpProtocol]:
    """Return the protocol class of one server."""
    return type("LimitedHttpProtocol", (LimitedHttpProtocol,), {"shared": Connections(limits)})


def limit_connections_of_streamlit(limits: ConnectionLimits) -> None:
    """Give every server of this process that uvicorn's HttpToolsProtocol serves the limits.

    Streamlit builds its own uvicorn.Config, without a parameter for the protocol, and has chosen the class before it
    imports the dashboard. So the constructor of that class makes the limited one.
    """
    limited = limited_protocol(limits)

    def limit(cls: type[HttpToolsProtocol], *args: Any, **options: Any) -> HttpToolsProtocol:
        return object.__new__(limited if cls is HttpToolsProtocol else cls)

    HttpToolsProtocol.__new__ = limit  # type: ignore[method-assign, assignment]
