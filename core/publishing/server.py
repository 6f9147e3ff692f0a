"""The posting server: one route that takes a signed post and publishes it."""

from collections.abc import Callable, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import PunctualError
from core.publishing.publisher import Publisher
from core.publishing.responses import BODY_LIMIT, BodyTooLarge, Reply, accept, answered, refused

AT_ONCE = 64
"""Posts that are published side by side; more wait their turn."""


def publish_route(publisher: Callable[[], Publisher], secrets: Callable[[], Sequence[str]]) -> Route:
    """Return `POST /publish`: verifies, publishes, and answers with each destination's result, as core.publishing.responses
    says. `publisher` and `secrets` are asked at each request, since routes are made before a server has started.
    """
    limiter = CapacityLimiter(AT_ONCE)

    async def publish(request: Request) -> Response:
        try:
            body = await _body(request)
            # In a thread, since secrets may have to be read; without the limiter, since a forgery waits for nobody.
            payload = await to_thread.run_sync(lambda: accept(body, request.headers, secrets()))
            reply = answered(await to_thread.run_sync(publisher().publish, payload, limiter=limiter))
        except PunctualError as error:
            reply = refused(error)
        except ClientDisconnect:  # nobody reads this answer
            return Response(status_code=400)
        return _sent(reply)

    return Route("/publish", publish, methods=["POST"])


async def _body(request: Request) -> bytes:
    """Read the body, but no more of it than is allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
    return bytes(body)


def _sent(reply: Reply) -> Response:
    return JSONResponse(reply.content, status_code=reply.status, headers=reply.headers)
