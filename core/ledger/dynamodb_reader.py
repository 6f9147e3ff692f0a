"""One DynamoDB table, read: items by key, and lists in the order of time. Reads wait for the network together."""

import heapq
import random
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from core.aws_errors import AwsUnavailable, translate_aws_errors
from core.errors import PunctualError
from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb_layout import Index, Item, Key
from lambda_pkg.receipts import LIST_PARTITIONS

S = TypeVar("S")
T = TypeVar("T")
Pointer = tuple[str, Key]
"""The position of an item in a list, and its key."""

MAX_REQUESTS = 8
"""How often one request is sent if DynamoDB rejects it for a transient reason."""
MAX_BACKOFF = 0.5
"""Seconds. Pauses are random, below a bound that doubles up to this one (full jitter)."""
BATCH_GET_LIMIT = 100
"""The most keys of one BatchGetItem."""
READ_THREADS = 16
"""The most requests of one read at the same time. Each waits for the network, so one after the other takes seconds."""

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


class TableReader:
    """The table of one deployment, for reads. May be used from any thread."""

    def __init__(self, client: Any, name: str, pause: Callable[[float], None]) -> None:
        """`client` is a boto3 DynamoDB client with its own retries; `pause` sleeps for a number of seconds."""
        self._client = client
        self._name = name
        self._pause = pause

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return the current items under the keys, in their order; None for a missing item."""
        wanted = list(dict.fromkeys(keys))
        batches = [wanted[start : start + BATCH_GET_LIMIT] for start in range(0, len(wanted), BATCH_GET_LIMIT)]
        found = {layout.key_of(item): item for items in at_once(self._get_batch, batches) for item in items}
        return [found.get(key) for key in keys]

    def query_prefix(self, key: Key) -> list[Item]:
        """Return the items of a partition whose sort key starts with the key's, in order."""
        condition = "pk = :pk AND begins_with(sk, :sk)"
        values = layout.write({":pk": key[0], ":sk": key[1]})
        pages = self._pages(KeyConditionExpression=condition, ExpressionAttributeValues=values, ConsistentRead=True)
        return [layout.read(item) for page in pages for item in page]

    def query_list(
        self, index: Index, name: str, *, first: str = "", below: str, latest_first: bool, limit: int
    ) -> Iterator[Item]:
        """Yield the items of a list whose position is not before `first`, and before `below`, in order.

        About `limit` are read at a time. An index follows the table with a delay of milliseconds. An item that has left
        the list is skipped; an item that the index does not contain yet is missing.
        """
        for chunk in self._chunks(index, name, first, below, latest_first, limit):
            items = self.get([key for _, key in chunk])
            yield from (item for item in map(partial(_listed, index), chunk, items) if item is not None)

    def query_list_with(
        self,
        other: Callable[[Key], Key],
        index: Index,
        name: str,
        *,
        first: str = "",
        below: str,
        latest_first: bool,
        limit: int,
    ) -> Iterator[tuple[Item, Item | None]]:
        """Yield the items as `query_list` does, each with the one under the `other` key, from the same requests."""
        for chunk in self._chunks(index, name, first, below, latest_first, limit):
            keys = [key for _, key in chunk]
            items = self.get([*keys, *map(other, keys)])
            for pointer, item, beside in zip(chunk, items[: len(keys)], items[len(keys) :], strict=True):
                if (found := _listed(index, pointer, item)) is not None:
                    yield found, beside

    def count_lists(self, index: Index, *names: str) -> int:
        """Return the number of items in some lists, as the index has it."""

        def count_partition(partition: str) -> int:
            responses = self._responses(
                IndexName=index.name,
                KeyConditionExpression=f"{index.list_attribute} = :partition",
                ExpressionAttributeValues=layout.write({":partition": partition}),
                Select="COUNT",
            )
            return sum(int(response["Count"]) for response in responses)

        return sum(at_once(count_partition, [each for name in names for each in _partitions(name)]))

    def _get_batch(self, keys: Sequence[Key]) -> list[Item]:
        """Return the items under at most BATCH_GET_LIMIT keys, in any order."""
        found: list[Item] = []
        pending = [layout.write_key(key) for key in keys]
        while pending:
            request = {"Keys": pending, "ConsistentRead": True}
            response = self._send("batch_get_item", RequestItems={self._name: request})
            found += map(layout.read, response["Responses"].get(self._name, []))
            pending = response.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
        return found

    def _chunks(
        self, index: Index, name: str, first: str, below: str, latest_first: bool, limit: int
    ) -> Iterator[list[Pointer]]:
        """Yield the pointers of a list in order, `limit` at a time."""
        partitions = [self._partition(index, each, first, below, latest_first, limit) for each in _partitions(name)]
        begun = [chain(page, rest) for page, rest in zip(at_once(_first, partitions), partitions, strict=True)]
        pointers = heapq.merge(*begun, key=itemgetter(0), reverse=latest_first)
        while chunk := list(islice(pointers, limit)):
            yield chunk

    def _partition(
        self, index: Index, partition: str, first: str, below: str, latest_first: bool, limit: int
    ) -> Iterator[Pointer]:
        """Yield each position in one partition of a list, with the key of its item."""
        condition = f"{index.list_attribute} = :partition AND {index.position_attribute} BETWEEN :first AND :below"
        pages = self._pages(
            IndexName=index.name,
            KeyConditionExpression=condition,
            ExpressionAttributeValues=layout.write(
                {":partition": partition, ":first": first or layout.BEFORE_ALL, ":below": below}
            ),
            ScanIndexForward=not latest_first,
            Limit=limit,
        )
        for page in pages:
            for item in map(layout.read, page):
                position = str(item[index.position_attribute])
                if position < below:  # BETWEEN includes it
                    yield position, layout.key_of(item)

    def _pages(self, **query: Any) -> Iterator[list[dict[str, Any]]]:
        return (response["Items"] for response in self._responses(**query))

    def _responses(self, **query: Any) -> Iterator[dict[str, Any]]:
        while True:
            response = self._send("query", TableName=self._name, **query)
            yield response
            if "LastEvaluatedKey" not in response:
                return
            query["ExclusiveStartKey"] = response["LastEvaluatedKey"]

    def _send(self, operation: str, **parameters: Any) -> dict[str, Any]:
        with translate_table_errors():
            return self.request(operation, **parameters)

    def request(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Send a request, again after each transient rejection. Raises botocore's errors."""
        request: Callable[..., dict[str, Any]] = getattr(self._client, operation)
        for number in range(1, MAX_REQUESTS):
            try:
                return request(**parameters)
            except ClientError as error:
                if not error_codes(error) <= _TRANSIENT:
                    raise
            self.back_off(number)
        return request(**parameters)

    def back_off(self, number: int) -> None:
        """Pause before another attempt: the longer, the more there were."""
        self._pause(random.uniform(0, min(MAX_BACKOFF, 0.01 * 2**number)))


def at_once(read: Callable[[S], T], wanted: Sequence[S]) -> list[T]:
    """Return the result of each read, in order. READ_THREADS of them wait for the network at the same time."""
    if len(wanted) < 2:
        return list(map(read, wanted))
    with ThreadPoolExecutor(min(READ_THREADS, len(wanted)), thread_name_prefix="table") as pool:
        return list(pool.map(read, wanted))


def _partitions(name: str) -> list[str]:
    """Return the names of a list's partitions."""
    return [layout.partition_name(name, number) for number in range(LIST_PARTITIONS)]


def _listed(index: Index, pointer: Pointer, item: Item | None) -> Item | None:
    """Return the item that a pointer of an index has found, or None if it has left the list or its position."""
    return item if item is not None and item.get(index.position_attribute) == pointer[0] else None


def _first(iterator: Iterator[T]) -> list[T]:
    """Return a list of the iterator's next element, empty at its end."""
    return list(islice(iterator, 1))


@contextmanager
def translate_table_errors() -> Iterator[None]:
    """Translate botocore's errors."""
    try:
        with translate_aws_errors():
            yield
    except AwsUnavailable as error:
        raise TableUnavailable(str(error)) from error


def error_codes(error: ClientError) -> set[str]:
    """Return the error codes of a failed request; of a transaction, those of its items."""
    causes = error.response.get("CancellationReasons") or [error.response.get("Error", {})]
    return {cause.get("Code", "") for cause in causes} - {"None"}
