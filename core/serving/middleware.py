"""The ASGI middleware of every server: it refuses other hosts and origins, limits bodies and sets security headers."""

from collections.abc import Callable, Collection

from starlette.requests import ClientDisconnect
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.serving.hosts import AllowedHosts, same_origin

SIGNED_PATHS = ("/publish",)
"""Paths whose requests carry a signature. They accept every `Host`: a page of another site cannot sign, and a relay may
know the server by any name."""
API_POLICY = "default-src 'none'; frame-ancestors 'none'"
"""The Content-Security-Policy of a server without pages."""
WEBSOCKET_REFUSED = 1008
"""The WebSocket close code for a violated policy (RFC 6455, 7.4.1)."""

_UNKNOWN_HOST = (
    421,
    "This address is not one of Punctual's. If it is yours, add its host name to PUNCTUAL_PUBLIC_HOSTS and restart"
    " Punctual (docs/exposing.md).\n",
)
_FOREIGN_ORIGIN = (
    403,
    "A page of another site sent this request. If a proxy is in front of Punctual, let it pass the Host header on"
    " unchanged (docs/exposing.md).\n",
)


class SecurityMiddleware:
    """Passes on only requests and WebSocket handshakes for known hosts that no page of another site sent."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Callable[[], AllowedHosts],
        max_body_bytes: int,
        policy: str = API_POLICY,
        signed_paths: Collection[str] = SIGNED_PATHS,
    ) -> None:
        """Call `hosts` for each request, because the dashboard reads its settings after it builds its routes."""
        self._app = app
        self._hosts = hosts
        self._max_body_bytes = max_body_bytes
        self._signed_paths = signed_paths
        self._headers = [
            (b"content-security-policy", policy.encode("latin-1")),
            (b"x-content-type-options", b"nosniff"),
            (b"referrer-policy", b"same-origin"),
        ]
        self._header_names = frozenset(name for name, _ in self._headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request, or pass it on."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if scope["type"] == "websocket":
            if refusal is None:
                await self._app(scope, receive, send)
            else:
                await send({"type": "websocket.close", "code": WEBSOCKET_REFUSED, "reason": refusal[1].strip()[:123]})
        else:
            await self._respond(refusal, scope, receive, self._with_headers(send))

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """Return the status and the reason to refuse a request; None if it is accepted.

        It reads the headers once: Starlette's `Headers` would search them for each name, and each post is a request.
        """
        host, origins, declared = [], [], None
        for name, value in scope["headers"]:
            if name == b"host":
                host.append(value.decode("latin-1"))
            elif name == b"origin":
                origins.append(value.decode("latin-1"))
            elif name == b"content-length" and declared is None:
                declared = value.decode("latin-1")
        signed = scope["type"] == "http" and scope["path"] in self._signed_paths
        local_address = str((scope.get("server") or ("/",))[0])
        if not signed and (len(host) != 1 or not self._hosts().accepts_host(host[0], local_address)):
            return _UNKNOWN_HOST
        if origins and not (len(origins) == len(host) == 1 and same_origin(origins[0], host[0])):
            return _FOREIGN_ORIGIN
        if scope["type"] == "http" and _bytes(declared) > self._max_body_bytes:
            return self._too_large()
        return None

    async def _respond(self, refusal: tuple[int, str] | None, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the application with a counted body, unless the request is refused or its body is too large."""
        if refusal is None:
            exchange = _Exchange(receive, send, self._max_body_bytes)
            try:
                await self._app(scope, exchange.receive, exchange.send)
            except ClientDisconnect:
                if not exchange.exceeded:
                    raise
            if not exchange.refused:
                return
            refusal = self._too_large()
        status, reason = refusal
        # The connection is closed, because the rest of the body may follow.
        await PlainTextResponse(reason, status, {"connection": "close"})(scope, receive, send)

    def _too_large(self) -> tuple[int, str]:
        return 413, f"A request is limited to {self._max_body_bytes:,} bytes.\n"

    def _with_headers(self, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                kept = [header for header in message.get("headers", ()) if header[0].lower() not in self._header_names]
                message["headers"] = [*kept, *self._headers]
            await send(message)

        return send_with_headers


class _Exchange:
    """A request and its response. After `limit` bytes of the body, the application sees a disconnected client."""

    def __init__(self, receive: Receive, send: Send, limit: int) -> None:
        self._receive = receive
        self._send = send
        self._bytes_left = limit
        self._started = False

    @property
    def exceeded(self) -> bool:
        """Whether the body was too large."""
        return self._bytes_left < 0

    @property
    def refused(self) -> bool:
        """Whether the body was too large and the application had not begun its response."""
        return self.exceeded and not self._started

    async def receive(self) -> Message:
        """Return the next part of the body."""
        message = {"type": "http.disconnect"} if self.exceeded else await self._receive()
        self._bytes_left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self.exceeded else message

    async def send(self, message: Message) -> None:
        """Pass on a part of the response, but not the application's response to the disconnection."""
        if not self.refused:
            self._started = True
            await self._send(message)


def _bytes(declared: str | None) -> int:
    """Return the number in a Content-Length header; 0 if there is none, or if the server will refuse it."""
    return int(declared) if declared is not None and declared.isdecimal() and len(declared) < 19 else 0
