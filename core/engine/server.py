"""The engine's API over HTTP, for the AWS CLI and other tools on this machine."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from core.engine.api import Answer, Api, fault_answer
from core.engine.api_errors import ApiFault
from core.engine.signatures import Credentials, SignedRequest, verify
from core.time.instants import Clock

MOST_BYTES = 4 * 1024 * 1024
"""The longest body that is read: Target.Input's 256 KB, every character of it escaped, and room beside it."""


class TooLarge(ApiFault):
    """The body is longer than any valid request's."""

    code = "RequestEntityTooLargeException"
    status = 413


class ForeignOrigin(ApiFault):
    """A browser sent the request for a page of another server."""

    code = "AccessDeniedException"
    status = 403


class Face:
    """An ASGI application that answers requests signed with the local key pair (SigV4), and nobody else's."""

    def __init__(self, api: Api, credentials: Credentials, clock: Clock) -> None:
        self._api = api
        self._credentials = credentials
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; faults of any kind are AWS errors."""
        if scope["type"] != "http":
            return
        try:
            request = await _read(scope, receive)
            answer = await run_in_threadpool(self._answer, request)
        except ApiFault as fault:
            answer = fault_answer(fault)
        await _send(answer, send)

    def _answer(self, request: SignedRequest) -> Answer:
        try:
            verify(request, self._credentials, self._clock())
        except ApiFault as fault:
            return fault_answer(fault)
        return self._api.answer(request.method, request.path, request.query, request.headers, request.body)


async def _read(scope: Scope, receive: Receive) -> SignedRequest:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        raise ForeignOrigin("This interface is not for browsers.")
    return SignedRequest(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=await _body(receive),
    )


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        piece: bytes = message.get("body", b"")
        body += piece
        if len(body) > MOST_BYTES:
            raise TooLarge(f"The body is longer than {MOST_BYTES} bytes.")
        if not message.get("more_body"):
            return body


async def _send(answer: Answer, send: Send) -> None:
    status, headers, body = answer
    fields: list[tuple[bytes, bytes]] = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]
    fields.append((b"content-length", str(len(body)).encode()))
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": fields}
    await send(start)
    await send({"type": "http.response.body", "body": body})
