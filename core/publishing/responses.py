"""What the posting server replies to a request, whichever way it came: to a route here, or to a function on AWS."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import PunctualError
from core.posts.payload import PAYLOAD_LIMIT, Payload, UnreadablePayload, read_payload
from core.publishing.publisher import Answer
from core.publishing.signature import Forged, verify

BODY_LIMIT = PAYLOAD_LIMIT + 56_000
"""Bytes. No scheduler hands over more than 256 KB."""


class BodyTooLarge(PunctualError):
    """The request is larger than any post of ours."""

    hint = "Send what the relay was invoked with, and nothing more."

    def __init__(self) -> None:
        super().__init__(f"A request may hold {BODY_LIMIT:,} bytes.")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer: the status, what its JSON body says, and the headers that JSON does not bring along."""

    status: int
    content: dict[str, Any]
    headers: dict[str, str] = field(default_factory=dict)


_STATUS: dict[type[PunctualError], int] = {Forged: 401, BodyTooLarge: 413, UnreadablePayload: 400}


def accept(body: bytes, headers: Mapping[str, str], secrets: Sequence[str]) -> Payload:
    """Return the post that a request carries, if it is signed; `headers` are named in lower case.

    Raises BodyTooLarge, Forged or UnreadablePayload.
    """
    if len(body) > BODY_LIMIT:
        raise BodyTooLarge
    verify(body, headers, secrets)
    payload = read_payload(body)
    if headers["webhook-id"] != payload.occurrence_key:
        raise Forged("it was made for another occurrence")
    return payload


def answered(answer: Answer) -> Reply:
    """Tell each destination's result: 200 when all are final, 503 with Retry-After when one is to be tried again."""
    content = {"results": [verdict.as_json() for verdict in answer.verdicts]}
    if answer.final:
        return Reply(status=200, content=content)
    wait = answer.retry_after
    headers = {"retry-after": str(math.ceil(wait.total_seconds()))} if wait else {}
    return Reply(status=503, content=content, headers=headers)


def refused(error: PunctualError) -> Reply:
    """Say what is wrong: 401 for a wrong signature, 413 for too large a body, 400 for no post of ours, else 503."""
    return Reply(status=_STATUS.get(type(error), 503), content={"error": str(error), "hint": error.hint})
