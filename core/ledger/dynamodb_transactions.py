"""One DynamoDB table with optimistic transactions: each writes all of its items or none."""

import secrets
import time
from collections.abc import Callable, Sequence
from itertools import count
from threading import Lock
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_reader import TableReader, TableUnavailable, error_codes, translate_table_errors
from core.time.instants import Clock

T = TypeVar("T")

MAX_TRANSACTIONS = 30
"""How often a transaction runs again because another one changed its items; some seconds in all."""
WRITTEN_KEPT = 64
"""The items that a process has written last, and keeps for `write_again`."""
_CONFLICTS = {"ConditionalCheckFailed", "ConditionalCheckFailedException"}


class Transaction:
    """The items that one operation has read and the items that it will write."""

    def __init__(self, found: dict[Key, Item | None], next_arrival: Callable[[], str]) -> None:
        """`next_arrival` returns a text that sorts after those of all earlier receipts."""
        self.found = found
        self.written: dict[Key, Item] = {}
        self.required: set[Key] = set()
        self.next_arrival = next_arrival

    def get(self, key: Key) -> Item | None:
        """Return an item with this transaction's changes. Only the keys given at the start can be read."""
        return self.written.get(key) or self.found[key]

    def put(self, item: Item) -> None:
        """Write an item in place of the one that was read."""
        self.written[layout.key_of(item)] = item

    def require(self, key: Key) -> None:
        """Write only if this item, which was read, is unchanged until then."""
        self.required.add(key)


class Table(TableReader):
    """The table of one deployment. May be used from any thread."""

    def __init__(self, client: Any, name: str, clock: Clock, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`client` is a boto3 DynamoDB client with its own retries; `pause` sleeps for a number of seconds."""
        super().__init__(client, name, pause)
        self._clock = clock
        self._numbers = count()
        self._lock = Lock()
        self._latest: dict[Key, Item] = {}
        self.change_count = 0
        """Differs after each write of this process."""

    def write(self, keys: Sequence[Key], work: Callable[[Transaction], T]) -> T:
        """Run `work` on the items under `keys`, write its items in one request, and return its value.

        `work` runs again on the new items if another writer has changed one that it replaces. If `work` raises, nothing
        is written. Raises TableUnavailable.
        """
        for number in range(MAX_TRANSACTIONS):
            transaction = Transaction(dict(zip(keys, self.get(keys), strict=True)), self._next_arrival)
            value = work(transaction)
            if self._commit(transaction):
                self.change_count += 1
                return value
            self.back_off(number)
        raise TableUnavailable("Too many writers changed the same post at the same moment.")

    def insert(self, key: Key, work: Callable[[Transaction], T]) -> T:
        """As `write`, for one item that is probably new: it is read only if it exists."""
        return self._write_presuming(key, None, work)

    def write_again(self, key: Key, work: Callable[[Transaction], T]) -> T:
        """As `write`, for one item that this process has probably written last: it is read only if another has."""
        with self._lock:
            known = self._latest.pop(key, None)
        return self.write([key], work) if known is None else self._write_presuming(key, known, work)

    def _write_presuming(self, key: Key, presumed: Item | None, work: Callable[[Transaction], T]) -> T:
        """Write on condition that the item is the presumed one. Without a write, nothing would have compared it."""
        transaction = Transaction({key: presumed}, self._next_arrival)
        value = work(transaction)
        if not transaction.written or not self._commit(transaction):
            return self.write([key], work)
        self.change_count += 1
        return value

    def _commit(self, transaction: Transaction) -> bool:
        """Write a transaction's items; return False if one of them changed after it was read."""
        if not transaction.written:
            return True
        version = secrets.token_hex(8)
        written = {key: item | {"version": version} for key, item in transaction.written.items()}
        puts = [self._put(item, transaction.found.get(key)) for key, item in written.items()]
        checks = [self._check(key, transaction.found[key]) for key in transaction.required - transaction.written.keys()]
        if len(puts) + len(checks) > 1:
            requests = [*({"Put": put} for put in puts), *({"ConditionCheck": check} for check in checks)]
            accepted = self._accepted("transact_write_items", TransactItems=requests)
        else:
            [key] = written
            accepted = self._accepted("put_item", **puts[0]) or self._was_written(key, version)
        if accepted:
            self._keep(written)
        return accepted

    def _was_written(self, key: Key, version: str) -> bool:
        """Return whether a refused item is in the table: it was written, and the response was lost."""
        (present,) = self.get([key])
        return present is not None and present["version"] == version

    def _keep(self, written: dict[Key, Item]) -> None:
        with self._lock:
            self._latest |= written
            while len(self._latest) > WRITTEN_KEPT:
                del self._latest[next(iter(self._latest))]

    def _put(self, item: Item, found: Item | None) -> dict[str, Any]:
        return {"TableName": self._name, "Item": layout.write(item), **_unchanged(found)}

    def _check(self, key: Key, found: Item | None) -> dict[str, Any]:
        return {"TableName": self._name, "Key": layout.write_key(key), **_unchanged(found)}

    def _accepted(self, operation: str, **parameters: Any) -> bool:
        """Send a conditional request; return whether its conditions were met."""
        with translate_table_errors():
            try:
                self.request(operation, **parameters)
            except ClientError as error:
                if not error_codes(error) & _CONFLICTS:
                    raise
                return False
            return True

    def _next_arrival(self) -> str:
        return f"{layout.timestamp(self._clock())}#{next(self._numbers):08x}{secrets.token_hex(4)}"


def _unchanged(found: Item | None) -> dict[str, Any]:
    """Return the condition that an item is the one that was read."""
    if found is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    values = layout.write({":version": found["version"]})
    return {"ConditionExpression": "version = :version", "ExpressionAttributeValues": values}
