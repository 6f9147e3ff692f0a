"""One DynamoDB table, written in drafts: all of one or nothing, and only over items that are as they were read."""

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

from core.aws_errors import SchedulerUnavailable, translated
from core.errors import PunctualError
from core.ledger import items
from core.ledger.items import Index, Item, Key
from core.time.instants import Clock

T = TypeVar("T")

ROUNDS = 30
"""How often an intent is taken up anew because others changed what it had read; together some seconds."""
TRIES = 8
"""How often one request is made that DynamoDB turns away for the moment."""
LONGEST_PAUSE = 0.5
"""Seconds. Pauses are random, and twice as long each time up to this (full jitter)."""
AT_ONCE = 100
"""The most keys that one BatchGetItem may name."""

_OUTDATED = {"ConditionalCheckFailed", "ConditionalCheckFailedException"}
_FOR_THE_MOMENT = {
    "TransactionConflict",
    "TransactionConflictException",
    "ThrottlingError",
    "ProvisionedThroughputExceeded",
}
"""What befalls transactions, and single writes that meet one; boto3 makes throttled requests again, but not these."""


class TableUnavailable(PunctualError):
    """The table could not be reached, or too much was asked of it at once."""

    hint = "Look whether what you did is there; if not, do it again in a minute. Nothing that was noted is lost."


class Draft:
    """What one intent has read, and what it will write in the place of some of it."""

    def __init__(self, found: dict[Key, Item | None], arrival: Callable[[], str]) -> None:
        self.found = found
        self.written: dict[Key, Item] = {}
        self.arrival = arrival
        """Returns a text that sorts behind those of all receipts that came before."""

    def get(self, key: Key) -> Item | None:
        """Return an item as this draft has it. Only what the intent asked for at its beginning can be had."""
        return self.written.get(key) or self.found[key]

    def put(self, item: Item) -> None:
        """Write an item in place of the one that was read, or of none."""
        self.written[items.key_of(item)] = item


