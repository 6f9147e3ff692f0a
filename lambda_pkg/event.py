"""The event of a schedule: the members of a post's payload that the relay uses, validated."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from lambda_pkg.run_exceptions import is_excluded

PAYLOAD_VERSION = 1
"""The only payload version that this relay reads."""

LATER_MEMBERS = ("card", "exceptions", "focus", "labels", "lead", "options", "written_parts")
"""The members that an earlier release did not know, in payloads of the same version. A payload omits them when empty.
`focus` is a member of media.

The stack names them in the variable PAYLOAD_MEMBERS of both functions, so a dashboard can tell what the deployed
functions read.
"""

MAX_LEAD_SECONDS = 60
"""The longest lead. The relay waits for a due instant that is a little further away than that."""

_POST_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
_POSTING_SERVER_MEMBERS: dict[str, type] = {
    "text": str,
    "variants": dict,
    "destinations": list,
    "media": list,
    "zone": str,
    "wall": str,
}
"""The members that only the posting server uses; the relay checks their types."""


class UnreadableEvent(ValueError):
    """The event is not a post's payload, so a retry cannot succeed."""

    def __init__(self, member: str, fault: str) -> None:
        super().__init__(f"The event's {member} {fault}. Schedule the post again with this version of Punctual.")
        self.member = member


@dataclass(frozen=True, kw_only=True)
class Event:
    """One occurrence of one revision of a post.

    `due` is UTC. `late_after` None means that the post is never too late. `excluded` is true for a run of a repeating
    post that does not count. `body` is the signed request body.
    """

    post_id: str
    revision: int
    occurrence_key: str
    due: datetime
    late_after: timedelta | None
    url: str | None
    has_media: bool
    excluded: bool
    body: bytes


def read_event(payload: Mapping[str, Any]) -> Event:
    """Return the event of a payload of version 1. Raises UnreadableEvent, which names the faulty member.

    The signed body has no lead: its occurrence is the due instant, as in the payload of a schedule that fires on time.
    """
    payload = _without_lead(payload)
    if _member(payload, "version", int) != PAYLOAD_VERSION:
        raise UnreadableEvent("version", f"is not {PAYLOAD_VERSION}")
    for name, kind in _POSTING_SERVER_MEMBERS.items():
        _member(payload, name, kind)
    post_id = _member(payload, "post_id", str)
    if not _POST_ID.fullmatch(post_id):
        raise UnreadableEvent("post_id", "is not 1 to 64 letters, digits, hyphens and underscores")
    occurrence = _member(payload, "occurrence", str)
    due_at = _member(payload, "due_at", str, type(None))
    due = _instant("occurrence", occurrence) if due_at is None else _instant("due_at", due_at)
    return Event(
        post_id=post_id,
        revision=_member(payload, "revision", int),
        occurrence_key=f"{post_id}/{occurrence}" if due_at is None else post_id,
        due=due,
        late_after=_minutes(payload, "late_after_minutes"),
        url=_member({"url": None, **payload}, "url", str, type(None)),
        has_media=bool(payload["media"]) or _has_picture(payload),
        excluded=due_at is None and _is_excluded(due, _member({"exceptions": {}, **payload}, "exceptions", dict)),
        body=_body(payload),
    )


def _without_lead(payload: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the payload of a run with the run as its occurrence. Its schedule fired `lead` seconds before the run."""
    lead = _member({"lead": 0, **payload}, "lead", int)
    if not 0 <= lead <= MAX_LEAD_SECONDS:
        raise UnreadableEvent("lead", f"is not between 0 and {MAX_LEAD_SECONDS} seconds")
    if not lead:
        return payload
    try:
        run = _instant("occurrence", _member(payload, "occurrence", str)) + timedelta(seconds=lead)
    except OverflowError as error:
        raise UnreadableEvent("occurrence", "is at the end of the calendar") from error
    rest = {name: value for name, value in payload.items() if name not in ("lead", "expression")}
    return {**rest, "occurrence": _utc_text(run)}


def _utc_text(instant: datetime) -> str:
    """Return the text that keys of occurrences contain (core/time/instants.py)."""
    precision = "milliseconds" if instant.microsecond else "seconds"
    return instant.isoformat(timespec=precision).replace("+00:00", "Z")


def _has_picture(payload: Mapping[str, Any]) -> bool:
    """Return whether the link card of a post has a picture."""
    card = _member({"card": None, **payload}, "card", dict, type(None))
    return bool(card and card.get("picture"))


def _member(payload: Mapping[str, Any], name: str, *kinds: type) -> Any:
    if name not in payload:
        raise UnreadableEvent(name, "is missing")
    if type(payload[name]) not in kinds:  # isinstance would accept true as an int
        raise UnreadableEvent(name, "has the wrong type")
    return payload[name]


def _instant(name: str, text: str) -> datetime:
    if not _INSTANT.fullmatch(text):
        raise UnreadableEvent(name, "is not an ISO 8601 instant with its offset")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise UnreadableEvent(name, "names a day or an hour that does not exist") from error


def _minutes(payload: Mapping[str, Any], name: str) -> timedelta | None:
    minutes = _member(payload, name, int, float, type(None))
    if minutes is None:
        return None
    if not 0 <= minutes <= 10**6:
        raise UnreadableEvent(name, "is not between 0 and a million minutes")
    return timedelta(minutes=minutes)


def _is_excluded(run: datetime, exceptions: Mapping[str, Any]) -> bool:
    every_weeks = _member({"every_weeks": 1, **exceptions}, "every_weeks", int)
    anchor = _member({"anchor": None, **exceptions}, "anchor", str, type(None))
    skipped = _member({"skipped": [], **exceptions}, "skipped", list)
    return is_excluded(
        run,
        every_weeks=every_weeks,
        anchor=None if anchor is None else _instant("anchor", anchor),
        skipped=[_instant("skipped", str(each)) for each in skipped],
    )


def _body(payload: Mapping[str, Any]) -> bytes:
    try:
        return json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError) as error:  # a lone surrogate in a text raises ValueError
        raise UnreadableEvent("content", "cannot be written as JSON in UTF-8") from error
