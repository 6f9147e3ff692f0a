"""Plans of posts in DynamoDB. Each function works on the items of one transaction.

A plan's item has these attributes: `revision`; `content` (JSON of posts.models.Post); `wish` (the desired state);
`schedule_name`; `superseded` (JSON); `settled`; `contested` (the revision before it was unsettled when it was
replaced); `open` (neither cancelled, moved nor, for a one-time post, begun); `due` (absent for a repeating post);
`created_at` and `changed_at` in milliseconds; and `holds`, a JSON object of the claims that forbid a change, each with
the instant in milliseconds at which it stops (null: never); and `zone_release`, `which` and `needs_time`, each absent
if unset (core/ledger/derivation.py); and `cancelled_from`, the desired state before a cancellation; and `returned`,
present if the post is a draft again; and `replaced`, a JSON object of the posts that replace runs of a series, each
with its run. The first claim on an occurrence replaces this item, and so does a change: when both happen at once, one
of them runs again.
"""

import json
from datetime import datetime, timedelta
from typing import cast

from core.ledger import dynamodb_layout as layout
from core.ledger.cancellation import cancelled_from
from core.ledger.claim_rules import StoredClaim
from core.ledger.derivation import Derivation, NeedsTime, derivation, kept_derivation
from core.ledger.dynamodb_layout import Item
from core.ledger.dynamodb_transactions import Transaction
from core.ledger.port import OPEN_STATES, SETTLE_GRACE, DesiredState, Plan, PlanChange
from core.ledger.refusals import AlreadyGoingOut, AlreadyPlanned, ChangedElsewhere, PostReturned, UnknownPost
from core.posts.models import Post
from core.posts.payload import Payload
from core.time.instants import epoch_ms, from_epoch_ms, from_utc_text, utc_text

_DERIVATION = ("zone_release", "which", "needs_time")


def insert(transaction: Transaction, change: PlanChange, now: datetime) -> Plan:
    """Add a post. Raises AlreadyPlanned."""
    if transaction.get(layout.plan_key(change.post.post_id)) is not None:
        raise AlreadyPlanned(change.post.post_id)
    item = _item(change, []) | _derivation_attributes(change.derived or derivation(change.post))
    return _put(transaction, item | {"created_at": epoch_ms(now), "changed_at": epoch_ms(now)})


def replace(transaction: Transaction, change: PlanChange, now: datetime) -> Plan:
    """Replace the revision before that of a change. Raises the errors of Ledger.change."""
    post, found = change.post, transaction.get(layout.plan_key(change.post.post_id))
    if found is None:
        raise UnknownPost(post.post_id)
    current = read(found)
    if current.returned:
        raise PostReturned(post.post_id)
    if current.post.revision != post.revision - 1:
        raise ChangedElsewhere(post.post_id)
    if any(until is None or until > epoch_ms(now) for until in _holds(found).values()):
        raise AlreadyGoingOut(post.post_id)
    item = _item(change, current.superseded_by(change.schedule_name))
    may_publish = change.desired == "active"
    kept = kept_derivation(current.post, current.derivation, post, may_publish=may_publish)
    item |= _derivation_attributes(change.derived or kept)
    item |= {"contested": not found["settled"], "created_at": found["created_at"], "changed_at": epoch_ms(now)}
    item |= {"replaced": found["replaced"]} if "replaced" in found else {}
    before = cancelled_from(current, change)
    return _put(transaction, item | ({"cancelled_from": before} if before else {}))


def link(transaction: Transaction, plan: Plan) -> None:
    """Note a post that replaces a run with its series, if the series is known; no longer once the post is cancelled."""
    if plan.post.replaces is None:
        return
    series_id, run = plan.post.replaces
    item = transaction.get(layout.plan_key(series_id))
    if item is None:
        return
    noted = replaced_runs(item)
    replaced = {post_id: each for post_id, each in noted.items() if post_id != plan.post.post_id}
    replaced |= {plan.post.post_id: run} if plan.desired != "cancelled" else {}
    if replaced != noted:
        texts = {post_id: utc_text(each) for post_id, each in replaced.items()}
        _put(transaction, item | {"replaced": json.dumps(texts)})


def replaced_runs(item: Item | None) -> dict[str, datetime]:
    """Return the posts that are not cancelled and replace a run of a series, each with the run."""
    noted: dict[str, str] = json.loads(str(item["replaced"])) if item is not None and "replaced" in item else {}
    return {post_id: from_utc_text(run) for post_id, run in noted.items()}


def find(transaction: Transaction, post_id: str) -> Plan | None:
    """Return a plan, or None if the post is unknown."""
    item = transaction.get(layout.plan_key(post_id))
    return read(item) if item is not None else None


def settle(transaction: Transaction, post_id: str, revision: int, now: datetime) -> None:
    """Mark that the schedules match this revision; see Ledger.settle."""
    item = transaction.get(layout.plan_key(post_id))
    if item is None or item["revision"] != revision:
        return
    if item["contested"] and int(item["changed_at"]) > epoch_ms(now - SETTLE_GRACE):
        return
    _put(transaction, item | {"settled": True, "superseded": "[]", "changed_at": epoch_ms(now)})


def note_derivation(transaction: Transaction, plan: Plan) -> None:
    """Note this process's release with a plan, unless it was changed or deleted."""
    item = transaction.get(layout.plan_key(plan.post.post_id))
    if item is not None and item["revision"] == plan.post.revision:
        bare = layout.without(item, *_DERIVATION)
        _put(transaction, bare | _derivation_attributes(derivation(plan.post, plan.needs_time)))


def is_outdated(item: Item, release: str, *, newer: bool) -> bool:
    """Return whether a plan was noted with another release, or with an older one unless `newer`."""
    noted = str(item.get("zone_release", ""))
    return noted != release and (newer or noted < release)


