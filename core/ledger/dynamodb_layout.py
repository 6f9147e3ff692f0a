"""The layout of the DynamoDB table that holds the ledger: keys, lists and attributes.

One table with the keys `pk` and `sk`. The partition `post#<post id>` holds all items of a post:

| sk                                 | item, and the module that lists its attributes                                  |
|------------------------------------|---------------------------------------------------------------------------------|
| `post`                             | the plan (dynamodb_plans.py)                                                    |
| `occurrence#<key>`                 | one publication that has begun (dynamodb_occurrences.py)                        |
| `claim#<key>#<destination>`        | the claim on one publication (dynamodb_claims.py)                               |
| `receipt#<key>#<arrival>#<unique>` | one receipt; `arrival` is ISO 8601 in UTC, to the millisecond                   |

`<key>` is the occurrence key. A post of the outbox has a partition of its own (core/outbox/dynamodb.py),
and so has a draft (core/drafts/dynamodb.py). All labels are one item (core/labels/dynamodb.py), and so
are the hold (core/scheduling/hold/dynamodb.py) and the settings of the warnings
(core/scheduling/caution_settings/dynamodb.py).

An item that is listed in order of time names a list and its position there: `listing` and `listed_at`, or `due_list`
and `due_at`. Each pair is the key of an index that projects keys only, so items are always read from the table itself.
A list is spread over LIST_PARTITIONS partitions, because one partition accepts a thousand writes a second. The number
never changes: an item stores only the number of its own partition.

`version` changes with every write, and each write requires the version that was read. `expires_at`, in epoch seconds,
is the time after which DynamoDB may delete an item. Attributes are strings, integers and booleans; lists and objects
are JSON strings.

The relay writes receipts and occurrences itself (lambda_pkg/receipts.py):

- a receipt: `kind`, `at`, `revision`, `attempt`, `status`, `error`, `posted_at` and similar, `expires_at`;
- its occurrence, unless it exists and is listed: `version`, `revision`, `content` (the payload), `listing` =
  `history#<partition>`, `listed_at` = `<due instant>#<key>`, `expires_at`, and `from_relay` = true: the ledger has not
  yet compared the occurrence with the plan.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from core.time.instants import epoch_ms
from lambda_pkg.receipts import LIST_PARTITIONS, RECEIPTS_KEPT, attribute_value

AttributeValue = str | int | bool
Item = dict[str, AttributeValue]
Key = tuple[str, str]
"""`pk` and `sk`."""

EXPIRY = "expires_at"


@dataclass(frozen=True, kw_only=True)
class Index:
    """An index of the table: the attribute with the list's name, and the attribute with the position in it."""

    name: str
    list_attribute: str
    position_attribute: str

    @property
    def attributes(self) -> tuple[str, str]:
        """The attributes of an item in a list."""
        return self.list_attribute, self.position_attribute


LISTING = Index(name="listing", list_attribute="listing", position_attribute="listed_at")
"""History, the outbox, drafts, unsettled plans, and settled plans of posts that need a time."""
DUE = Index(name="due", list_attribute="due_list", position_attribute="due_at")
"""One-time posts that have not begun, repeating posts, and cancelled posts by the instant of their cancellation. Such a
post may also be in the unsettled list of LISTING."""

BEFORE_ALL, AFTER_ALL = "!", "~"
"""Positions that sort before and after all others, which start with digits."""
HISTORY, UNSETTLED, OUTBOX, OPEN, SERIES = "history", "unsettled", "outbox", "open", "series"
CANCELLED, NEEDS_TIME = "cancelled", "needs_time"
DRAFTS, TEMPLATES, DELETED_DRAFTS = "drafts", "templates", "deleted_drafts"
"""The names of the lists."""


def table_definition(name: str) -> dict[str, Any]:
    """Return the CreateTable request. Time to live, on EXPIRY, needs a request of its own."""
    indexes = (LISTING, DUE)
    attributes = ["pk", "sk", *LISTING.attributes, *DUE.attributes]
    return {
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
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
    """Return the key of a post's plan."""
    return f"post#{post_id}", "post"


def occurrence_key(key: str) -> Key:
    """Return the key of an occurrence."""
    return _partition(key), f"occurrence#{key}"


def claim_key(key: str, destination: str) -> Key:
    """Return the key of the claim on one publication."""
    return _partition(key), f"claim#{key}#{destination}"


def receipts_key(key: str) -> Key:
    """Return the partition of an occurrence's receipts, and the prefix of their sort keys."""
    return _partition(key), f"receipt#{key}#"


def key_of(item: Item) -> Key:
    """Return the key of an item."""
    return str(item["pk"]), str(item["sk"])


def post_id(item: Item) -> str:
    """Return the id of an item's post."""
    return str(item["pk"]).removeprefix("post#")


def without(item: Item, *attributes: str) -> Item:
    """Return an item without some attributes."""
    return {name: value for name, value in item.items() if name not in attributes}


def list_attributes(index: Index, name: str, instant: datetime, unique: str) -> Item:
    """Return the attributes that list an item at an instant; `unique` separates items of the same instant."""
    return {
        index.list_attribute: partition_name(name, sum(unique.encode()) % LIST_PARTITIONS),
        index.position_attribute: position(instant, unique),
    }


def partition_name(name: str, number: int) -> str:
    """Return the name of one partition of a list."""
    return f"{name}#{number}"


def position(instant: datetime, unique: str) -> str:
    """Return a position in a list, ordered by time and, within a millisecond, by `unique`."""
    return f"{timestamp(instant)}#{unique}"


def timestamp(instant: datetime) -> str:
    """Return an instant as text that sorts by time: ISO 8601 in UTC, always to the millisecond."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def expiry(instant: datetime) -> int:
    """Return the expiry of an item that ended at an instant, in epoch seconds."""
    return epoch_ms(instant + RECEIPTS_KEPT) // 1000


def write(item: Item) -> dict[str, dict[str, Any]]:
    """Return an item in DynamoDB's format."""
    return {name: attribute_value(value) for name, value in item.items()}


def read(item: dict[str, dict[str, Any]]) -> Item:
    """Return an item from DynamoDB's format."""
    return {name: _read(value) for name, value in item.items()}


def write_key(key: Key) -> dict[str, dict[str, Any]]:
    """Return a key in DynamoDB's format."""
    return write({"pk": key[0], "sk": key[1]})


def _partition(key: str) -> str:
    return f"post#{key.partition('/')[0]}"


def _key_schema(partition: str, sort: str) -> list[dict[str, str]]:
    return [{"AttributeName": partition, "KeyType": "HASH"}, {"AttributeName": sort, "KeyType": "RANGE"}]


def _read(value: dict[str, Any]) -> AttributeValue:
    ((kind, content),) = value.items()
    return int(content) if kind == "N" else content
