"""Lambda's Invoke, for events: the invocation is stored, and the runner carries it out."""

import re
from collections.abc import Mapping
from urllib.parse import parse_qs, unquote

from core.engine.api_errors import ApiFault, Unreadable
from core.engine.protocol import read_json
from core.engine.store import Store
from core.engine.timing import milliseconds
from core.time.instants import Clock

MOST_PAYLOAD = 1024 * 1024
"""Bytes that an asynchronous invocation's payload may have."""

_PATH = re.compile(r"/2015-03-31/functions/([^/]+)/invocations/?", re.ASCII)
_NAME = re.compile(
    r"(?:arn:aws[a-zA-Z-]*:lambda:[a-z0-9-]+:)?(?:\d{12}:)?(?:function:)?([a-zA-Z0-9-_.]{1,64})(:[a-zA-Z0-9-_$]+)?",
    re.ASCII,
)


class InvalidInvocation(ApiFault):
    """The invocation cannot be taken as it is."""

    code = "InvalidParameterValueException"
    status = 400


class NoJson(ApiFault):
    """The payload is not JSON."""

    code = "InvalidRequestContentException"
    status = 400


class TooLarge(ApiFault):
    """The payload is too long."""

    code = "RequestTooLargeException"
    status = 413


class Functions:
    """Takes asynchronous invocations. Whether the function exists shows when it is invoked."""

    def __init__(self, store: Store, clock: Clock, *, account: str, region: str) -> None:
        self._store = store
        self._clock = clock
        self._arn = f"arn:aws:lambda:{region}:{account}:function:"

    def meant_by(self, path: str) -> bool:
        """Tell whether a path is one of Lambda's."""
        return path.startswith("/2015-03-31/")

    def invoke(
        self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        """Store an event invocation durably, and answer 202."""
        found = _PATH.fullmatch(path)
        if method != "POST" or not found:
            raise InvalidInvocation("Of Lambda's operations, this engine has Invoke alone.")
        kind = next((value for name, value in headers.items() if name.lower() == "x-amz-invocation-type"), None)
        if kind != "Event":
            raise InvalidInvocation("This engine invokes functions as events only: set InvocationType to Event.")
        self._store.invoke(self._function_arn(unquote(found[1]), query), _payload(body), milliseconds(self._clock()))
        return 202, {}, b""

    def _function_arn(self, name: str, query: str) -> str:
        """Return the ARN of a function given by its name, a part of its ARN, or all of it."""
        found = _NAME.fullmatch(name)
        if not found:
            raise InvalidInvocation(f"{name[:200]!r} names no function.")
        qualifier = "" if found[2] else "".join(f":{value}" for value in parse_qs(query).get("Qualifier", [])[:1])
        arn = name if name.startswith("arn:") else f"{self._arn}{found[1]}{found[2] or ''}"
        return arn + qualifier


def _payload(body: bytes) -> bytes:
    if len(body) > MOST_PAYLOAD:
        raise TooLarge(f"{len(body)} byte payload is too large for the Event invocation type (limit {MOST_PAYLOAD}).")
    try:
        read_json(body or b"{}")
    except Unreadable as error:
        raise NoJson("Could not parse request body into json.") from error
    return body or b"{}"
