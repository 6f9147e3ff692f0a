"""A post as a schedule and back: the name, the payload, and the occurrence key."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from core.errors import PunctualError
from core.posts.models import ID_ALPHABET, Instant, Post, Repeat, Revision
from core.time.instants import EPOCH, UnknownZone, utc_text

PAYLOAD_VERSION: Final = 1
PAYLOAD_LIMIT = 200_000
"""Bytes. AWS takes 256 KB; the rest is left for the failure records that Lambda wraps around a payload."""
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""Replaced by the scheduler at each invocation with the instant it was scheduled for."""

_NAME = re.compile(
    rf"post-(?P<due>2\d{{7}}T\d{{6}}Z)-(?P<post>[{ID_ALPHABET}]{{12}})|repeat-(?P<run>[{ID_ALPHABET}]{{12}})", re.ASCII
)


class PayloadTooLarge(PunctualError):
    """The post does not fit into a schedule."""

    hint = "Shorten the text, or send fewer variants of it."

    def __init__(self, size: int) -> None:
        super().__init__(f"The post takes {size:,} bytes; a schedule holds {PAYLOAD_LIMIT:,}.")


class UnreadablePayload(PunctualError):
    """A payload or request body is not one of ours."""

    hint = "It was written by something else, or by another version of Punctual. It was left as it is."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The payload cannot be read: {reason}.")


@dataclass(frozen=True, kw_only=True)
class ScheduleName:
    """What a schedule's name says: which post, and for a one-time post when it is due."""

    post_id: str
    due_at: datetime | None

    def __str__(self) -> str:
        if self.due_at is None:
            return f"repeat-{self.post_id}"
        return f"post-{self.due_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{self.post_id}"

    @classmethod
    def of(cls, post: Post) -> "ScheduleName":
        """Return the name under which `post` is scheduled."""
        return cls(post_id=post.post_id, due_at=post.due_at)

    @classmethod
    def read(cls, name: str) -> "ScheduleName | None":
        """Return what `name` says, or None if it is not one of our names."""
        match = _NAME.fullmatch(name)
        if match is None:
            return None
        if match["run"]:
            return cls(post_id=match["run"], due_at=None)
        try:
            due_at = datetime.strptime(match["due"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return None
        return cls(post_id=match["post"], due_at=due_at)


class Payload(Revision):
    """What the scheduler hands to the relay and the relay POSTs to the posting server: one occurrence of a revision."""

    version: Literal[1]
    occurrence: Instant
    revision: int = Field(ge=1)
    due_at: Instant | None

    @property
    def occurrence_key(self) -> str:
        """Names the occurrence, whatever the attempt: the idempotency key of everything that follows."""
        return occurrence_key(self.post_id, None if self.due_at else self.occurrence)

    @property
    def due(self) -> datetime:
        """The instant at which this occurrence was to go out."""
        return self.due_at or self.occurrence


def occurrence_key(post_id: str, occurrence: datetime | None) -> str:
    """Return the key of a one-time post's only occurrence (None), or of one run of a repeating post."""
    return post_id if occurrence is None else f"{post_id}/{utc_text(occurrence)}"


def write_payload(post: Post) -> str:
    """Return the JSON that a schedule for `post` carries; the scheduler fills in the occurrence at each invocation.

    Raises PayloadTooLarge.
    """
    return _written(post, SCHEDULED_TIME)


def write_invocation(payload: Payload) -> str:
    """Return the JSON of one invocation, as the scheduler would hand it over. Raises PayloadTooLarge."""
    return _written(payload, utc_text(payload.occurrence))


def invocation_of(post: Post, occurrence: datetime) -> Payload:
    """Return what the relay is handed for one occurrence of `post`."""
    return Payload(version=PAYLOAD_VERSION, occurrence=occurrence, **_carried(post))


def _written(content: Revision, occurrence: str) -> str:
    """Write the one shape that every payload has.

    Each `<` in what people wrote is written as an escape, so that nothing of theirs is taken for a placeholder.
    """
    carried = _carried(content) | {"due_at": utc_text(content.due_at) if content.due_at else None}
    members = json.dumps(carried, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = f'{{"version":{PAYLOAD_VERSION},"occurrence":"{occurrence}",{members[1:]}'
    size = len(text.encode())
    if size > PAYLOAD_LIMIT:
        raise PayloadTooLarge(size)
    return text


def _carried(content: Revision) -> dict[str, Any]:
    members = content.model_dump(include=set(Revision.model_fields))
    if content.url is None:
        del members["url"]
    return members


def read_payload(body: str | bytes) -> Payload:
    """Read an invocation's payload, placeholders filled in. Raises UnreadablePayload naming the first member wrong."""
    try:
        return Payload.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise UnreadablePayload(_first_fault(error)) from error
    except UnknownZone as error:
        raise UnreadablePayload(f"zone: {error}") from error


def read_scheduled(schedule: Mapping[str, Any]) -> Post:
    """Return the post that a GetSchedule answer carries. Raises UnreadablePayload."""
    text = schedule["Target"].get("Input", "")
    payload = read_payload(text.replace(SCHEDULED_TIME, utc_text(EPOCH), 1))
    repeat = None
    if payload.due_at is None:
        repeat = Repeat(
            expression=schedule["ScheduleExpression"],
            starts_at=schedule.get("StartDate"),
            ends_at=schedule.get("EndDate"),
        )
    return Post(repeat=repeat, **_carried(payload))


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """What every schedule of ours shares: whom it invokes, as whom, and how far ahead of the due instant."""

    group: str
    function_arn: str
    role_arn: str
    dead_letter_arn: str | None
    lead: timedelta


def write_schedule(post: Post, target: TargetSettings, *, enabled: bool) -> dict[str, Any]:
    """Return the CreateSchedule or UpdateSchedule request, ClientToken included, that carries this revision."""
    request: dict[str, Any] = {
        "Name": str(ScheduleName.of(post)),
        "GroupName": target.group,
        "ClientToken": f"{post.post_id}-{post.revision}",
        "Description": description(post),
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "State": "ENABLED" if enabled else "DISABLED",
        "Target": {
            "Arn": target.function_arn,
            "RoleArn": target.role_arn,
            "Input": write_payload(post),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10},
        },
    }
    if target.dead_letter_arn:
        request["Target"]["DeadLetterConfig"] = {"Arn": target.dead_letter_arn}
    if post.due_at is not None:
        request["ScheduleExpression"] = at_expression(post.due_at - target.lead)
        request["ScheduleExpressionTimezone"] = "UTC"
        request["ActionAfterCompletion"] = "DELETE"
    elif post.repeat is not None:
        request["ScheduleExpression"] = post.repeat.expression
        request["ScheduleExpressionTimezone"] = post.zone
        request["ActionAfterCompletion"] = "DELETE" if post.repeat.ends_at else "NONE"
        request |= {"StartDate": post.repeat.starts_at} if post.repeat.starts_at else {}
        request |= {"EndDate": post.repeat.ends_at} if post.repeat.ends_at else {}
    return request


def at_expression(instant: datetime) -> str:
    """Return `at(...)` for an instant, to be read in UTC."""
    return f"at({instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"


def description(post: Post) -> str:
    """Return a line by which a person recognises the post in the AWS console; at most 512 characters."""
    line = f"{', '.join(post.destinations)}: {' '.join(post.text.split())}"
    return line if len(line) <= 200 else f"{line[:199]}…"


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(str(part) for part in fault["loc"]) or "the whole"
    return f"{place}: {fault['msg']}"
