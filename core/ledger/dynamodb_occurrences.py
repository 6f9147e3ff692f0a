"""Occurrences and their receipts in DynamoDB. Each writing function works on the items of one transaction.

An occurrence's item has `occurrence_key`, `revision`, `content` (the payload) and `from_relay` (see
dynamodb_layout.py). It is listed while History shows it. Receipts are items of their own.
"""

import json
from collections.abc import Callable
from typing import cast

from core.ledger import dynamodb_layout as layout
from core.ledger import dynamodb_plans as plans
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_transactions import Transaction
from core.ledger.port import Receipt, ReceiptKind
from core.posts.destinations import Destination
from core.posts.payload import Payload, read_payload, write_invocation
from core.time.instants import from_utc_text


def append(transaction: Transaction, payload: Payload, receipt: Receipt) -> None:
    """Append a receipt. The first receipt of an occurrence creates the occurrence."""
    begin(transaction, payload, shown=_is_shown(transaction, payload, receipt))
    pk, prefix = layout.receipts_key(payload.occurrence_key)
    item: Item = {
        "pk": pk,
        "sk": prefix + transaction.next_arrival(),
        "kind": receipt.kind,
        "at": layout.timestamp(receipt.at),
        "revision": receipt.revision,
        "attempt": receipt.attempt,
        "detail": json.dumps(receipt.detail),
        layout.EXPIRY: layout.expiry(payload.due),
    }
    transaction.put(item | ({"destination": receipt.destination} if receipt.destination is not None else {}))


def begin(transaction: Transaction, payload: Payload, *, shown: bool) -> None:
    """Create the occurrence, or replace the payload of an earlier revision. Each revision is written once."""
    found = transaction.get(layout.occurrence_key(payload.occurrence_key))
    if found is None or int(found["revision"]) < payload.revision:
        _put(transaction, payload, shown=shown)
    elif shown and found["revision"] == payload.revision and not _is_listed(found):
        _put(transaction, payload, shown=True)


def hide(transaction: Transaction, post_id: str) -> None:
    """Remove a changed one-time post from History until its new revision begins."""
    found = transaction.get(layout.occurrence_key(post_id))
    if found is not None and _is_listed(found):
        transaction.put(layout.without(found, "from_relay", *layout.LISTING.attributes))


def reconcile(transaction: Transaction, key: Key, is_handed_over: Callable[[], bool]) -> bool:
    """Compare an occurrence that the relay wrote with the plan; return whether History shows it.

    An occurrence of the current revision closes the plan. A superseded one-time post leaves History, unless
    `is_handed_over`: a posting server without this ledger took it, which no cancellation within the relay's wait
    prevents. Raises UnreadablePayload.
    """
    found = transaction.get(key)
    if found is None or "from_relay" not in found:
        return found is not None and _is_listed(found)
    payload = payload_of(found)
    if payload.due_at is not None and plans.is_superseded(transaction, payload):
        taken = is_handed_over()
        transaction.put(layout.without(found, "from_relay", *(() if taken else layout.LISTING.attributes)))
        return taken
    transaction.put(layout.without(found, "from_relay"))
    plans.begin(transaction, payload)
    return True


def payload_of(item: Item) -> Payload:
    """Return the payload of an occurrence's item. Raises UnreadablePayload: the relay checks payloads less strictly."""
    return read_payload(str(item["content"]))


def read_receipt(item: Item) -> Receipt:
    """Return a receipt that the ledger or the relay wrote."""
    return Receipt(
        kind=cast(ReceiptKind, item["kind"]),
        at=from_utc_text(str(item["at"])),
        revision=int(item["revision"]),
        attempt=int(item["attempt"]),
        destination=Destination.parse(str(item["destination"])) if "destination" in item else None,
        detail=json.loads(str(item["detail"])) if "detail" in item else _relay_detail(item),
    )


def _is_shown(transaction: Transaction, payload: Payload, receipt: Receipt) -> bool:
    """Return whether History shows the receipt's occurrence: not for an old revision of a one-time post."""
    if receipt.kind == "superseded":
        return False
    return payload.due_at is None or receipt.kind == "published" or not plans.is_superseded(transaction, payload)


def _is_listed(item: Item) -> bool:
    return layout.LISTING.list_attribute in item


def _put(transaction: Transaction, payload: Payload, *, shown: bool) -> None:
    pk, sk = layout.occurrence_key(payload.occurrence_key)
    item: Item = {
        "pk": pk,
        "sk": sk,
        "occurrence_key": payload.occurrence_key,
        "revision": payload.revision,
        "content": write_invocation(payload),
        layout.EXPIRY: layout.expiry(payload.due),
    }
    if shown:
        item |= layout.list_attributes(layout.LISTING, layout.HISTORY, payload.due, payload.occurrence_key)
        plans.begin(transaction, payload)
    transaction.put(item)


def _relay_detail(item: Item) -> dict[str, str | int]:
    detail = {"reason": item.get("error"), "status": item.get("status"), "posted_at": item.get("posted_at")}
    return {name: value for name, value in detail.items() if value is not None}
