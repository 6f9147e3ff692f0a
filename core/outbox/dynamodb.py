"""The outbox on AWS, in the ledger's table (core/ledger/dynamodb_layout.py).

A post has the key `outbox#<occurrence key>` and `entry`, and the attributes `occurrence_key`, `post_id`, `text`,
`media` (JSON) and `published_at` (milliseconds). It is in the list `outbox` and never expires.
"""

from itertools import islice

from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_transactions import Table, Transaction
from core.outbox.port import MEDIA, OutboxPost
from core.time.instants import epoch_ms, from_epoch_ms


class DynamoOutbox:
    """The outbox port on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, post: OutboxPost) -> None:
        key = _key(post.occurrence_key)

        def work(transaction: Transaction) -> None:
            if transaction.get(key) is None:
                transaction.put(_write(key, post))

        self._table.write([key], work)

    def get(self, occurrence_key: str) -> OutboxPost | None:
        (item,) = self._table.get([_key(occurrence_key)])
        return _read(item) if item is not None else None

    def feed(self, *, limit: int, after: OutboxPost | None = None) -> list[OutboxPost]:
        below = layout.position(after.published_at, after.occurrence_key) if after else layout.AFTER_ALL
        listed = self._table.query_list(layout.LISTING, layout.OUTBOX, below=below, latest_first=True, limit=limit)
        return [_read(item) for item in islice(listed, limit)]


def _key(occurrence_key: str) -> Key:
    return f"outbox#{occurrence_key}", "entry"


def _write(key: Key, post: OutboxPost) -> Item:
    item: Item = {
        "pk": key[0],
        "sk": key[1],
        "occurrence_key": post.occurrence_key,
        "post_id": post.post_id,
        "text": post.text,
        "media": MEDIA.dump_json(post.media).decode(),
        "published_at": epoch_ms(post.published_at),
    }
    return item | layout.list_attributes(layout.LISTING, layout.OUTBOX, post.published_at, post.occurrence_key)


def _read(item: Item) -> OutboxPost:
    return OutboxPost(
        occurrence_key=str(item["occurrence_key"]),
        post_id=str(item["post_id"]),
        text=str(item["text"]),
        media=MEDIA.validate_json(str(item["media"])),
        published_at=from_epoch_ms(int(item["published_at"])),
    )
