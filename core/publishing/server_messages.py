"""Requests and responses of the posting server, the same for its route in `server` and for its function on AWS."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import PunctualError
from core.posts.destinations import Destination
from core.posts.payload import PAYLOAD_LIMIT, Payload, UnreadablePayload, read_payload
from core.publishing.content_checks import ControlCharacter, check_control_characters
from core.publishing.publisher import OccurrenceResult
from core.publishing.signature import InvalidSignature, verify

REQUEST_LIMIT = PAYLOAD_LIMIT + 56_000
"""Bytes. A scheduler delivers at most 256 KB."""


class BodyTooLarge(PunctualError):
    """The request exceeds REQUEST_LIMIT."""

    hint = "Send only the event of the relay."

    def __init__(self) -> None:
        super().__init__(f"A request is limited to {REQUEST_LIMIT:,} bytes.")


@dataclass(frozen=True, kw_only=True)
class ServerResponse:
    """An HTTP response: its status, the object in its JSON body, and its headers beyond those of any JSON response."""

    status: int
    content: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


_STATUS: dict[type[PunctualError], int] = {
    InvalidSignature: 401,
    BodyTooLarge: 413,
    UnreadablePayload: 400,
    ControlCharacter: 400,
}


def read_request(body: bytes, headers: Mapping[str, str], secrets: Sequence[str], *, id_prefix: str = "") -> Payload:
    """Verify a signed request and return its payload. The names of `headers` are in lower case.

    The webhook-id is the occurrence key after `id_prefix`, so a request of one kind is invalid as one of another kind.
    Raises BodyTooLarge, InvalidSignature, UnreadablePayload or ControlCharacter.
    """
    if len(body) > REQUEST_LIMIT:
        raise BodyTooLarge
    verify(body, headers, secrets)
    payload = read_payload(body)
    if headers["webhook-id"] != f"{id_prefix}{payload.occurrence_key}":
        raise InvalidSignature("it belongs to another occurrence")
    for text in (payload.text, *payload.variants.values()):
        check_control_characters(text)
    return payload


def result_response(occurrence: OccurrenceResult) -> ServerResponse:
    """Return the response with each destination's result: 200 if all are final, else 503, with Retry-After if known."""
    content = {"results": [result.as_json() for result in occurrence.results]}
    if occurrence.final:
        return ServerResponse(status=200, content=content)
    wait = occurrence.retry_after
    headers = {"retry-after": str(math.ceil(wait.total_seconds()))} if wait else {}
    return ServerResponse(status=503, content=content, headers=headers)


def preparation_response(uploaded: Mapping[Destination, bool]) -> ServerResponse:
    """Return the response to a request to prepare: whether each account has the media of the post."""
    return ServerResponse(status=200, content={"uploaded": dict(uploaded)})


def error_response(error: PunctualError) -> ServerResponse:
    """Return the response to an error.

    The status is 401 for an invalid signature, 413 for too large a body, 400 for an unreadable payload or a
    control character in a text, and 503 for any other error.
    """
    return ServerResponse(status=_STATUS.get(type(error), 503), content={"error": str(error), "hint": error.hint})
