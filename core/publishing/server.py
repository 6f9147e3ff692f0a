"""The route of the posting server, which publishes signed posts."""

from collections.abc import Callable, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.errors import PunctualError
from core.publishing.lag_metrics import LagMetrics
from core.publishing.publisher import Publisher
from core.publishing.responses import (
    REQUEST_LIMIT,
    BodyTooLarge,
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
    limiter = CapacityLimiter(MAX_CONCURRENT_POSTS)

    async def publish(request: Request) -> Response:
        try:
            body = await _body(request)
            # In a thread, because reading the secrets may block. Without the limiter, so that forgeries take no slot.
            payload = await to_thread.run_sync(lambda: read_request(body, request.headers, secrets()))
            response = result_response(await to_thread.run_sync(publisher().publish, payload, limiter=limiter))
        except PunctualError as error:
            response = error_response(error)
        except ClientDisconnect:
            return Response(status_code=400)  # the framework needs a response, but nobody receives this one
        return JSONResponse(response.content, status_code=response.status, headers=response.headers)

    return Route("/publish", publish, methods=["POST"])


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
