"""Who may publish what, in DynamoDB. Every function works on the draft of one intent.

A claim's item has `state`, `attempt`, `lease_until` (milliseconds), `prepared` and `detail` (both JSON). Nothing on AWS
tells whether a process still lives, so a claim is freed by its lease alone.
"""

import json
from datetime import datetime
from typing import Any, cast

from core.ledger import dynamodb_occurrences as occurrences
from core.ledger import dynamodb_plans as plans
from core.ledger import items, pauses
from core.ledger.items import Item
from core.ledger.port import STOPPED_WHILE_PUBLISHING, Claim, FinalState, Receipt
from core.ledger.table import Draft
from core.posts.models import account_and_part
from core.posts.payload import Payload
from core.time.instants import from_milliseconds, milliseconds


def look(draft: Draft, payload: Payload, destination: str, now: datetime, *, deduplicates: bool) -> Claim | None:
    """Return what stands against a claim, or None if it may be taken."""
    item = _find(draft, payload, destination)
    if (item is None or item["state"] == "waiting") and _is_turned_away(draft, payload, destination):
        turned_away = Receipt(kind="superseded", at=now, revision=payload.revision, destination=destination)
        occurrences.append(draft, payload, turned_away)
        return Claim(verdict="superseded")
    if item is None or item["state"] != "claimed":
        return stands(item, now)
    attempt = int(item["attempt"])
    if int(item["lease_until"]) > milliseconds(now):
        return Claim(verdict="busy", attempt=attempt, until=from_milliseconds(int(item["lease_until"])))
    return None if deduplicates else _give_up(draft, payload, destination, attempt, now)


def stands(item: Item | None, now: datetime) -> Claim | None:
    """Return how a publication ended, or that its network is to be left alone, as its item is; else None."""
    if item is None or item["state"] == "claimed":
        return None
    attempt, detail = int(item["attempt"]), json.loads(str(item["detail"]))
    if item["state"] == "waiting":
        return pauses.standing(attempt, detail, now)
    return Claim(verdict=cast(FinalState, item["state"]), attempt=attempt, detail=detail)


def take(
    draft: Draft, payload: Payload, destination: str, *, prepared: dict[str, Any] | None, lease_until: datetime
) -> Claim:
    """Take a claim that nothing stands against; what was prepared with the first attempt is kept."""
    item = _find(draft, payload, destination) or _new(payload, destination)
    if "prepared" not in item and prepared is not None:
        item = item | {"prepared": json.dumps(prepared)}
    attempt = int(item["attempt"]) + 1
    occurrences.begin(draft, payload, shown=True)
    _put(draft, payload, item, state="claimed", attempt=attempt, lease_until=milliseconds(lease_until))
    kept = json.loads(str(item["prepared"])) if "prepared" in item else None
    return Claim(verdict="yours", attempt=attempt, prepared=kept)


def finish(draft: Draft, payload: Payload, receipt: Receipt) -> None:
    """Note how an attempt ended. That something is out counts whoever says so, all else only of the last attempt."""
    item = _find(draft, payload, str(receipt.destination))
    if item is not None and _ends(receipt, item):
        _put(draft, payload, item, state=receipt.kind, lease_until=0, detail=json.dumps(receipt.detail))
    occurrences.append(draft, payload, receipt)


def reopen(draft: Draft, payload: Payload, destination: str, now: datetime) -> None:
    """Let a publication that is neither out nor under way be claimed again, and note that a person said so."""
    item = _find(draft, payload, destination) or _new(payload, destination)
    if item["state"] in ("claimed", "published"):
        return
    _put(draft, payload, item, state="waiting", lease_until=0, detail="{}")
    attempt = int(item["attempt"])
    receipt = Receipt(kind="retried", at=now, revision=payload.revision, attempt=attempt, destination=destination)
    occurrences.append(draft, payload, receipt)


def _ends(receipt: Receipt, item: Item) -> bool:
    last = int(item["attempt"]) <= receipt.attempt
    return item["state"] != "published" and (last or receipt.kind == "published")


def _is_turned_away(draft: Draft, payload: Payload, destination: str) -> bool:
    """Whether this revision is no longer wanted. A run of a series goes on there as it began, and so do threads."""
    of_the_thread = {destination, account_and_part(destination)[0]}
    if payload.due_at is None and any(_find(draft, payload, each) for each in of_the_thread):
        return False
    return plans.is_superseded(draft, payload)


def _give_up(draft: Draft, payload: Payload, destination: str, attempt: int, now: datetime) -> Claim:
    """Mark a claim unconfirmed whose owner never said how the call ended."""
    detail = {"reason": STOPPED_WHILE_PUBLISHING}
    receipt = Receipt(
        kind="unconfirmed", at=now, revision=payload.revision, attempt=attempt, destination=destination, detail=detail
    )
    finish(draft, payload, receipt)
    return Claim(verdict="unconfirmed", attempt=attempt, detail=detail)


def _find(draft: Draft, payload: Payload, destination: str) -> Item | None:
    return draft.get(items.claim_key(payload.occurrence_key, destination))


def _new(payload: Payload, destination: str) -> Item:
    pk, sk = items.claim_key(payload.occurrence_key, destination)
    return {"pk": pk, "sk": sk, "state": "waiting", "attempt": 0, "detail": "{}"}


def _put(draft: Draft, payload: Payload, item: Item, **changed: str | int) -> None:
    """Write a claim, and what it means for changes of the post."""
    item = item | changed | {items.EXPIRY: items.expiry(payload.due)}
    draft.put(item)
    plans.hold(draft, payload, item)
