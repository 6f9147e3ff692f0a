"""The health check of the lag of publications."""

from datetime import timedelta

import pytest

from core.health import lag as lag_check
from core.ledger.port import Receipt
from core.posts.destinations import Destination


@pytest.fixture
def publish(application, a_post, payload_for, clock):
    """Record a publication to the outbox, so long after its due instant, of a post that was due so many hours ago."""
    numbers = iter(range(1000))

    def record(lag, hours_ago=1):
        post_id = f"k3v9q2m4{next(numbers):04}"
        payload = payload_for(a_post(post_id=post_id, due_at=clock() - timedelta(hours=hours_ago)))
        receipt = Receipt(
            kind="published", at=payload.due + timedelta(seconds=lag), revision=1, destination=Destination("outbox")
        )
        application.ledger.record(payload, receipt)

    return record


def test_a_day_without_publications_is_good(check, publish):
    publish(lag=500, hours_ago=25)
    assert (check("Lateness").status, check("Lateness").message) == ("good", "Nothing was published in the last day.")


def test_the_median_and_the_99th_percentile_of_the_last_day_are_shown(check, publish):
    for lag in (*[0.02] * 60, *[0.05] * 38, 7, 90):
        publish(lag)
    publish(lag=500, hours_ago=25)
    result = check("Lateness")
    assert result.status == "good"
    assert result.message == (
        "Median 20 ms, 99th percentile 90.0 s after the due time, of the last 100 publications within a day."
    )


def test_a_median_above_a_minute_is_a_warning(check, publish):
    publish(75)
    result = check("Lateness")
    assert (result.status, "75.0 s" in result.message) == ("warning", True)
    assert "History" in result.remedy


def test_the_check_reads_a_bounded_number_of_runs(check, publish, monkeypatch):
    monkeypatch.setattr(lag_check, "MAX_RUNS", 4)
    for hours_ago in range(1, 11):
        publish(0.01, hours_ago)
    assert "the last 4 publications" in check("Lateness").message
