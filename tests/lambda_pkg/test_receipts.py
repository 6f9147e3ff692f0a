"""Receipts in DynamoDB, as moto keeps it."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lambda_pkg.clients import client
from lambda_pkg.receipts import ReceiptTable
from lambda_pkg.settings import RelaySettings


@pytest.fixture
def receipts(aws: RelaySettings) -> ReceiptTable:
    return ReceiptTable(aws.table_name, client("dynamodb"))


@pytest.fixture
def receipt() -> dict[str, Any]:
    return {
        "kind": "attempt_failed",
        "post_id": "k3v9q2m4cx7a",
        "revision": 1,
        "occurrence_key": "k3v9q2m4cx7a",
        "due_at": "2026-11-24T08:00:00.000Z",
        "started_at": "2026-11-24T07:59:10.000Z",
        "posted_at": None,
        "finished_at": "2026-11-24T08:00:05.000Z",
        "attempt": 1,
        "status": None,
        "results": [],
        "error": "Nothing listens at posts.example:443.",
        "retry_after": None,
    }


@pytest.fixture
def record(receipts, receipt) -> Callable[..., None]:
    """Record the receipt, with changes, of a post that says something."""

    def call(content: str = "Hello", **changes: Any) -> None:
        receipts.record({**receipt, **changes}, json.dumps({"text": content}).encode())

    return call


def test_a_receipt_is_kept_for_400_days_after_its_due_instant_with_its_occurrence(record, written, occurrences):
    record()
    assert [item["expires_at"] for item in written() + occurrences()] == [
        datetime(2027, 12, 29, 8, tzinfo=UTC).timestamp()
    ] * 2


def test_two_receipts_of_the_same_millisecond_are_both_kept(record, written):
    record()
    record()
    assert len(written()) == 2


def test_what_a_receipt_does_not_know_is_left_out(record, written):
    record()
    assert not {"posted_at", "status", "retry_after"} & set(written()[0])


def test_a_servers_endless_results_do_not_keep_a_receipt_from_being_written(record, written):
    record(results=[{"destination": "outbox", "reason": "x" * 500_000}])
    assert json.loads(written()[0]["results"]) == []


def test_missed_posts_were_never_attempted(receipts, record):
    record(kind="missed")
    assert receipts.attempts("k3v9q2m4cx7a", "k3v9q2m4cx7a", 1) == 0


def test_attempts_are_counted_however_many_there_are(receipts, record):
    for number in range(25):
        record(results=[{"reason": "x" * 90_000}], attempt=number + 1)
    assert receipts.attempts("k3v9q2m4cx7a", "k3v9q2m4cx7a", 1) == 25


def test_the_first_receipt_puts_its_occurrence_into_history(record, occurrences):
    record("Hello")
    [occurrence] = occurrences()
    assert occurrence["listing"].startswith("history#")
    assert occurrence["listed_at"] == "2026-11-24T08:00:00.000Z#k3v9q2m4cx7a"
    assert json.loads(occurrence["content"]) == {"text": "Hello"}


def test_of_one_revision_the_payload_that_came_first_stands(record, occurrences):
    record("Hello")
    record("Hello again")
    assert json.loads(occurrences()[0]["content"]) == {"text": "Hello"}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_of_two_revisions_the_newer_one_stands(record, occurrences, order):
    for revision in order:
        record(f"Revision {revision}", revision=revision)
    [occurrence] = occurrences()
    assert (occurrence["revision"], json.loads(occurrence["content"])) == (2, {"text": "Revision 2"})
