"""The routes of the posting server, which publishes signed posts, and uploads their media ahead."""

from collections.abc import Callable, Mapping, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.errors import PunctualError
from core.publishing.lag_metrics import LagMetrics
from core.publishing.preparer import Preparer
from core.publishing.publisher import Publisher
from core.publishing.server_messages import (
    REQUEST_LIMIT,
    BodyTooLarge,
    ServerResponse,
    error_response,
    preparation_response,
    read_request,
    result_response,
)
from lambda_pkg.prepare import PREPARE_ID_PREFIX, PREPARE_PATH

MAX_CONCURRENT_POSTS = 64
"""Further posts wait for one of these to finish. A destination that hangs never has so many: see `bulkheads`."""
MAX_CONCURRENT_PREPARATIONS = 8
"""Further requests to prepare wait. Posts do not wait for them."""
PROMETHEUS_TEXT = "text/plain; version=0.0.4"


def publish_route(publisher: Callable[[], Publisher], secrets: Callable[[], Sequence[str]]) -> Route:
    """Return the route `POST /publish`, which responds with the result of each destination.

    It calls `publisher` and `secrets` for each request, because routes are built before the server starts.
    """

    def respond(body: bytes, headers: Mapping[str, str]) -> ServerResponse:
        return result_response(publisher().publish(read_request(body, headers, secrets())))

    return Route("/publish", _PostingServer(respond, MAX_CONCURRENT_POSTS), methods=["POST"])


def prepare_route(preparer: Callable[[], Preparer], secrets: Callable[[], Sequence[str]]) -> Route:
    """Return the route `POST /prepare`, which uploads the media of a signed post and publishes nothing."""

    def respond(body: bytes, headers: Mapping[str, str]) -> ServerResponse:
        payload = read_request(body, headers, secrets(), id_prefix=PREPARE_ID_PREFIX)
        return preparation_response(preparer().prepare(payload))

    return Route(PREPARE_PATH, _PostingServer(respond, MAX_CONCURRENT_PREPARATIONS), methods=["POST"])


class _PostingServer:
    """An ASGI application, because Starlette's wrapper of a function does more work for each post."""

    def __init__(self, respond: Callable[[bytes, Mapping[str, str]], ServerResponse], concurrency: int) -> None:
        """Call `respond`, which may block, in one thread for each request: each change of the thread costs time."""
        self._respond = respond
        self._limiter = CapacityLimiter(concurrency)

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
