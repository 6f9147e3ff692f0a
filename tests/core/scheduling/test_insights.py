"""The figures of past posts: published by day and account, how late, and failures by reason."""

from datetime import UTC, date, datetime, timedelta

import pytest

from core.ledger.port import Receipt
from core.posts.destinations import Destination
from core.scheduling import insights as module
from core.scheduling.insights import OTHER, first_instant, insights, past_runs

NOW = datetime(2026, 11, 2, 12, tzinfo=UTC)
ZONE = "Europe/Berlin"
OUTBOX, SALES = Destination("outbox"), Destination("webhook:sales")


@pytest.fixture
def record(ledger, a_post, payload_for):
    """Record the result of a post at each of its destinations, as `destination: (kind, lag or reason)`."""

    def record(due_at: datetime, number: int = 0, **results) -> None:
        names = {name.replace("_", ":"): result for name, result in results.items()}
        post = a_post(post_id=f"{number:012d}", due_at=due_at, destinations=tuple(names))
        for name, (kind, detail) in names.items():
            at = due_at + (detail if isinstance(detail, timedelta) else timedelta())
            reason = {"reason": detail} if isinstance(detail, str) else {"reason": None}
            ledger.record(
                payload_for(post), Receipt(kind=kind, at=at, revision=1, destination=Destination(name), detail=reason)
            )

    return record


@pytest.fixture
def figures(ledger):
    def figures(days: int = 7, **options):
        found = past_runs(ledger, first_instant(days, ZONE, NOW), NOW)
        return insights(found.runs, days, ZONE, NOW, **options)

    return figures


def seconds(number: float) -> timedelta:
    return timedelta(seconds=number)


def test_posts_are_counted_by_the_day_of_the_viewer_and_by_account(record, figures):
    record(datetime(2026, 10, 31, 23, 30, tzinfo=UTC), 1, outbox=("published", seconds(0)))  # 1 November in Berlin
    record(
        datetime(2026, 11, 1, 9, tzinfo=UTC),
        2,
        outbox=("published", seconds(0)),
        webhook_sales=("published", seconds(2)),
    )
    found = figures()
    assert found.published == {(date(2026, 11, 1), OUTBOX): 2, (date(2026, 11, 1), SALES): 1}
    assert found.days == [date(2026, 10, 27) + timedelta(days=number) for number in range(7)]


def test_the_period_begins_at_the_midnight_of_its_first_day(record, figures):
    record(datetime(2026, 10, 26, 22, 59, tzinfo=UTC), 1, outbox=("published", seconds(0)))
    assert not figures().published
    record(datetime(2026, 10, 26, 23, tzinfo=UTC), 2, outbox=("published", seconds(0)))  # 00:00 in Berlin
    assert figures().published == {(date(2026, 10, 27), OUTBOX): 1}


def test_the_lags_are_counted_in_steps(record, figures):
    for number, lag in enumerate([-0.5, 0.1, 0.101, 1, 5, 60, 61, 7200]):
        record(NOW - timedelta(hours=3, minutes=number), number, outbox=("published", seconds(lag)))
    found = figures()
    assert found.lags == {
        "up to 0.1 s": 2,
        "up to 1 s": 2,
        "up to 10 s": 1,
        "up to 1 min": 1,
        "up to 10 min": 1,
        "later": 1,
    }
    assert found.on_time == 0.5


def test_failures_are_counted_by_day_and_reason(record, figures):
    record(NOW - timedelta(hours=1), 1, outbox=("refused", "No such page."), webhook_sales=("published", seconds(0)))
    record(NOW - timedelta(hours=2), 2, outbox=("refused", "No such page."))
    found = figures()
    assert found.failures == {(date(2026, 11, 2), "No such page."): 2}
    assert found.published.total() == 1


def test_rare_reasons_are_counted_together(record, figures, monkeypatch):
    monkeypatch.setattr(module, "REASONS_LIMIT", 1)
    for number, reason in enumerate(["Often", "Often", "Once", "Seldom"]):
        record(NOW - timedelta(hours=1 + number), number, outbox=("refused", reason))
    assert figures().failures == {(date(2026, 11, 2), "Often"): 2, (date(2026, 11, 2), OTHER): 2}


def test_only_selected_accounts_count(record, figures):
    record(NOW - timedelta(hours=1), 1, outbox=("published", seconds(0)), webhook_sales=("refused", "No"))
    found = figures(counts=lambda account: account == SALES)
    assert not found.published
    assert found.failures.total() == 1
    assert found.on_time is None


def test_a_bounded_number_of_runs_is_read(record, ledger):
    for number in range(4):
        record(NOW - timedelta(hours=1 + number), number, outbox=("published", seconds(0)))
    found = past_runs(ledger, NOW - timedelta(days=1), NOW, limit=3)
    assert ([run.due_at for run in found.runs], found.more) == (
        [NOW - timedelta(hours=each) for each in (1, 2, 3)],
        True,
    )
    assert not past_runs(ledger, NOW - timedelta(days=1), NOW, limit=4).more
