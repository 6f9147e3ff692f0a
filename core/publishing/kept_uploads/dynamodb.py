"""Kept uploads on AWS, in the ledger's table (core/ledger/dynamodb_layout.py).

The uploads of a publication have the key `upload#<occurrence key>` and the account, and the attribute `uploads`: JSON
of each upload by its name. Time to live deletes them a day later.
"""

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_transactions import Table, Transaction
from core.publishing.kept_uploads.port import KeptUpload, UploadOwner
from core.time.instants import Clock, epoch_ms, from_epoch_ms

EXPIRY = timedelta(days=1)

_Uploads = dict[str, dict[str, Any]]


class DynamoUploads:
    """The store of a deployment: the functions of one post share it, whichever of them AWS starts."""

    def __init__(self, table: Table, clock: Clock) -> None:
        self._table = table
        self._clock = clock

    def get(self, owner: UploadOwner, name: str) -> KeptUpload | None:
        (item,) = self._table.get([_key(owner)])
        found = _read(item).get(name)
        return KeptUpload(content=found["content"], at=from_epoch_ms(found["at"])) if found else None

    def put(self, owner: UploadOwner, name: str, upload: KeptUpload) -> None:
        kept = {name: {"content": upload.content, "at": epoch_ms(upload.at)}}
        self._change(owner, lambda uploads: uploads | kept)

    def forget(self, owner: UploadOwner) -> None:
        self._change(owner, lambda uploads: {})

    def _change(self, owner: UploadOwner, change: Callable[[_Uploads], _Uploads]) -> None:
        key, expires_at = _key(owner), epoch_ms(self._clock() + EXPIRY) // 1000

        def work(transaction: Transaction) -> None:
            before = _read(transaction.get(key))
            if (after := change(before)) != before:
                item: Item = {"pk": key[0], "sk": key[1], "uploads": json.dumps(after), "expires_at": expires_at}
                transaction.put(item)

        self._table.write([key], work)


def _key(owner: UploadOwner) -> Key:
    return f"upload#{owner.occurrence_key}", str(owner.account)


def _read(item: Item | None) -> _Uploads:
    uploads: _Uploads = json.loads(str(item["uploads"])) if item is not None else {}
    return uploads
