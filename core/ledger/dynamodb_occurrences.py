"""What became of each occurrence, in DynamoDB. Every function but those that read works on the draft of one intent.

An occurrence's item has `occurrence_key`, `revision`, `content` (the payload as it was handed over) and `from_relay`
(see core/ledger/items.py); it is listed while History shows it. Receipts are items of their own.
"""

import json
from typing import cast

from core.ledger import dynamodb_plans as plans
from core.ledger import items
from core.ledger.items import Item, Key
from core.ledger.port import Receipt, ReceiptKind
from core.ledger.table import Draft
from core.posts.payload import Payload, read_payload, write_invocation
from core.time.instants import from_utc_text


def append(draft: Draft, payload: Payload, receipt: Receipt) -> None:
    """Add a receipt; the first one of an occurrence begins it."""
    begin(draft, payload, shown=_is_shown(draft, payload, receipt))
    pk, prefix = items.receipts_key(payload.occurrence_key)
    item: Item = {
        "pk": pk,
        "sk": prefix + draft.arrival(),
        "kind": receipt.kind,
        "at": items.stamp(receipt.at),
        "revision": receipt.revision,
        "attempt": receipt.attempt,
        "detail": json.dumps(receipt.detail),
        items.EXPIRY: items.expiry(payload.due),
    }
    draft.put(item | ({"destination": receipt.destination} if receipt.destination is not None else {}))


def begin(draft: Draft, payload: Payload, *, shown: bool) -> None:
    """Note that an occurrence began, and keep the newest revision's payload; written once for each revision."""
    found = draft.get(items.occurrence_key(payload.occurrence_key))
    if found is None or int(found["revision"]) < payload.revision:
        _put(draft, payload, shown=shown)
    elif shown and found["revision"] == payload.revision and not _is_listed(found):
        _put(draft, payload, shown=True)


def hide(draft: Draft, post_id: str) -> None:
    """Take what befell a one-time post that was changed out of History until its new revision begins."""
    found = draft.get(items.occurrence_key(post_id))
    if found is not None and _is_listed(found):
        draft.put(items.without(found, "from_relay", *items.LISTING.attributes))


def take_in(draft: Draft, key: Key) -> bool:
    """Hold an occurrence that the relay wrote against the plan, and return whether History shows it."""
    found = draft.get(key)
    if found is None or "from_relay" not in found:
        return found is not None and _is_listed(found)
    payload = payload_of(found)
    if payload.due_at is not None and plans.is_superseded(draft, payload):
        draft.put(items.without(found, "from_relay", *items.LISTING.attributes))
        return False
    draft.put(items.without(found, "from_relay"))
    plans.begin(draft, payload)
    return True


def payload_of(item: Item) -> Payload:
    """Return the payload of an occurrence's item. Raises UnreadablePayload; the relay checks less than we do."""
    return read_payload(str(item["content"]))


def read_receipt(item: Item) -> Receipt:
    """Return a receipt: one of ours, or one that the relay wrote."""
    return Receipt(
        kind=cast(ReceiptKind, item["kind"]),
        at=from_utc_text(str(item["at"])),
        revision=int(item["revision"]),
        attempt=int(item["attempt"]),
        destination=cast(str | None, item.get("destination")),
        detail=json.loads(str(item["detail"])) if "detail" in item else _told_by_the_relay(item),
    )


def _is_shown(draft: Draft, payload: Payload, receipt: Receipt) -> bool:
    """Whether History tells of it. Of a one-time post that was changed, what befell the old revision is no news."""
    if receipt.kind == "superseded":
        return False
    return payload.due_at is None or receipt.kind == "published" or not plans.is_superseded(draft, payload)


def _is_listed(item: Item) -> bool:
    return items.LISTING.list_attribute in item


def _put(draft: Draft, payload: Payload, *, shown: bool) -> None:
    pk, sk = items.occurrence_key(payload.occurrence_key)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "occurrence_key": payload.occurrence_key,
        "revision": payload.revision,
        "content": write_invocation(payload),
        items.EXPIRY: items.expiry(payload.due),
    }
    if shown:
        item |= items.listed(items.LISTING, items.HISTORY, payload.due, payload.occurrence_key)
        plans.begin(draft, payload)
    draft.put(item)


def _told_by_the_relay(item: Item) -> dict[str, str | int]:
    told = {"reason": item.get("error"), "status": item.get("status"), "posted_at": item.get("posted_at")}
    return {name: value for name, value in told.items() if value is not None}
