"""The route of the posting server, which publishes signed posts."""

from collections.abc import Callable, Mapping, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.errors import PunctualError
from core.publishing.lag_metrics import LagMetrics
from core.publishing.publisher import Publisher
from core.publishing.responses import (
    REQUEST_LIMIT,
    BodyTooLarge,
    ServerResponse,
    error_response,
    read_request,
    result_response,
)

MAX_CONCURRENT_POSTS = 64
"""Further posts wait for one of these to finish. A destination that hangs never has so many: see `bulkheads`."""
PROMETHEUS_TEXT = "text/plain; version=0.0.4"


def publish_route(publisher: Callable[[], Publisher], secrets: Callable[[], Sequence[str]]) -> Route:
    """Return the route `POST /publish`, which responds with the result of each destination.

    It calls `publisher` and `secrets` for each request, because routes are built before the server starts.
    """
    return Route("/publish", _PostingServer(publisher, secrets), methods=["POST"])


class _PostingServer:
    """An ASGI application, because Starlette's wrapper of a function costs as much as the verification of a post."""

    def __init__(self, publisher: Callable[[], Publisher], secrets: Callable[[], Sequence[str]]) -> None:
        self._publisher = publisher
        self._secrets = secrets
        self._limiter = CapacityLimiter(MAX_CONCURRENT_POSTS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            body = await _body(request)
            response = await to_thread.run_sync(self._respond, body, request.headers, limiter=self._limiter)
        except PunctualError as error:
            response = error_response(error)
        except ClientDisconnect:
            await Response(status_code=400)(scope, receive, send)  # the framework needs one, but nobody receives it
            return
        await JSONResponse(response.content, response.status, response.headers)(scope, receive, send)

    def _respond(self, body: bytes, headers: Mapping[str, str]) -> ServerResponse:
        """Verify and publish. Both may block, and each change of the thread costs about 0.1 ms."""
        return result_response(self._publisher().publish(read_request(body, headers, self._secrets())))


def metrics_route(lag_metrics: LagMetrics) -> Route:
    """Return the route `GET /metrics` for Prometheus. Its server must listen on loopback: it asks for no password."""

    async def metrics(request: Request) -> Response:
        return PlainTextResponse(lag_metrics.render(), media_type=PROMETHEUS_TEXT)

    return Route("/metrics", metrics, methods=["GET"])


async def _body(request: Request) -> bytes:
    """Return the body. Raises BodyTooLarge as soon as it exceeds the limit."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > REQUEST_LIMIT:
            raise BodyTooLarge
    return bytes(body)