def begin(transaction: Transaction, payload: Payload) -> None:
    """Close a one-time post, which has begun, if this revision is current."""
    item = transaction.get(layout.plan_key(payload.post_id))
    if item is not None and item["revision"] == payload.revision and item["open"] and "due" in item:
        _put(transaction, item | {"open": False})


def is_superseded(transaction: Transaction, payload: Payload) -> bool:
    """Return whether the post has another revision or is not active.

    An unknown post is not superseded: another dashboard with the same signing secret planned it.
    """
    item = transaction.get(layout.plan_key(payload.post_id))
    return item is not None and (item["revision"] != payload.revision or item["wish"] != "active")


def hold(transaction: Transaction, payload: Payload, name: str, claim: StoredClaim) -> None:
    """Store whether a claim forbids a change: for ever on a one-time post, on a repeating one while it may continue.

    A claim without an attempt (a user's retry) forbids nothing. Holds that ended before this occurrence was due are
    dropped, so the holds of unfinished runs do not accumulate.
    """
    item = transaction.get(layout.plan_key(payload.post_id))
    if item is None or not claim.attempt:
        return
    due = epoch_ms(payload.due)
    holds = {held: until for held, until in _holds(item).items() if until is None or until > due}
    if payload.due_at is not None:
        holds[payload.occurrence_key] = None
    elif claim.state in ("claimed", "waiting"):
        holds[name] = _held_until(payload, claim)
    else:
        holds.pop(name, None)
    if holds != _holds(item):
        _put(transaction, item | {"holds": json.dumps(holds)})


def read(item: Item) -> Plan:
    """Return the plan in an item."""
    return Plan(
        post=Post.model_validate_json(str(item["content"])),
        desired=cast(DesiredState, item["wish"]),
        schedule_name=cast(str | None, item.get("schedule_name")),
        superseded=tuple(json.loads(str(item["superseded"]))),
        settled=bool(item["settled"]),
        created_at=from_epoch_ms(int(item["created_at"])),
        changed_at=from_epoch_ms(int(item["changed_at"])),
        derivation=Derivation(
            zone_release=str(item.get("zone_release", "")),
            which=cast(int | None, item.get("which")),
            needs_time=cast(NeedsTime | None, item.get("needs_time")),
        ),
        cancelled_from=cast(DesiredState | None, item.get("cancelled_from")),
        returned="returned" in item,
    )


def _derivation_attributes(derived: Derivation) -> Item:
    attributes = zip(_DERIVATION, (derived.zone_release, derived.which, derived.needs_time), strict=True)
    return {name: value for name, value in attributes if value is not None}


def _held_until(payload: Payload, claim: StoredClaim) -> int | None:
    """Return when a run's claim no longer forbids a change: its lease has ended, and it is too late to try again."""
    if payload.late_after_minutes is None:
        return None
    late_at = epoch_ms(payload.due + timedelta(minutes=payload.late_after_minutes))
    return max(late_at, epoch_ms(claim.lease_until)) if claim.lease_until else late_at


def _holds(item: Item) -> dict[str, int | None]:
    holds: dict[str, int | None] = json.loads(str(item["holds"]))
    return holds


def _item(change: PlanChange, superseded: list[str]) -> Item:
    post, (pk, sk) = change.post, layout.plan_key(change.post.post_id)
    item: Item = {"pk": pk, "sk": sk, "revision": post.revision, "content": post.model_dump_json()}
    item |= {"wish": change.desired, "superseded": json.dumps(superseded), "settled": False, "contested": False}
    item |= {"open": change.desired in OPEN_STATES, "holds": "{}"}
    item |= {"schedule_name": change.schedule_name} if change.schedule_name is not None else {}
    item |= {"returned": True} if change.returned else {}
    return item | ({"due": epoch_ms(post.due_at)} if post.due_at is not None else {})


def _put(transaction: Transaction, item: Item) -> Plan:
    """Write a plan's item with its current lists and expiry."""
    bare = layout.without(item, layout.EXPIRY, *layout.LISTING.attributes, *layout.DUE.attributes)
    transaction.put(bare | _lists_and_expiry(bare))
    return read(item)


def _lists_and_expiry(item: Item) -> Item:
    post_id = layout.post_id(item)
    changed_at = from_epoch_ms(int(item["changed_at"]))
    due = from_epoch_ms(int(item["due"])) if "due" in item else changed_at
    derived: Item = {}
    if not item["settled"]:
        derived |= layout.list_attributes(layout.LISTING, layout.UNSETTLED, changed_at, post_id)
    elif item["open"] and "needs_time" in item:
        derived |= layout.list_attributes(layout.LISTING, layout.NEEDS_TIME, due, post_id)
    if item["open"] and "due" in item:
        derived |= layout.list_attributes(layout.DUE, layout.OPEN, due, post_id)
    if item["open"] and "due" not in item:
        derived |= layout.list_attributes(layout.DUE, layout.SERIES, from_epoch_ms(int(item["created_at"])), post_id)
    if item["wish"] == "cancelled" and "returned" not in item:
        derived |= layout.list_attributes(layout.DUE, layout.CANCELLED, changed_at, post_id)
    if item["settled"] and not item["open"]:
        ended = changed_at if item["wish"] == "cancelled" else max(changed_at, due)
        derived[layout.EXPIRY] = layout.expiry(ended)
    elif item["settled"] and (ends_at := _ends_at(item)):
        derived[layout.EXPIRY] = layout.expiry(max(changed_at, ends_at))
    return derived


def _ends_at(item: Item) -> datetime | None:
    """Return the end of a repeating post; None for one without a last date, and for a one-time post."""
    repeat = read(item).post.repeat
    return repeat.ends_at if repeat else None
