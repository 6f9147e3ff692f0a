"""The health check of shortages of the machine."""

from datetime import timedelta

import pytest

from core.errors import memory_shortage
from core.health import shortages
from core.ledger.port import Receipt


@pytest.fixture
def fail(application, a_post, payload_for, clock):
    """Record a failed attempt, so many minutes ago, of a post of its own."""
    numbers = iter(range(1000))

    def record(reason, minutes_ago=5):
        post_id, at = f"k3v9q2m4{next(numbers):04}", clock() - timedelta(minutes=minutes_ago)
        payload = payload_for(a_post(post_id=post_id, due_at=at))
        detail = {"reason": reason} if reason else {}
        application.ledger.record(payload, Receipt(kind="attempt_failed", at=at, revision=1, detail=detail))

    return record


def test_an_hour_without_shortages_is_good(check, fail):
    fail("127.0.0.1 answered 503: it could not finish yet.")
    fail(None)
    fail(str(memory_shortage()), minutes_ago=61)
    assert check("Shortages").status == "good"


def test_the_shortages_of_the_last_hour_are_counted_with_a_remedy(check, fail):
    for _ in range(2):
        fail(f"{memory_shortage('the picture cannot be read')} Nothing is lost.")
    fail("http://127.0.0.1:80/publish cannot be reached: Too many open files")
    result = check("Shortages")
    assert result.status == "warning"
    assert "short of: memory (2 attempts), file handles (1 attempt)." in result.message
    assert "ulimit -n" in result.remedy


def test_the_check_reads_a_bounded_number_of_occurrences(check, fail, monkeypatch):
    monkeypatch.setattr(shortages, "MAX_OCCURRENCES", 1)
    fail(str(memory_shortage()), minutes_ago=9)
    fail("It answered 503.", minutes_ago=1)
    assert check("Shortages").status == "good"
