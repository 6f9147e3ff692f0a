"""The lag of publications, in the log and as metrics."""

import logging
from datetime import timedelta

import anyio
import pytest
from starlette.requests import Request

from core.accounts.port import OUTBOX
from core.ledger.port import Receipt
from core.posts.destinations import Destination
from core.publishing.fence import Fence
from core.publishing.lag_metrics import MAX_KINDS, LagMetrics
from core.publishing.network import RetryLater
from core.publishing.server import metrics_route


@pytest.fixture
def lag_metrics():
    return LagMetrics()


@pytest.fixture
def record(lag_metrics, a_post, payload_for, clock):
    """Record the result of an attempt, so many milliseconds after the due instant."""

    def record_result(lag=0, kind="published", destination="webhook:sales", attempt=1):
        payload = payload_for(a_post(due_at=clock(), text="between us"))
        at = clock() + timedelta(milliseconds=lag)
        receipt = Receipt(
            kind=kind,
            at=at,
            revision=1,
            attempt=attempt,
            destination=Destination(destination),
            detail={"reason": "the token abc is wrong", "url": "https://example.org/1?key=abc"},
        )
        lag_metrics.record(payload, receipt, at - timedelta(milliseconds=5))

    return record_result


def test_a_publication_is_one_line_of_the_log_without_text_or_secret(record, caplog):
    with caplog.at_level(logging.INFO):
        record(lag=12, attempt=2)
    [line] = caplog.messages
    assert line == (
        "post=k3v9q2m4cx7a due=2026-11-02T12:00:00Z started=2026-11-02T12:00:00.007Z"
        " published=2026-11-02T12:00:00.012Z lag_ms=12 attempt=2 destination=webhook state=published"
    )


def test_an_attempt_that_published_nothing_is_logged_with_its_state(record, caplog):
    with caplog.at_level(logging.INFO):
        record(lag=40_000, kind="waiting")
    assert "published=- lag_ms=40000 attempt=1 destination=webhook state=waiting" in caplog.text


def test_the_metrics_count_results_and_lags(record, lag_metrics):
    for lag in (0, 5, 6, 2400, 7_200_000):
        record(lag=lag)
    record(kind="refused", lag=3)
    record(destination="outbox", lag=1)
    lines = lag_metrics.render().splitlines()
    assert 'punctual_publications_total{destination="webhook",state="published"} 5' in lines
    assert 'punctual_publications_total{destination="webhook",state="refused"} 1' in lines
    assert 'punctual_publications_total{destination="outbox",state="published"} 1' in lines
    for bound, count in (("0.005", 3), ("0.01", 4), ("1.0", 4), ("2.5", 5), ("3600.0", 5), ("+Inf", 6)):
        assert f'punctual_publication_lag_seconds_bucket{{le="{bound}"}} {count}' in lines
    assert "punctual_publication_lag_seconds_sum 7202.412" in lines
    assert "punctual_publication_lag_seconds_count 6" in lines


def test_unknown_kinds_of_destinations_share_a_counter(record, lag_metrics):
    for number in range(2 * MAX_KINDS):
        record(destination=chr(97 + number % 26) * (1 + number // 26))
    assert 'destination="other",state="published"} 50' in lag_metrics.render()


def test_the_metrics_have_a_route(record, lag_metrics):
    record(lag=1)
    response = anyio.run(metrics_route(lag_metrics).endpoint, Request({"type": "http"}))
    assert response.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert response.body.decode() == lag_metrics.render()


def test_the_fence_records_each_attempt_and_no_repeat(
    ledger, media_store, clock, lag_metrics, new_network, a_post, payload_for
):
    fence, network = Fence(ledger, media_store, clock, lag_metrics.record), new_network()
    payload = payload_for(a_post(due_at=clock()))
    network.results = [RetryLater(reason="busy")]
    for _ in range(3):
        fence.publish_once(payload, OUTBOX, network)
    rendered = lag_metrics.render()
    assert 'punctual_publications_total{destination="outbox",state="waiting"} 1' in rendered
    assert 'punctual_publications_total{destination="outbox",state="published"} 1' in rendered
