"""The posting server: one route that takes a signed post and publishes it."""

import math
from collections.abc import Callable, Sequence

from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from core.errors import PunctualError
from core.publishing.publisher import Answer, Publisher
from core.publishing.signature import Forged, verify
from core.wire import PAYLOAD_LIMIT, UnreadablePayload, read_payload

BODY_LIMIT = PAYLOAD_LIMIT + 56_000
"""Bytes. No scheduler hands over more than 256 KB."""
AT_ONCE = 64
"""Posts that are published side by side; more wait their turn."""


class BodyTooLarge(PunctualError):
    """The request is larger than any post of ours."""

    hint = "Send what the relay was invoked with, and nothing more."

    def __init__(self) -> None:
        super().__init__(f"A request may hold {BODY_LIMIT:,} bytes.")


_STATUS: dict[type[PunctualError], int] = {Forged: 401, BodyTooLarge: 413, UnreadablePayload: 400}


def publish_route(publisher: Callable[[], Publisher], secrets: Callable[[], Sequence[str]]) -> Route:
    """Return `POST /publish`: verifies, publishes, and answers with each destination's result.

    200 when every destination is final, 503 with Retry-After when one is to be tried again, 401 for a wrong
    signature, 413 for too large a body, 400 for one that is not a post. `publisher` and `secrets` are asked at each
    request, since routes are made before a server has started.
    """
    limiter: list[CapacityLimiter] = []

    async def publish(request: Request) -> Response:
        limiter.append(CapacityLimiter(AT_ONCE)) if not limiter else None
        try:
            body = await _body(request)
            verify(body, request.headers, secrets())
            payload = read_payload(body)
            if request.headers["webhook-id"] != payload.occurrence_key:
                raise Forged("it was made for another occurrence")
            answer = await to_thread.run_sync(publisher().publish, payload, limiter=limiter[0])
        except PunctualError as error:
            status = _STATUS.get(type(error), 503)
            return JSONResponse({"error": str(error), "hint": error.hint}, status_code=status)
        return _answered(answer)

    return Route("/publish", publish, methods=["POST"])


async def _body(request: Request) -> bytes:
    """Read the body, but no more of it than is allowed."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY_LIMIT:
            raise BodyTooLarge
    return bytes(body)


def _answered(answer: Answer) -> Response:
    results = {"results": [verdict.as_json() for verdict in answer.verdicts]}
    if answer.final:
        return JSONResponse(results)
    wait = answer.retry_after
    headers = {"retry-after": str(math.ceil(wait.total_seconds()))} if wait else {}
    return JSONResponse(results, status_code=503, headers=headers)
