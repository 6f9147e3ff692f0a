"""One DynamoDB table with optimistic transactions: each writes all of its items or none."""

import heapq
import random
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import chain, count, islice
from operator import itemgetter
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from core.aws_errors import AwsUnavailable, translate_aws_errors
from core.errors import PunctualError
from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb_layout import Index, Item, Key
from core.time.instants import Clock
from lambda_pkg.receipts import LIST_PARTITIONS

T = TypeVar("T")

MAX_TRANSACTIONS = 30
"""How often a transaction runs again because another one changed its items; some seconds in all."""
MAX_REQUESTS = 8
"""How often one request is sent if DynamoDB rejects it for a transient reason."""
MAX_BACKOFF = 0.5
"""Seconds. Pauses are random, below a bound that doubles up to this one (full jitter)."""
BATCH_GET_LIMIT = 100
"""The most keys of one BatchGetItem."""

_CONFLICTS = {"ConditionalCheckFailed", "ConditionalCheckFailedException"}
_TRANSIENT = {
    "TransactionConflict",
    "TransactionConflictException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}
"""Transient rejections of transactions, and of single writes that conflict with one.

boto3 retries throttled requests, but not these.
"""


class TableUnavailable(PunctualError):
    """The table could not be reached, or rejected too many requests."""

    hint = "Check whether your change was saved. If not, try again in a minute. Saved records are not lost."


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


class Table:
    """The table of one deployment. May be used from any thread."""

    def __init__(self, client: Any, name: str, clock: Clock, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`client` is a boto3 DynamoDB client with its own retries; `pause` sleeps for a number of seconds."""
        self._client = client
        self._name = name
        self._clock = clock
        self._pause = pause
        self._numbers = count()
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
            self._back_off(number)
        raise TableUnavailable("Too many writers changed the same post at the same moment.")

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return the current items under the keys, in their order; None for a missing item."""
        found: dict[Key, Item] = {}
        pending = list(dict.fromkeys(keys))
        while pending:
            batch, pending = pending[:BATCH_GET_LIMIT], pending[BATCH_GET_LIMIT:]
            request = {"Keys": [layout.write_key(key) for key in batch], "ConsistentRead": True}
            response = self._send("batch_get_item", RequestItems={self._name: request})
            for item in map(layout.read, response["Responses"].get(self._name, [])):
                found[layout.key_of(item)] = item
            unprocessed = response.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            pending += [layout.key_of(layout.read(key)) for key in unprocessed]
        return [found.get(key) for key in keys]

    def query_prefix(self, key: Key) -> list[Item]:
        """Return the items of a partition whose sort key starts with the key's, in order."""
        condition = "pk = :pk AND begins_with(sk, :sk)"
        values = layout.write({":pk": key[0], ":sk": key[1]})
        pages = self._pages(KeyConditionExpression=condition, ExpressionAttributeValues=values, ConsistentRead=True)
        return [layout.read(item) for page in pages for item in page]

    def query_list(self, index: Index, name: str, *, below: str, latest_first: bool, limit: int) -> Iterator[Item]:
        """Yield the items of a list whose position sorts before `below`, in order, about `limit` per request.

        An index follows the table with a delay of milliseconds. An item that has left the list is skipped; an item that
        the index does not contain yet is missing.
        """
        partitions = [
            self._partition(index, layout.partition_name(name, number), below, latest_first, limit)
            for number in range(LIST_PARTITIONS)
        ]
        with ThreadPoolExecutor(LIST_PARTITIONS, thread_name_prefix="partitions") as pool:
            begun = [chain(first, rest) for first, rest in zip(pool.map(_first, partitions), partitions, strict=True)]
        pointers = heapq.merge(*begun, key=itemgetter(0), reverse=latest_first)
        while chunk := list(islice(pointers, limit)):
            for (position, _), item in zip(chunk, self.get([key for _, key in chunk]), strict=True):
                if item is not None and item.get(index.position_attribute) == position:
                    yield item

    def count_list(self, index: Index, name: str) -> int:
        """Return the number of items in a list, as the index has it."""
        return sum(
            int(response["Count"])
            for number in range(LIST_PARTITIONS)
            for response in self._responses(
                IndexName=index.name,
                KeyConditionExpression=f"{index.list_attribute} = :partition",
                ExpressionAttributeValues=layout.write({":partition": layout.partition_name(name, number)}),
                Select="COUNT",
            )
        )

    def _partition(
        self, index: Index, partition: str, below: str, latest_first: bool, limit: int
    ) -> Iterator[tuple[str, Key]]:
        """Yield each position in one partition of a list, with the key of its item."""
        pages = self._pages(
            IndexName=index.name,
            KeyConditionExpression=f"{index.list_attribute} = :partition AND {index.position_attribute} < :below",
            ExpressionAttributeValues=layout.write({":partition": partition, ":below": below}),
            ScanIndexForward=not latest_first,
            Limit=limit,
        )
        for page in pages:
            for item in map(layout.read, page):
                yield str(item[index.position_attribute]), layout.key_of(item)

    def _pages(self, **query: Any) -> Iterator[list[dict[str, Any]]]:
        return (response["Items"] for response in self._responses(**query))

    def _responses(self, **query: Any) -> Iterator[dict[str, Any]]:
        while True:
            response = self._send("query", TableName=self._name, **query)
            yield response
            if "LastEvaluatedKey" not in response:
                return
            query["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def _commit(self, transaction: Transaction) -> bool:
        """Write a transaction's items; return False if one of them changed after it was read."""
        if not transaction.written:
            return True
        version = secrets.token_hex(8)
        puts = [
            self._put(item | {"version": version}, transaction.found.get(key))
            for key, item in transaction.written.items()
        ]
        checks = [self._check(key, transaction.found[key]) for key in transaction.required - transaction.written.keys()]
        if len(puts) + len(checks) > 1:
            requests = [*({"Put": put} for put in puts), *({"ConditionCheck": check} for check in checks)]
            return self._accepted("transact_write_items", TransactItems=requests)
        if self._accepted("put_item", **puts[0]):
            return True
        (present,) = self.get(list(transaction.written))
        return present is not None and present["version"] == version  # it was written, and the response was lost

    def _put(self, item: Item, found: Item | None) -> dict[str, Any]:
        return {"TableName": self._name, "Item": layout.write(item), **_unchanged(found)}

    def _check(self, key: Key, found: Item | None) -> dict[str, Any]:
        return {"TableName": self._name, "Key": layout.write_key(key), **_unchanged(found)}

    def _accepted(self, operation: str, **parameters: Any) -> bool:
        """Send a conditional request; return whether its conditions were met."""
        with _translate_errors():
            try:
                self._request(operation, **parameters)
            except ClientError as error:
                if not _codes(error) & _CONFLICTS:
                    raise
                return False
            return True

    def _send(self, operation: str, **parameters: Any) -> dict[str, Any]:
        with _translate_errors():
            return self._request(operation, **parameters)

    def _request(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Send a request, again after each transient rejection. Raises botocore's errors."""
        request: Callable[..., dict[str, Any]] = getattr(self._client, operation)
        for number in range(1, MAX_REQUESTS):
            try:
                return request(**parameters)
            except ClientError as error:
                if not _codes(error) <= _TRANSIENT:
                    raise
            self._back_off(number)
        return request(**parameters)

    def _back_off(self, number: int) -> None:
        self._pause(random.uniform(0, min(MAX_BACKOFF, 0.01 * 2**number)))

    def _next_arrival(self) -> str:
        return f"{layout.timestamp(self._clock())}#{next(self._numbers):08x}{secrets.token_hex(4)}"


def _first(iterator: Iterator[T]) -> list[T]:
    """Return a list of the iterator's next element, empty at its end."""
    return list(islice(iterator, 1))


@contextmanager
def _translate_errors() -> Iterator[None]:
    """Translate botocore's errors."""
    try:
        with translate_aws_errors():
            yield
    except AwsUnavailable as error:
        raise TableUnavailable(str(error)) from error


def _codes(error: ClientError) -> set[str]:
    """Return the error codes of a failed request; of a transaction, those of its items."""
    causes = error.response.get("CancellationReasons") or [error.response.get("Error", {})]
    return {cause.get("Code", "") for cause in causes} - {"None"}


def _unchanged(found: Item | None) -> dict[str, Any]:
    """Return the condition that an item is the one that was read."""
    if found is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    values = layout.write({":version": found["version"]})
    return {"ConditionExpression": "version = :version", "ExpressionAttributeValues": values}
