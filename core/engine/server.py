"""The engine's API over HTTP, for the AWS CLI, SDKs and Terraform on this machine."""

from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.types import Receive, Scope, Send

from core.engine.api import Api, ApiResponse, error_response
from core.engine.api_errors import ApiError
from core.engine.signatures import Credentials, SignedRequest, verify
from core.time.instants import Clock

MAX_BODY_BYTES = 4 * 1024 * 1024
"""The maximum size of a body. A Target.Input of 256 KiB fits even if every character is escaped."""


class HttpApi:
    """An ASGI application that accepts only requests signed with the local key pair (SigV4)."""

    def __init__(self, api: Api, credentials: Credentials, clock: Clock) -> None:
        self._api = api
        self._credentials = credentials
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Respond to one request. The response to any error is an AWS error."""
        if scope["type"] != "http":
            return
        try:
            request = await _read(scope, receive)
            response = await run_in_threadpool(self._respond, request)
        except ApiError as error:
            response = error_response(error)
        await _send(response, send)

    def _respond(self, request: SignedRequest) -> ApiResponse:
        try:
            verify(request, self._credentials, self._clock())
        except ApiError as error:
            return error_response(error)
        return self._api.handle(request.method, request.path, request.query, request.headers, request.body)


async def _read(scope: Scope, receive: Receive) -> SignedRequest:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    if "origin" in headers or headers.get("sec-fetch-site", "none") != "none":
        raise ApiError("This interface is not for browsers.", "AccessDeniedException", 403)
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
        chunk: bytes = message.get("body", b"")
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise ApiError(f"The body is longer than {MAX_BODY_BYTES} bytes.", "RequestEntityTooLargeException", 413)
        if not message.get("more_body"):
            return body


async def _send(response: ApiResponse, send: Send) -> None:
    status, headers, body = response
    fields: list[tuple[bytes, bytes]] = [
        (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()
    ]
    fields.append((b"content-length", str(len(body)).encode()))
    start: dict[str, Any] = {"type": "http.response.start", "status": status, "headers": fields}
    await send(start)
    await send({"type": "http.response.body", "body": body})
