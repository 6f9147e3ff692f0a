from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.port import Receipt
from core.posts.models import Repeat
from core.scheduling.cancelled import cancelled


@pytest.fixture
def listed(ledger, clock):
    """Read the list as (first letter of the id, state) pairs."""
    return lambda limit=10: [(each.post.post_id[0], each.state) for each in cancelled(ledger, clock(), limit=limit)]


def test_a_cancelled_post_is_listed_for_30_days_and_can_be_restored(schedules, a_post, listed, clock):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(days=90)))
    plan = schedules.cancel(plan)
    clock.move(days=29)
    assert listed() == [("k", "cancelled")]
    schedules.cancel(schedules.undo_cancel(plan))
    clock.move(days=29)
    assert listed() == [("k", "cancelled")]
    clock.move(days=2)
    assert listed() == []


def test_the_latest_cancellation_comes_first_up_to_the_limit(schedules, a_post, a_series, listed, clock):
    for letter in "abc":
        post = (a_series if letter == "b" else a_post)(post_id=letter * 12)
        schedules.cancel(schedules.schedule(post))
        clock.move(minutes=1)
    assert listed() == [("c", "cancelled"), ("b", "cancelled"), ("a", "cancelled")]
    assert listed(limit=2) == [("c", "cancelled"), ("b", "cancelled")]


@pytest.mark.parametrize("pause", [False, True])
def test_a_series_is_ended_after_its_last_run_for_30_days(
    schedules, a_series, listed, ledger, payload_for, clock, pause
):
    rule = Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=2))
    plan = schedules.schedule(a_series(repeat=rule))
    if pause:
        schedules.pause(plan)
    clock.move(days=1)
    assert listed() == []
    clock.move(days=1)
    last_run = payload_for(plan.post, occurrence=datetime(2026, 11, 4, 8, tzinfo=UTC))
    ledger.record(last_run, Receipt(kind="missed", at=clock(), revision=plan.post.revision))
    assert listed() == [("k", "ended")]
    clock.move(days=30)
    assert listed() == []


def test_an_ended_series_returns_with_a_later_last_date(schedules, a_series, listed, clock):
    rule = Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=2))
    plan = schedules.schedule(a_series(repeat=rule))
    clock.move(days=3)
    later = Repeat(expression="cron(0 9 * * ? *)", ends_at=clock() + timedelta(days=2))
    schedules.change_rule(plan, repeat=later, wall="2026-11-06T09:00:00", zone="Europe/Berlin")
    assert listed() == []
