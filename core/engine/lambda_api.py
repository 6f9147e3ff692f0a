"""Lambda's Invoke for events: stores an invocation for the runner."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from core.engine.api_errors import ApiError, MalformedRequest
from core.engine.protocol import read_json
from core.engine.store import Store
from core.time.instants import Clock, epoch_ms

MAX_EVENT_BYTES = 1024 * 1024
"""The maximum size of an asynchronous invocation's payload."""

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?", re.ASCII)
_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:)?(?:\d{12}:)?(?:function:)?([a-zA-Z0-9-_.]{1,64})(:[a-zA-Z0-9-_$]+)?",
    re.ASCII,
)


class LambdaApi:
    """Accepts asynchronous invocations. An invocation of a missing function becomes a dead letter when it runs."""

    def __init__(self, store: Store, clock: Clock, *, account: str, region: str) -> None:
        self._store = store
        self._clock = clock
        self._arn = f"arn:aws:lambda:{region}:{account}:function:"

    def handles(self, path: str) -> bool:
        """Return whether a path belongs to Lambda's API."""
        return path.startswith("/2015-03-31/")

    def invoke(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Store an event invocation durably and return 202. Raises ApiError."""
        found = _PATH.fullmatch(path)
        if method != "POST" or not found:
            raise _invalid("This engine supports only Lambda's Invoke operation.")
        kind = next((value for name, value in headers.items() if name.lower() == "x-amz-invocation-type"), None)
        if kind != "Event":
            raise _invalid("This engine invokes functions as events only: set InvocationType to Event.")
        self._store.add_direct_invocation(
            self._function_arn(unquote(found[1]), query), _event(body), epoch_ms(self._clock())
        )
        return 202, {}, b""

    def _function_arn(self, name: str, query: str) -> str:
        """Return the ARN for a function's name, partial ARN or ARN, with the qualifier of the name or the query."""
        found = _NAME.fullmatch(name)
        if not found:
            raise _invalid(f"{name[:200]!r} is not a function name.")
        qualifier = "" if found[2] else "".join(f":{value}" for value in parse_qs(query).get("Qualifier", [])[:1])
        arn = name if name.startswith("arn:") else f"{self._arn}{found[1]}{found[2] or ''}"
        return arn + qualifier


def _invalid(message: str) -> ApiError:
    return ApiError(message, "InvalidParameterValueException", 400)


def _event(body: bytes) -> bytes:
    """Return the payload of a body. Raises ApiError."""
    if len(body) > MAX_EVENT_BYTES:
        too_large = f"{len(body)} byte payload is too large for the Event invocation type (limit {MAX_EVENT_BYTES})."
        raise ApiError(too_large, "RequestTooLargeException", 413)
    try:
        read_json(body or b"{}")
    except MalformedRequest as error:
        raise ApiError("Could not parse request body into json.", "InvalidRequestContentException", 400) from error
    return body or b"{}"
