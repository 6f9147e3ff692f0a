"""The table that holds the ledger on AWS: its keys, its lists, and what lies in it.

One table, keys `pk` and `sk`. All that belongs to a post lies in the partition `post#<post id>`:

| sk                                 | what it is, and where its attributes are told                                   |
|------------------------------------|---------------------------------------------------------------------------------|
| `post`                             | what is wished of the post (dynamodb_plans.py)                                  |
| `occurrence#<key>`                 | one publication that has begun (dynamodb_occurrences.py)                        |
| `claim#<key>#<destination>`        | who may publish it (dynamodb_claims.py)                                         |
| `receipt#<key>#<arrival>#<unique>` | one thing that happened to it; `arrival` is ISO 8601 in UTC, to the millisecond |

`<key>` is the occurrence key. An entry of the outbox lies in a partition of its own (core/outbox/dynamodb.py).

What is to be found in order of time names a list and its place there: `listing` and `listed_at`, or `due_list` and
`due_at`. Each pair is the key of an index that holds nothing else, so an index only points at items; they are always
read from the table itself. A list is spread over BUCKETS partitions, since one takes a thousand writes a second.

`version` changes with every write; who writes on what was read asks for the version that was read. `expires_at`, in
epoch seconds, is when DynamoDB may delete an item. Attributes are texts, whole numbers and booleans; lists and
objects are JSON texts.

The relay writes receipts and occurrences itself (lambda_pkg/receipts.py), and imports nothing from here:

- a receipt: `kind`, `at`, `revision`, `attempt`, `status`, `error`, `posted_at` and more of the like, `expires_at`;
- its occurrence, unless that is there and listed: `version`, `revision`, `content` (the payload), `listing` =
  `history#<bucket>`, `listed_at` = `<due instant>#<key>`, `expires_at`, and `from_relay` = true, by which the ledger
  knows that nobody has yet held it against the plan.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.ledger.port import KEPT
from core.time.instants import milliseconds

Value = str | int | bool
Item = dict[str, Value]
Key = tuple[str, str]
"""`pk` and `sk`."""

EXPIRY = "expires_at"
BUCKETS = 4
"""Partitions of each list. Never changes: an item knows only the number of its own."""


@dataclass(frozen=True, kw_only=True)
class Index:
    """One index of the table: the attribute that names a list, and the one that is a place in it."""

    name: str
    list_attribute: str
    place_attribute: str

    @property
    def attributes(self) -> tuple[str, str]:
        """What an item has if it stands in a list."""
        return self.list_attribute, self.place_attribute


LISTING = Index(name="listing", list_attribute="listing", place_attribute="listed_at")
"""History, the outbox, and plans that are not settled."""
DUE = Index(name="due", list_attribute="due_list", place_attribute="due_at")
"""One-time posts that have not begun, and series. An index of its own, since such a post may be unsettled as well."""

LAST = "~"
"""A place behind every other: those begin with digits."""
HISTORY, UNSETTLED, OUTBOX, OPEN, SERIES = "history", "unsettled", "outbox", "open", "series"
"""The lists."""


def table_definition(name: str) -> dict[str, Any]:
    """Return what CreateTable is asked for; time to live, on EXPIRY, is switched on apart from it."""
    indexes = (LISTING, DUE)
    attributes = ["pk", "sk", *LISTING.attributes, *DUE.attributes]
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": text, "AttributeType": "S"} for text in attributes],
        "KeySchema": _key_schema("pk", "sk"),
        "GlobalSecondaryIndexes": [
            {
                "IndexName": each.name,
                "KeySchema": _key_schema(*each.attributes),
                "Projection": {"ProjectionType": "KEYS_ONLY"},
            }
            for each in indexes
        ],
    }


def plan_key(post_id: str) -> Key:
    """Return where a post's plan lies."""
    return f"post#{post_id}", "post"


def occurrence_key(key: str) -> Key:
    """Return where an occurrence lies."""
    return _partition(key), f"occurrence#{key}"


def claim_key(key: str, destination: str) -> Key:
    """Return where the claim on one publication lies."""
    return _partition(key), f"claim#{key}#{destination}"


def receipts_key(key: str) -> Key:
    """Return the partition of an occurrence's receipts, and what each of their sort keys begins with."""
    return _partition(key), f"receipt#{key}#"


def key_of(item: Item) -> Key:
    """Return where an item lies."""
    return str(item["pk"]), str(item["sk"])


def post_id(item: Item) -> str:
    """Return the id of the post that an item belongs to."""
    return str(item["pk"]).removeprefix("post#")


def without(item: Item, *attributes: str) -> Item:
    """Return an item that lacks some attributes."""
    return {name: value for name, value in item.items() if name not in attributes}


def listed(index: Index, name: str, instant: datetime, unique: str) -> Item:
    """Return the attributes that put an item into a list, at an instant; `unique` is its own in that list."""
    return {
        index.list_attribute: bucket_name(name, sum(unique.encode()) % BUCKETS),
        index.place_attribute: place(instant, unique),
    }


def bucket_name(name: str, number: int) -> str:
    """Return the partition of an index that holds one bucket of a list."""
    return f"{name}#{number}"


def place(instant: datetime, unique: str) -> str:
    """Return a place in a list: by time, and within a millisecond by the texts that are unique."""
    return f"{stamp(instant)}#{unique}"


def stamp(instant: datetime) -> str:
    """Return an instant as a text that sorts as instants do: ISO 8601 in UTC, always to the millisecond."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def expiry(instant: datetime) -> int:
    """Return when something that ended at an instant may be deleted, in epoch seconds."""
    return milliseconds(instant + KEPT) // 1000


def write(item: Item) -> dict[str, dict[str, Any]]:
    """Return an item as DynamoDB takes it."""
    return {name: _written(value) for name, value in item.items()}


def read(item: dict[str, dict[str, Any]]) -> Item:
    """Return an item as it was written."""
    return {name: _read(value) for name, value in item.items()}


def write_key(key: Key) -> dict[str, dict[str, Any]]:
    """Return a key as DynamoDB takes it."""
    return write({"pk": key[0], "sk": key[1]})


def _partition(key: str) -> str:
    return f"post#{key.partition('/')[0]}"


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _written(value: Value) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    return {"N": str(value)} if isinstance(value, int) else {"S": value}


def _read(value: dict[str, Any]) -> Value:
    ((kind, content),) = value.items()
    return int(content) if kind == "N" else content
