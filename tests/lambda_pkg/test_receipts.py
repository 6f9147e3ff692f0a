"""The relay's receipts in DynamoDB, as moto stores them."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from lambda_pkg.clients import client
from lambda_pkg.receipts import ReceiptTable
from lambda_pkg.settings import RelaySettings


@pytest.fixture
def receipt_table(relay_settings: RelaySettings) -> ReceiptTable:
    return ReceiptTable(relay_settings.table_name, client("dynamodb"))


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
def record(receipt_table, receipt) -> Callable[..., None]:
    """Record the receipt, with the given members changed, for a post with the given text."""

    def call(text: str = "Hello", **changes: Any) -> None:
        receipt_table.record({**receipt, **changes}, json.dumps({"text": text}).encode())

    return call


def test_a_receipt_and_its_occurrence_are_kept_for_400_days_after_the_due_instant(
    record, stored_receipts, stored_occurrences
):
    record()
    assert [item["expires_at"] for item in stored_receipts() + stored_occurrences()] == [
        datetime(2027, 12, 29, 8, tzinfo=UTC).timestamp()
    ] * 2


def test_two_receipts_of_the_same_millisecond_are_both_kept(record, stored_receipts):
    record()
    record()
    assert len(stored_receipts()) == 2


def test_members_without_a_value_are_not_stored(record, stored_receipts):
    record()
    assert not {"posted_at", "status", "retry_after"} & set(stored_receipts()[0])


def test_oversized_results_are_dropped_and_the_receipt_is_stored(record, stored_receipts):
    record(results=[{"destination": "outbox", "reason": "x" * 500_000}])
    assert json.loads(stored_receipts()[0]["results"]) == []


def test_a_missed_post_counts_no_attempt(receipt_table, record):
    record(kind="missed")
    assert receipt_table.count_attempts("k3v9q2m4cx7a", "k3v9q2m4cx7a", 1) == 0


def test_attempts_are_counted_across_pages(receipt_table, record):
    for number in range(25):
        record(results=[{"reason": "x" * 90_000}], attempt=number + 1)
    assert receipt_table.count_attempts("k3v9q2m4cx7a", "k3v9q2m4cx7a", 1) == 25


def test_the_first_receipt_lists_its_occurrence_in_history(record, stored_occurrences):
    record("Hello")
    [occurrence] = stored_occurrences()
    assert occurrence["listing"].startswith("history#")
    assert occurrence["listed_at"] == "2026-11-24T08:00:00.000Z#k3v9q2m4cx7a"
    assert json.loads(occurrence["content"]) == {"text": "Hello"}


def test_the_first_payload_of_a_revision_stays(record, stored_occurrences):
    record("Hello")
    record("Hello again")
    assert json.loads(stored_occurrences()[0]["content"]) == {"text": "Hello"}


@pytest.mark.parametrize("order", [(1, 2), (2, 1)])
def test_the_newer_of_two_revisions_stays(record, stored_occurrences, order):
    for revision in order:
        record(f"Revision {revision}", revision=revision)
    [occurrence] = stored_occurrences()
    assert (occurrence["revision"], json.loads(occurrence["content"])) == (2, {"text": "Revision 2"})
