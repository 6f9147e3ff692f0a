"""Transactions on one DynamoDB table: reads, writes, conflicts and errors."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

from core.aws_errors import AccessDenied, AwsResourceNotFound
from core.ledger import dynamodb_layout as layout
from core.ledger.dynamodb_layout import Item, Key
from core.ledger.dynamodb_reader import MAX_REQUESTS, TableUnavailable
from core.ledger.dynamodb_transactions import MAX_TRANSACTIONS, Transaction
from lambda_pkg.receipts import LIST_PARTITIONS

ONE, OTHER = ("one", "a"), ("other", "a")


def item(key: Key, **attributes: layout.AttributeValue) -> Item:
    return {"pk": key[0], "sk": key[1], **attributes}


def put(*written: Item) -> Callable[[Transaction], None]:
    def work(transaction: Transaction) -> None:
        for each in written:
            transaction.put(each)

    return work


def count_up(transaction: Transaction) -> int:
    found = transaction.get(ONE) or item(ONE, count=0)
    count = int(found["count"]) + 1
    transaction.put(found | {"count": count})
    return count


def refused(code: str, operation: str = "PutItem", **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": f"{code}."}, **more}, operation)


def cancelled(*codes: str) -> ClientError:
    reasons = [{"Code": code} for code in codes]
    return refused("TransactionCanceledException", "TransactWriteItems", CancellationReasons=reasons)


def failing(*errors: Exception) -> Callable[..., Any]:
    """Return a function that raises each error once and then sends the requests."""
    left = list(errors)

    def intercept(request: Callable[..., Any], **parameters: Any) -> Any:
        if left:
            raise left.pop(0)
        return request(**parameters)

    return intercept


# Transactions


def test_strings_integers_and_booleans_are_read_as_they_were_written(table):
    written = item(ONE, text="Grüße 🎉", empty="", number=-(2**53), zero=0, yes=True, no=False)
    table.write([ONE], put(written))
    (found,) = table.get([ONE])
    assert {name: value for name, value in found.items() if name != "version"} == written


def test_items_are_read_in_the_order_of_the_keys_with_none_for_missing_ones(table):
    keys = [("many", f"{number:03d}") for number in range(130)]
    for key in keys[::2]:
        table.write([key], put(item(key)))
    found = table.get([*keys, keys[0]])
    assert [each and layout.key_of(each) for each in found[:4]] == [keys[0], None, keys[2], None]
    assert len(found) == 131
    assert found[130] == found[0]


def test_unprocessed_keys_are_requested_again(table, intercepted, table_on):
    for key in (ONE, OTHER):
        table.write([key], put(item(key)))

    def one_at_a_time(request: Callable[..., Any], *, RequestItems: dict[str, Any]) -> Any:  # noqa: N803
        first, *rest = RequestItems["punctual"]["Keys"]
        result = request(RequestItems={"punctual": {**RequestItems["punctual"], "Keys": [first]}})
        return result | ({"UnprocessedKeys": {"punctual": {"Keys": rest}}} if rest else {})

    slow = table_on(intercepted(batch_get_item=one_at_a_time))
    assert [layout.key_of(found) for found in slow.get([ONE, OTHER])] == [ONE, OTHER]


def test_a_transaction_reads_its_own_writes(table):
    table.write([ONE], lambda transaction: (count_up(transaction), count_up(transaction)))
    assert table.get([ONE])[0]["count"] == 2


def test_a_transaction_that_raises_writes_nothing(table):
    def work(transaction: Transaction) -> None:
        count_up(transaction)
        raise LookupError

    with pytest.raises(LookupError):
        table.write([ONE], work)
    assert table.get([ONE]) == [None]


def test_a_transaction_with_a_conflict_runs_again_on_the_new_items(table, intercepted, table_on, pauses):
    def conflicting(request: Callable[..., Any], **parameters: Any) -> Any:
        if client.sent["put_item"] < 3:
            table.write([ONE], count_up)
        return request(**parameters)

    client = intercepted(put_item=conflicting)
    assert table_on(client).write([ONE], count_up) == 3
    assert len(pauses) == 2


def test_a_transaction_writes_all_of_its_items_or_none(table, intercepted, table_on):
    def conflicting(request: Callable[..., Any], **parameters: Any) -> Any:
        table.write([OTHER], put(item(OTHER, by="another")))
        return request(**parameters)

    client = intercepted(transact_write_items=conflicting)
    with pytest.raises(TableUnavailable):
        table_on(client).write([ONE], put(item(ONE), item(OTHER, by="us")))
    assert table.get([ONE])[0] is None
    assert table.get([OTHER])[0]["by"] == "another"


def test_a_transaction_with_endless_conflicts_fails(table, intercepted, table_on, pauses):
    def conflicting(request: Callable[..., Any], **parameters: Any) -> Any:
        table.write([ONE], count_up)
        return request(**parameters)

    client = intercepted(put_item=conflicting)
    with pytest.raises(TableUnavailable, match="same moment"):
        table_on(client).write([ONE], count_up)
    assert client.sent["put_item"] == len(pauses) == MAX_TRANSACTIONS
    assert sum(pauses) < 15


def test_a_write_whose_response_was_lost_counts_once(intercepted, table_on):
    def sent_twice(request: Callable[..., Any], **parameters: Any) -> Any:
        request(**parameters)
        return request(**parameters)

    client = intercepted(put_item=sent_twice)
    assert table_on(client).write([ONE], count_up) == 1
    assert table_on(client).get([ONE])[0]["count"] == 1


# Writes without a read before


def test_a_new_item_is_written_without_a_read(intercepted, table_on):
    client = intercepted()
    assert table_on(client).insert(ONE, count_up) == 1
    assert client.sent == {"put_item": 1}


def test_an_item_that_was_not_new_is_read_and_changed(table, table_on, intercepted):
    table.write([ONE], count_up)
    assert table_on(intercepted()).insert(ONE, count_up) == 2


def test_an_insertion_whose_response_was_lost_counts_once(intercepted, table_on):
    def sent_twice(request: Callable[..., Any], **parameters: Any) -> Any:
        request(**parameters)
        return request(**parameters)

    other = table_on(intercepted(put_item=sent_twice))
    assert other.insert(ONE, count_up) == 1
    assert other.get([ONE])[0]["count"] == 1


def test_an_item_that_this_process_wrote_is_written_again_without_a_read(intercepted, table_on):
    client = intercepted()
    own = table_on(client)
    own.insert(ONE, count_up)
    assert [own.write_again(ONE, count_up) for _ in range(2)] == [2, 3]
    assert client.sent == {"put_item": 3}


def test_an_item_that_another_process_changed_is_read_before_it_is_written_again(table, table_on, intercepted):
    own = table_on(intercepted())
    own.insert(ONE, count_up)
    table.write([ONE], count_up)
    assert own.write_again(ONE, count_up) == 3


def test_work_that_writes_nothing_sees_the_present_item(table, table_on, intercepted):
    own = table_on(intercepted())
    own.insert(ONE, count_up)
    table.write([ONE], count_up)
    assert own.write_again(ONE, lambda transaction: transaction.get(ONE)["count"]) == 2


# Errors


def test_a_write_that_meets_a_transaction_is_sent_again_after_a_pause(intercepted, table_on, pauses):
    conflict = refused("TransactionConflictException")
    client = intercepted(put_item=failing(*[conflict] * (MAX_REQUESTS - 1)))
    assert table_on(client).write([ONE], count_up) == 1
    assert len(pauses) == MAX_REQUESTS - 1
    assert sum(pauses) < 4


@pytest.mark.parametrize(
    "error",
    [
        cancelled("None", "TransactionConflict"),
        cancelled("ThrottlingError", "None"),
        cancelled("ProvisionedThroughputExceeded", "TransactionConflict"),
    ],
)
def test_a_transaction_that_meets_another_or_is_throttled_is_sent_again(intercepted, table_on, pauses, error):
    client = intercepted(transact_write_items=failing(error, error))
    table_on(client).write([ONE, OTHER], put(item(ONE), item(OTHER)))
    assert client.sent == {"batch_get_item": 1, "transact_write_items": 3}


def test_a_transaction_with_an_outdated_item_runs_again(intercepted, table_on):
    client = intercepted(transact_write_items=failing(cancelled("TransactionConflict", "ConditionalCheckFailed")))
    table_on(client).write([ONE, OTHER], put(item(ONE), item(OTHER)))
    assert client.sent == {"batch_get_item": 2, "transact_write_items": 2}


def test_the_number_of_requests_is_limited(intercepted, table_on):
    client = intercepted(put_item=failing(*[refused("TransactionConflictException")] * MAX_REQUESTS))
    with pytest.raises(TableUnavailable, match="PutItem: TransactionConflictException"):
        table_on(client).write([ONE], count_up)
    assert client.sent["put_item"] == MAX_REQUESTS


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (refused("AccessDeniedException"), AccessDenied),
        (refused("ResourceNotFoundException"), AwsResourceNotFound),
        (ConnectTimeoutError(endpoint_url="https://dynamodb.example"), TableUnavailable),
        (refused("ProvisionedThroughputExceededException"), TableUnavailable),
        (cancelled("ItemCollectionSizeLimitExceeded"), TableUnavailable),
    ],
)
def test_permanent_errors_are_raised_at_once(intercepted, table_on, pauses, error, kind):
    client = intercepted(put_item=failing(error))
    with pytest.raises(kind):
        table_on(client).write([ONE], count_up)
    assert pauses == []


# Lists


@pytest.fixture
def listed(table, clock) -> list[Item]:
    """Write forty items of one list, a minute apart; their names spread them over its partitions."""
    written = []
    for number in range(40):
        key = ("post", f"{number}")
        place = layout.list_attributes(layout.LISTING, "things", clock() + timedelta(minutes=number), f"name-{number}")
        written.append(item(key, **place))
        table.write([key], put(written[-1]))
    return written


def names(found: Any) -> list[str]:
    return [str(each["sk"]) for each in found]


def test_a_list_is_ordered_by_time_over_all_its_partitions(table, listed):
    assert len({each["listing"] for each in listed}) == LIST_PARTITIONS
    whole = table.query_list(layout.LISTING, "things", below=layout.AFTER_ALL, latest_first=False, limit=7)
    assert names(whole) == [str(number) for number in range(40)]


def test_a_list_can_be_read_backwards_from_a_position(table, listed, clock):
    below = layout.position(clock() + timedelta(minutes=10), "name-10")
    found = table.query_list(layout.LISTING, "things", below=below, latest_first=True, limit=3)
    assert names(found) == [str(number) for number in reversed(range(10))]


def test_a_part_of_a_list_begins_with_a_position_and_ends_before_another(table, listed, clock):
    first, below = (layout.timestamp(clock() + timedelta(minutes=minutes)) for minutes in (7, 12))
    for latest_first, expected in ((False, ["7", "8", "9", "10", "11"]), (True, ["11", "10", "9", "8", "7"])):
        found = table.query_list(layout.LISTING, "things", first=first, below=below, latest_first=latest_first, limit=3)
        assert names(found) == expected


def test_an_item_is_listed_with_another_one_from_the_same_requests(table, listed, intercepted, table_on):
    table.write([("other", "38")], put(item(("other", "38"), text="beside")))
    client = intercepted()
    found = table_on(client).query_list_with(
        lambda key: ("other", key[1]),
        layout.LISTING,
        "things",
        below=layout.AFTER_ALL,
        latest_first=True,
        limit=2,
    )
    pairs = [(each["sk"], other and other["text"]) for each, other in (next(found), next(found))]
    assert pairs == [("39", None), ("38", "beside")]
    assert client.sent == {"query": LIST_PARTITIONS, "batch_get_item": 1}


def test_many_items_are_requested_together(table_on, intercepted):
    barrier = threading.Barrier(3)

    def meeting(request: Callable[..., Any], **parameters: Any) -> Any:
        barrier.wait(30)  # each request waits for the other two
        return request(**parameters)

    keys = [("many", f"{number:03d}") for number in range(250)]
    assert table_on(intercepted(batch_get_item=meeting)).get(keys) == [None] * 250


def test_an_item_that_has_left_a_list_is_skipped_although_the_index_still_has_it(table, intercepted, table_on, listed):
    def leaving(request: Callable[..., Any], **parameters: Any) -> Any:
        table.write([("post", "39")], put(item(("post", "39"))))
        return request(**parameters)

    found = table_on(intercepted(batch_get_item=leaving)).query_list(
        layout.LISTING, "things", below=layout.AFTER_ALL, latest_first=True, limit=3
    )
    assert next(found)["sk"] == "38"


def test_the_number_of_requests_depends_only_on_the_page_size(listed, intercepted, table_on):
    client = intercepted()
    found = table_on(client).query_list(layout.LISTING, "things", below=layout.AFTER_ALL, latest_first=True, limit=5)
    for _ in range(5):
        next(found)
    assert client.sent == {"query": LIST_PARTITIONS, "batch_get_item": 1}
