"""Receipts in DynamoDB, as moto keeps it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from lambda_pkg.clients import client
from lambda_pkg.receipts import Receipts
from lambda_pkg.settings import Settings


@pytest.fixture
def receipts(aws: Settings) -> Receipts:
    return Receipts(aws.table_name, client("dynamodb"))


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


def test_a_receipt_is_kept_for_400_days_after_its_due_instant(receipts, receipt, written):
    receipts.record(receipt)
    assert written()[0]["expires_at"] == datetime(2027, 12, 29, 8, tzinfo=UTC).timestamp()


def test_two_receipts_of_the_same_millisecond_are_both_kept(receipts, receipt, written):
    receipts.record(receipt)
    receipts.record(receipt)
    assert len(written()) == 2


def test_what_a_receipt_does_not_know_is_left_out(receipts, receipt, written):
    receipts.record(receipt)
    assert not {"posted_at", "status", "retry_after"} & set(written()[0])


def test_a_servers_endless_results_do_not_keep_a_receipt_from_being_written(receipts, receipt, written):
    receipts.record({**receipt, "results": [{"destination": "outbox", "reason": "x" * 500_000}]})
    assert json.loads(written()[0]["results"]) == []


def test_missed_posts_were_never_attempted(receipts, receipt):
    receipts.record({**receipt, "kind": "missed"})
    assert receipts.attempts("k3v9q2m4cx7a", "k3v9q2m4cx7a", 1) == 0


def test_attempts_are_counted_however_many_there_are(receipts, receipt):
    for number in range(25):
        receipts.record({**receipt, "results": [{"reason": "x" * 90_000}], "attempt": number + 1})
    assert receipts.attempts("k3v9q2m4cx7a", "k3v9q2m4cx7a", 1) == 25
