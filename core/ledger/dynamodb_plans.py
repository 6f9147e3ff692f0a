"""What is wished of each post, in DynamoDB. Every function works on the draft of one intent.

A plan's item has `revision`, `content` (JSON of models.Post), `wish`, `schedule_name`, `superseded` (JSON), `settled`,
`contested` (the revision before it was not settled when it was replaced), `open` (neither cancelled nor, for a one-time
post, begun), `due` (absent: repeating), `created_at` and `changed_at` in milliseconds, and `holds`: a JSON object of
the claims that forbid a change, each with the instant in milliseconds until which it does (null: for ever). The first
claim on an occurrence replaces this item, and so does a change: of two at the same moment one must look again.
"""

import json
from datetime import datetime, timedelta
from typing import cast

from core.ledger import items
from core.ledger.items import Item
from core.ledger.port import OPEN, SETTLING, AlreadyGoingOut, AlreadyPlanned, ChangedElsewhere, Plan, UnknownPost, Wish
from core.ledger.table import Draft
from core.posts.models import Post
from core.posts.payload import Payload
from core.time.instants import from_milliseconds, milliseconds


def insert(draft: Draft, post: Post, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
    """Add a post. Raises AlreadyPlanned."""
    if draft.get(items.plan_key(post.post_id)) is not None:
        raise AlreadyPlanned(post.post_id)
    wished = _wished(post, wish, schedule_name, [])
    return _put(draft, wished | {"created_at": milliseconds(now), "changed_at": milliseconds(now)})


def change(draft: Draft, post: Post, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
    """Replace the revision before `post.revision`. Raises UnknownPost, ChangedElsewhere or AlreadyGoingOut."""
    item = draft.get(items.plan_key(post.post_id))
    if item is None:
        raise UnknownPost(post.post_id)
    if item["revision"] != post.revision - 1:
        raise ChangedElsewhere(post.post_id)
    if any(until is None or until > milliseconds(now) for until in _holds(item).values()):
        raise AlreadyGoingOut(post.post_id)
    current = read(item)
    left = {name for name in (current.schedule_name, *current.superseded) if name and name != schedule_name}
    wished = _wished(post, wish, schedule_name, sorted(left)) | {"contested": not item["settled"]}
    return _put(draft, wished | {"created_at": item["created_at"], "changed_at": milliseconds(now)})


def settle(draft: Draft, post_id: str, revision: int, now: datetime) -> None:
    """Note that the schedules are as this revision wishes, if it is current and nobody may still be at an older one."""
    item = draft.get(items.plan_key(post_id))
    if item is None or item["revision"] != revision:
        return
    if item["contested"] and int(item["changed_at"]) > milliseconds(now - SETTLING):
        return
    _put(draft, item | {"settled": True, "superseded": "[]", "changed_at": milliseconds(now)})


def begin(draft: Draft, payload: Payload) -> None:
    """Note that a one-time post has begun, if this revision of it is current."""
    item = draft.get(items.plan_key(payload.post_id))
    if item is not None and item["revision"] == payload.revision and item["open"] and "due" in item:
        _put(draft, item | {"open": False})


def is_superseded(draft: Draft, payload: Payload) -> bool:
    """Whether the ledger knows the post and wishes something else of it than this revision.

    A post it does not know was planned by another dashboard that shares the signing secret; it is published.
    """
    item = draft.get(items.plan_key(payload.post_id))
    return item is not None and (item["revision"] != payload.revision or item["wish"] != "active")


def hold(draft: Draft, payload: Payload, claim: Item) -> None:
    """Let a claim, as it now is, forbid a change: on a one-time post for ever, on a series while it may go on.

    What a person reopened of which there was no claim yet forbids nothing. Claims that held until before this
    occurrence was due are left out, so that runs which never end add up to nothing.
    """
    item = draft.get(items.plan_key(payload.post_id))
    if item is None or not claim["attempt"]:
        return
    due = milliseconds(payload.due)
    holds = {name: until for name, until in _holds(item).items() if until is None or until > due}
    name = str(claim["sk"])
    if payload.due_at is not None:
        holds[payload.occurrence_key] = None
    elif claim["state"] in ("claimed", "waiting"):
        holds[name] = _goes_on_until(payload, int(claim["lease_until"]))
    else:
        holds.pop(name, None)
    if holds != _holds(item):
        _put(draft, item | {"holds": json.dumps(holds)})


def read(item: Item) -> Plan:
    """Return the plan that an item holds."""
    return Plan(
        post=Post.model_validate_json(str(item["content"])),
        wish=cast(Wish, item["wish"]),
        schedule_name=cast(str | None, item.get("schedule_name")),
        superseded=tuple(json.loads(str(item["superseded"]))),
        settled=bool(item["settled"]),
        created_at=from_milliseconds(int(item["created_at"])),
        changed_at=from_milliseconds(int(item["changed_at"])),
    )


def _goes_on_until(payload: Payload, lease_until: int) -> int | None:
    """Return when a run's claim holds its series no longer: it has no lease, and is too late to be tried again."""
    late = payload.late_after_minutes
    return max(lease_until, milliseconds(payload.due + timedelta(minutes=late))) if late is not None else None


def _holds(item: Item) -> dict[str, int | None]:
    holds: dict[str, int | None] = json.loads(str(item["holds"]))
    return holds


def _wished(post: Post, wish: Wish, schedule_name: str | None, superseded: list[str]) -> Item:
    pk, sk = items.plan_key(post.post_id)
    wished: Item = {"pk": pk, "sk": sk, "revision": post.revision, "content": post.model_dump_json(), "wish": wish}
    wished |= {"superseded": json.dumps(superseded), "settled": False, "contested": False}
    wished |= {"open": wish in OPEN, "holds": "{}"}
    wished |= {"schedule_name": schedule_name} if schedule_name is not None else {}
    return wished | ({"due": milliseconds(post.due_at)} if post.due_at is not None else {})


def _put(draft: Draft, item: Item) -> Plan:
    """Write a plan's item, in the lists that it stands in now, and with the day it may be deleted, if it has one."""
    bare = items.without(item, items.EXPIRY, *items.LISTING.attributes, *items.DUE.attributes)
    draft.put(bare | _derived(bare))
    return read(item)


def _derived(item: Item) -> Item:
    post_id = items.post_id(item)
    changed_at = from_milliseconds(int(item["changed_at"]))
    due = from_milliseconds(int(item["due"])) if "due" in item else changed_at
    derived: Item = {}
    if not item["settled"]:
        derived |= items.listed(items.LISTING, items.UNSETTLED, changed_at, post_id)
    if item["open"] and "due" in item:
        derived |= items.listed(items.DUE, items.OPEN, due, post_id)
    if item["open"] and "due" not in item:
        derived |= items.listed(items.DUE, items.SERIES, from_milliseconds(int(item["created_at"])), post_id)
    if item["settled"] and not item["open"]:
        ended = changed_at if item["wish"] == "cancelled" else max(changed_at, due)
        derived[items.EXPIRY] = items.expiry(ended)
    elif item["settled"] and (ends_at := _ends_at(item)):
        derived[items.EXPIRY] = items.expiry(max(changed_at, ends_at))
    return derived


def _ends_at(item: Item) -> datetime | None:
    """Return when a series is over; None for one without a last date, and for a one-time post."""
    repeat = read(item).post.repeat
    return repeat.ends_at if repeat else None
