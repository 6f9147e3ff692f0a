"""The schedule that carries a post: its name, its payload and the occurrence key."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from operator import not_
from typing import Any, Final, Literal

from pydantic import Field, ValidationError

from core.errors import PunctualError
from core.posts.models import ID_ALPHABET, DueInstant, Post, Repeat, Revision, RevisionNumber, RunExceptions
from core.time.earlier_cron import EARLIER, earlier_cron
from core.time.instants import EPOCH, UnknownZone, utc_text

PAYLOAD_VERSION: Final = 1
PAYLOAD_LIMIT = 200_000
"""Bytes. AWS accepts 256 KB; the rest is for the failure records that Lambda wraps around a payload."""
REPEAT_PREFIX = "repeat-"
"""Begins the names of the schedules of repeating posts."""
SCHEDULED_TIME = "<aws.scheduler.scheduled-time>"
"""A placeholder. At each invocation the scheduler replaces it with the scheduled instant."""

_NAME = re.compile(
    rf"post-(?P<due>2\d{{7}}T\d{{6}}Z)-(?P<post>[{ID_ALPHABET}]{{12}})|repeat-(?P<run>[{ID_ALPHABET}]{{12}})", re.ASCII
)

_REVISION_MEMBERS = set(Revision.model_fields)


class PayloadTooLarge(PunctualError):
    """The post does not fit into a schedule."""

    hint = "Shorten the text, or send fewer variants of it."

    def __init__(self, size: int) -> None:
        super().__init__(f"The post takes {size:,} bytes; a schedule holds {PAYLOAD_LIMIT:,}.")


class UnreadablePayload(PunctualError):
    """A payload or request body is not one of Punctual's."""

    hint = "Another program or another version of Punctual wrote it. Punctual did not change it."

    def __init__(self, reason: str) -> None:
        super().__init__(f"The payload cannot be read: {reason}.")


@dataclass(frozen=True, kw_only=True)
class ScheduleName:
    """The content of a schedule's name: the post id and, for a one-time post, the due instant."""

    post_id: str
    due_at: datetime | None

    def __str__(self) -> str:
        if self.due_at is None:
            return f"{REPEAT_PREFIX}{self.post_id}"
        return f"post-{self.due_at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{self.post_id}"

    @classmethod
    def of(cls, post: Post) -> "ScheduleName":
        """Return the name of the schedule for `post`."""
        return cls(post_id=post.post_id, due_at=post.due_at)

    @classmethod
    def parse(cls, name: str) -> "ScheduleName | None":
        """Return the content of `name`, or None if Punctual did not write it."""
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
    """One occurrence of a revision: the scheduler passes it to the relay, the relay POSTs it to the posting server.

    `exceptions` rules out runs of a repeating post at which the scheduler invokes the relay all the same. A schedule
    that fires ahead of its runs tells by how many seconds in `lead`, and the `expression` of the runs. Both are empty
    in a payload that was read: its occurrence is the run.
    """

    version: Literal[1]
    occurrence: DueInstant
    revision: RevisionNumber
    due_at: DueInstant | None
    exceptions: RunExceptions | None = Field(default=None, exclude_if=not_)
    lead: int = Field(default=0, ge=0, le=EARLIER.seconds, exclude_if=not_)
    expression: str | None = Field(default=None, exclude_if=not_)

    @property
    def occurrence_key(self) -> str:
        """The occurrence's idempotency key. It is the same for every attempt."""
        return occurrence_key(self.post_id, None if self.due_at else self.occurrence)

    def key_of_part(self, part: int) -> str:
        """Return the idempotency key of one part of a thread. Part 1 has the key of the occurrence."""
        return self.occurrence_key if part == 1 else f"{self.occurrence_key}#{part}"

    @property
    def excluded(self) -> bool:
        """Whether this is a run of a repeating post that does not count, so that nothing goes out."""
        return self.exceptions is not None and self.exceptions.exclude(self.occurrence)

    @property
    def due(self) -> datetime:
        """The instant at which this occurrence is due."""
        return self.due_at or self.occurrence


def occurrence_key(post_id: str, occurrence: datetime | None) -> str:
    """Return the key of a one-time post's occurrence (None), or of one run of a repeating post."""
    return post_id if occurrence is None else f"{post_id}/{utc_text(occurrence)}"


def write_payload(post: Post, repeat_lead: timedelta = timedelta()) -> str:
    """Return the JSON input of the schedule for `post`; the scheduler fills in the occurrence at each invocation.

    The schedule of a repeating post fires `repeat_lead` ahead of each run; PAYLOAD_LIMIT does not count that member.
    Raises PayloadTooLarge.
    """
    text = _serialised(post, SCHEDULED_TIME, post.repeat.exceptions if post.repeat else None)
    if post.repeat is None or not repeat_lead:
        return text
    # Added after the size is checked: a post that was accepted without a lead can get one.
    ahead = {"lead": repeat_lead.seconds, "expression": post.repeat.expression}
    return f"{json.dumps(ahead, separators=(',', ':'))[:-1]},{text[1:]}"


def write_invocation(payload: Payload) -> str:
    """Return the JSON of one invocation, as the scheduler passes it on. Raises PayloadTooLarge."""
    return _serialised(payload, utc_text(payload.occurrence), payload.exceptions)


def invocation_of(post: Post, occurrence: datetime) -> Payload:
    """Return the relay's payload for one occurrence of `post`."""
    exceptions = post.repeat.exceptions if post.repeat else None
    return Payload(version=PAYLOAD_VERSION, occurrence=occurrence, exceptions=exceptions, **_revision_members(post))