class Table:
    """The table of one deployment. May be used from any thread."""

    def __init__(self, client: Any, name: str, clock: Clock, *, pause: Callable[[float], None] = time.sleep) -> None:
        """`client` is a boto3 DynamoDB client, with retries of its own; `pause` waits for some seconds."""
        self._client = client
        self._name = name
        self._clock = clock
        self._pause = pause
        self._numbers = count()

    def write(self, keys: Sequence[Key], work: Callable[[Draft], T]) -> T:
        """Let `work` decide on the items under `keys`, write what it drafted in one step, and return its value.

        When something that it means to replace was changed meanwhile, it is asked again, on what is there then. An
        exception from `work` is raised here, and nothing is written. Raises TableUnavailable.
        """
        for number in range(ROUNDS):
            draft = Draft(dict(zip(keys, self.get(keys), strict=True)), self._arrival)
            value = work(draft)
            if self._commit(draft):
                return value
            self._rest(number)
        raise TableUnavailable("Too many changed the same post at the same moment.")

    def get(self, keys: Sequence[Key]) -> list[Item | None]:
        """Return the items under the keys as they are now, in that order; None where there is none."""
        found: dict[Key, Item] = {}
        pending = list(dict.fromkeys(keys))
        while pending:
            asked, pending = pending[:AT_ONCE], pending[AT_ONCE:]
            request = {"Keys": [items.write_key(key) for key in asked], "ConsistentRead": True}
            answer = self._ask("batch_get_item", RequestItems={self._name: request})
            for item in map(items.read, answer["Responses"].get(self._name, [])):
                found[items.key_of(item)] = item
            left = answer.get("UnprocessedKeys", {}).get(self._name, {}).get("Keys", [])
            pending += [items.key_of(items.read(key)) for key in left]
        return [found.get(key) for key in keys]

    def beginning_with(self, key: Key) -> list[Item]:
        """Return the items of a partition whose sort keys begin as the key's, in their order."""
        condition = "pk = :pk AND begins_with(sk, :sk)"
        values = items.write({":pk": key[0], ":sk": key[1]})
        pages = self._pages(KeyConditionExpression=condition, ExpressionAttributeValues=values, ConsistentRead=True)
        return [items.read(item) for page in pages for item in page]

    def listed(self, index: Index, name: str, *, below: str, latest_first: bool, limit: int) -> Iterator[Item]:
        """Yield the items of a list whose places sort below one, in order; `limit` is how many are wanted, as a rule.

        An index follows the table by some milliseconds. What has left the list by now is left out; what is not in the
        index yet cannot be found.
        """
        buckets = [
            self._bucket(index, items.bucket_name(name, number), below, latest_first, limit)
            for number in range(items.BUCKETS)
        ]
        with ThreadPoolExecutor(items.BUCKETS, thread_name_prefix="buckets") as pool:
            begun = [chain(first, bucket) for first, bucket in zip(pool.map(_first, buckets), buckets, strict=True)]
        pointers = heapq.merge(*begun, key=itemgetter(0), reverse=latest_first)
        while chunk := list(islice(pointers, limit)):
            for (place, _), item in zip(chunk, self.get([key for _, key in chunk]), strict=True):
                if item is not None and item.get(index.place_attribute) == place:
                    yield item

    def _bucket(
        self, index: Index, bucket: str, below: str, latest_first: bool, limit: int
    ) -> Iterator[tuple[str, Key]]:
        """Yield the places of one bucket, each with the key of the item that is there."""
        pages = self._pages(
            IndexName=index.name,
            KeyConditionExpression=f"{index.list_attribute} = :bucket AND {index.place_attribute} < :below",
            ExpressionAttributeValues=items.write({":bucket": bucket, ":below": below}),
            ScanIndexForward=not latest_first,
            Limit=limit,
        )
        for page in pages:
            for item in map(items.read, page):
                yield str(item[index.place_attribute]), items.key_of(item)

    def _pages(self, **query: Any) -> Iterator[list[dict[str, Any]]]:
        while True:
            answer = self._ask("query", TableName=self._name, **query)
            yield answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            query["ExclusiveStartKey"] = answer["LastEvaluatedKey"]

    def _commit(self, draft: Draft) -> bool:
        """Write a draft; return whether what it replaces was as it had been read."""
        if not draft.written:
            return True
        version = secrets.token_hex(8)
        puts = [self._put(item | {"version": version}, draft.found.get(key)) for key, item in draft.written.items()]
        if len(puts) > 1:
            return self._accepted("transact_write_items", TransactItems=[{"Put": put} for put in puts])
        if self._accepted("put_item", **puts[0]):
            return True
        (there,) = self.get(list(draft.written))
        return there is not None and there["version"] == version  # it was written, and the answer was lost on its way

    def _put(self, item: Item, found: Item | None) -> dict[str, Any]:
        return {"TableName": self._name, "Item": items.write(item), **_as_found(found)}

    def _accepted(self, operation: str, **parameters: Any) -> bool:
        """Make a request that has conditions; return whether they were met."""
        with _told():
            try:
                self._request(operation, **parameters)
            except ClientError as error:
                if not _reasons(error) & _OUTDATED:
                    raise
                return False
            return True

    def _ask(self, operation: str, **parameters: Any) -> dict[str, Any]:
        with _told():
            return self._request(operation, **parameters)

    def _request(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """Make a request, some times again where DynamoDB turns it away for the moment. Raises botocore's errors."""
        request: Callable[..., dict[str, Any]] = getattr(self._client, operation)
        for number in range(1, TRIES):
            try:
                return request(**parameters)
            except ClientError as error:
                if not _reasons(error) <= _FOR_THE_MOMENT:
                    raise
            self._rest(number)
        return request(**parameters)

    def _rest(self, number: int) -> None:
        self._pause(random.uniform(0, min(LONGEST_PAUSE, 0.01 * 2**number)))

    def _arrival(self) -> str:
        return f"{items.stamp(self._clock())}#{next(self._numbers):08x}{secrets.token_hex(4)}"


def _first(iterator: Iterator[T]) -> list[T]:
    """Return the first of an iterator in a list, which is empty if there is none."""
    return list(islice(iterator, 1))


@contextmanager
def _told() -> Iterator[None]:
    """Turn botocore's exceptions into errors of ours."""
    try:
        with translated():
            yield
    except SchedulerUnavailable as error:
        raise TableUnavailable(str(error)) from error


def _reasons(error: ClientError) -> set[str]:
    """Return the codes that say why a request failed: those of each item, where it is a transaction."""
    causes = error.response.get("CancellationReasons") or [error.response.get("Error", {})]
    return {each.get("Code", "") for each in causes} - {"None"}


def _as_found(found: Item | None) -> dict[str, Any]:
    """Return the condition that an item is still as it was read."""
    if found is None:
        return {"ConditionExpression": "attribute_not_exists(pk)"}
    values = items.write({":version": found["version"]})
    return {"ConditionExpression": "version = :version", "ExpressionAttributeValues": values}
