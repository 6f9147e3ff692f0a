"""The current state of a post."""

from datetime import timedelta

import pytest

from core.ledger.port import PlanChange, Receipt
from core.ledger.post_state import post_state
from core.ledger.refusals import UnknownPost


@pytest.fixture
def state(ledger, clock):
    """Return the current state of a plan's post."""
    return lambda plan: post_state(ledger, plan.post.post_id, clock()).state


@pytest.fixture
def planned(ledger, a_post, clock):
    """Plan and settle a post that is due in an hour."""
    plan = ledger.plan(PlanChange(post=a_post(), schedule_name="post-in-an-hour"), now=clock())
    ledger.settle(plan.post.post_id, plan.post.revision, now=clock())
    return ledger.get(plan.post.post_id)


def change(ledger, plan, desired, now):
    following = plan.post.model_copy(update={"revision": plan.post.revision + 1})
    return ledger.change(PlanChange(post=following, desired=desired, schedule_name=plan.schedule_name), now=now)


def test_an_armed_post_is_scheduled_until_its_instant(planned, state, clock):
    assert state(planned) == "scheduled"
    clock.move(minutes=60)
    assert state(planned) == "going out"


def test_an_active_post_that_did_not_begin_is_missing_after_the_grace_period(planned, state, clock):
    clock.move(minutes=63)
    assert state(planned) == "missing"


def test_a_paused_post_past_its_instant_has_the_state_time_has_passed(ledger, planned, state, clock):
    change(ledger, planned, "paused", clock())
    assert state(planned) == "paused"
    clock.move(minutes=60)
    assert state(planned) == "time has passed"


def test_a_cancelled_post_stays_cancelled_after_its_instant(ledger, planned, state, clock):
    change(ledger, planned, "cancelled", clock())
    clock.move(hours=5)
    assert state(planned) == "cancelled"


def test_an_unsettled_post_is_being_scheduled_and_after_some_seconds_not_armed(ledger, a_post, state, clock):
    plan = ledger.plan(PlanChange(post=a_post(), schedule_name="post-in-an-hour"), now=clock())
    assert state(plan) == "being scheduled"
    clock.move(seconds=11)
    assert state(plan) == "not armed"


def test_a_post_that_has_begun_has_the_state_of_its_receipts(ledger, planned, state, payload_for, clock):
    clock.move(minutes=60)
    published = Receipt(kind="published", at=clock(), revision=1, destination="outbox")
    ledger.record(payload_for(planned.post), published)
    assert state(planned) == "published"


def test_receipts_of_an_earlier_revision_do_not_count(ledger, planned, state, payload_for, clock):
    clock.move(hours=3)
    ledger.record(payload_for(planned.post), Receipt(kind="missed", at=clock(), revision=1))
    assert state(planned) == "missed"
    tomorrow = planned.post.model_copy(update={"revision": 2, "due_at": clock() + timedelta(days=1)})
    plan = ledger.change(PlanChange(post=tomorrow, desired="active", schedule_name="post-tomorrow"), now=clock())
    assert state(plan) == "being scheduled"


def test_a_repeating_post_stays_scheduled_after_a_failed_run(ledger, a_series, state, payload_for, clock):
    plan = ledger.plan(PlanChange(post=a_series(), schedule_name="repeat"), now=clock())
    ledger.settle(plan.post.post_id, 1, now=clock())
    failed = payload_for(plan.post, occurrence=clock())
    ledger.record(failed, Receipt(kind="failed", at=clock(), revision=1))
    assert state(plan) == "scheduled"


def test_an_unplanned_post_is_unknown(ledger, clock):
    with pytest.raises(UnknownPost):
        post_state(ledger, "aaaaaaaaaaaa", clock())
