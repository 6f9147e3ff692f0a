"""The outbox on AWS, in the ledger's table (core/ledger/items.py).

An entry lies under `outbox#<occurrence key>` and `entry`, with `occurrence_key`, `post_id`, `text`, `media` (JSON) and
`published_at` (milliseconds); it stands in the list `outbox`, and is kept for ever.
"""

from itertools import islice

from core.ledger import items
from core.ledger.items import Item, Key
from core.ledger.table import Draft, Table
from core.outbox.port import MEDIA, Entry
from core.time.instants import from_milliseconds, milliseconds


class DynamoOutbox:
    """The outbox port on a table."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def add(self, entry: Entry) -> None:
        key = _key(entry.occurrence_key)

        def work(draft: Draft) -> None:
            if draft.get(key) is None:
                draft.put(_write(key, entry))

        self._table.write([key], work)

    def get(self, occurrence_key: str) -> Entry | None:
        (item,) = self._table.get([_key(occurrence_key)])
        return _read(item) if item is not None else None

    def feed(self, *, limit: int, after: Entry | None = None) -> list[Entry]:
        below = items.place(after.published_at, after.occurrence_key) if after else items.LAST
        listed = self._table.listed(items.LISTING, items.OUTBOX, below=below, latest_first=True, limit=limit)
        return [_read(item) for item in islice(listed, limit)]


def _key(occurrence_key: str) -> Key:
    return f"outbox#{occurrence_key}", "entry"


def _write(key: Key, entry: Entry) -> Item:
    item: Item = {
        "pk": key[0],
        "sk": key[1],
        "occurrence_key": entry.occurrence_key,
        "post_id": entry.post_id,
        "text": entry.text,
        "media": MEDIA.dump_json(entry.media).decode(),
        "published_at": milliseconds(entry.published_at),
    }
    return item | items.listed(items.LISTING, items.OUTBOX, entry.published_at, entry.occurrence_key)


def _read(item: Item) -> Entry:
    return Entry(
        occurrence_key=str(item["occurrence_key"]),
        post_id=str(item["post_id"]),
        text=str(item["text"]),
        media=MEDIA.validate_json(str(item["media"])),
        published_at=from_milliseconds(int(item["published_at"])),
    )