def _serialised(content: Revision, occurrence: str, exceptions: RunExceptions | None) -> str:
    """Return the JSON of a payload.

    Each `<` in the user's text is written as an escape, so the scheduler does not replace it as a placeholder.
    """
    carried = _revision_members(content) | {"due_at": utc_text(content.due_at) if content.due_at else None}
    if exceptions is not None:
        carried["exceptions"] = exceptions.model_dump(mode="json")
    members = json.dumps(carried, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    text = f'{{"version":{PAYLOAD_VERSION},"occurrence":"{occurrence}",{members[1:]}'
    size = len(text.encode())
    if size > PAYLOAD_LIMIT:
        raise PayloadTooLarge(size)
    return text


def _revision_members(content: Revision) -> dict[str, Any]:
    members = content.model_dump(include=_REVISION_MEMBERS)
    if content.url is None:
        del members["url"]
    return members


def read_payload(body: str | bytes) -> Payload:
    """Return the payload of an invocation. Raises UnreadablePayload, which names the first invalid member."""
    payload = _read_input(body)
    if not payload.lead:
        return payload
    run = payload.occurrence + timedelta(seconds=payload.lead)
    return payload.model_copy(update={"occurrence": run, "lead": 0, "expression": None})


def _read_input(body: str | bytes) -> Payload:
    try:
        return Payload.model_validate_json(body, strict=True)
    except ValidationError as error:
        raise UnreadablePayload(_first_fault(error)) from error
    except UnknownZone as error:
        raise UnreadablePayload(f"zone: {error}") from error


def read_scheduled(schedule: Mapping[str, Any]) -> Post:
    """Return the post in a GetSchedule response. Raises UnreadablePayload."""
    text = schedule["Target"].get("Input", "")
    payload = _read_input(text.replace(SCHEDULED_TIME, utc_text(EPOCH), 1))
    repeat = None
    if payload.due_at is None:
        lead, starts_at, ends_at = timedelta(seconds=payload.lead), schedule.get("StartDate"), schedule.get("EndDate")
        repeat = Repeat(
            expression=payload.expression or schedule["ScheduleExpression"],
            starts_at=starts_at and starts_at + lead,
            ends_at=ends_at and ends_at + lead,
            **(payload.exceptions.model_dump() if payload.exceptions else {}),
        )
    return Post(repeat=repeat, **_revision_members(payload))


@dataclass(frozen=True, kw_only=True)
class TargetSettings:
    """The settings that all schedules share.

    `lead` is the time from the invocation to the due instant of a one-time post. `repeat_lead` returns that of a
    repeating post whose rule has earlier runs: EARLIER, or 0 if the function does not read it. `precision` is the
    longest time from an instant of a schedule to its invocation.
    """

    group: str
    function_arn: str
    role_arn: str
    dead_letter_arn: str | None
    lead: timedelta
    repeat_lead: Callable[[], timedelta] = timedelta
    precision: timedelta = timedelta()

    def lead_of(self, repeat: Repeat | None, zone: str) -> timedelta:
        """Return by how much the schedule of a post with this rule, or of a one-time post, is ahead of its times."""
        if repeat is None:
            return self.lead
        lead = self.repeat_lead()
        return lead if lead and earlier_cron(repeat.expression, zone) is not None else timedelta()

    def slack_of(self, repeat: Repeat | None, zone: str) -> timedelta:
        """Return how long after its times a post with this rule, or a one-time post, may go out."""
        return max(timedelta(), self.precision - self.lead_of(repeat, zone))

    def without_repeat_lead(self) -> "TargetSettings":
        """Return the settings of a function that does not read the lead of repeating posts."""
        return replace(self, repeat_lead=timedelta)


def write_schedule(post: Post, target: TargetSettings, *, enabled: bool) -> dict[str, Any]:
    """Return the CreateSchedule or UpdateSchedule request for this revision, with its ClientToken."""
    lead = target.lead_of(post.repeat, post.zone)
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
            "Input": write_payload(post, lead),
            "RetryPolicy": {"MaximumEventAgeInSeconds": 900, "MaximumRetryAttempts": 10},
        },
    }
    if target.dead_letter_arn:
        request["Target"]["DeadLetterConfig"] = {"Arn": target.dead_letter_arn}
    if post.due_at is not None:
        request["ScheduleExpression"] = at_expression(post.due_at - lead)
        request["ScheduleExpressionTimezone"] = "UTC"
        request["ActionAfterCompletion"] = "DELETE"
    elif post.repeat is not None:
        earlier = earlier_cron(post.repeat.expression, post.zone) if lead else None
        request["ClientToken"] += f"-{lead.seconds}" if lead else ""  # a token is for one content only
        request["ScheduleExpression"] = earlier or post.repeat.expression
        request["ScheduleExpressionTimezone"] = post.zone
        request["ActionAfterCompletion"] = "DELETE" if post.repeat.ends_at else "NONE"
        request |= {"StartDate": post.repeat.starts_at - lead} if post.repeat.starts_at else {}
        request |= {"EndDate": post.repeat.ends_at - lead} if post.repeat.ends_at else {}
    return request


def at_expression(instant: datetime) -> str:
    """Return the `at(...)` expression of an instant, in UTC."""
    return f"at({instant.astimezone(UTC):%Y-%m-%dT%H:%M:%S})"


def description(post: Post) -> str:
    """Return one line that identifies the post in the AWS console, at most 200 characters (AWS accepts 512)."""
    line = f"{', '.join(post.destinations)}: {' '.join(post.text.split())}"
    return line if len(line) <= 200 else f"{line[:199]}…"


def _first_fault(error: ValidationError) -> str:
    fault = error.errors(include_input=False, include_url=False)[0]
    member = ".".join(str(step) for step in fault["loc"]) or "the whole payload"
    return f"{member}: {fault['msg']}"
