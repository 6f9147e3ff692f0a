from datetime import timedelta

import pytest

from core.ledger.port import Receipt, UnknownPost
from core.ledger.post_state import post_state


@pytest.fixture
def state(ledger, clock):
    """How it stands with a post at this moment."""
    return lambda plan: post_state(ledger, plan.post.post_id, clock()).state


@pytest.fixture
def planned(ledger, a_post, clock):
    """A post that is planned and armed, due in an hour."""
    plan = ledger.plan(a_post(), schedule_name="post-in-an-hour", now=clock())
    ledger.settle(plan.post.post_id, plan.post.revision, now=clock())
    return ledger.get(plan.post.post_id)


def change(ledger, plan, desired, now):
    following = plan.post.model_copy(update={"revision": plan.post.revision + 1})
    return ledger.change(following, desired=desired, schedule_name=plan.schedule_name, now=now)


def test_an_armed_post_is_scheduled_until_its_instant(planned, state, clock):
    assert state(planned) == "scheduled"
    clock.move(minutes=60)
    assert state(planned) == "going out"


def test_a_post_of_which_nothing_began_is_missing_after_a_while(planned, state, clock):
    clock.move(minutes=63)
    assert state(planned) == "missing"


def test_a_paused_post_lies_there_once_its_time_has_passed(ledger, planned, state, clock):
    change(ledger, planned, "paused", clock())
    assert state(planned) == "paused"
    clock.move(minutes=60)
    assert state(planned) == "time has passed"


def test_a_cancelled_post_stays_cancelled_whatever_the_time(ledger, planned, state, clock):
    change(ledger, planned, "cancelled", clock())
    clock.move(hours=5)
    assert state(planned) == "cancelled"


def test_what_has_not_reached_the_scheduler_is_being_scheduled_and_not_armed_after_some_seconds(
    ledger, a_post, state, clock
):
    plan = ledger.plan(a_post(), schedule_name="post-in-an-hour", now=clock())
    assert state(plan) == "being scheduled"
    clock.move(seconds=11)
    assert state(plan) == "not armed"


def test_once_it_has_begun_its_receipts_say_how_it_stands(ledger, planned, state, invoked, clock):
    clock.move(minutes=60)
    published = Receipt(kind="published", at=clock(), revision=1, destination="outbox")
    ledger.record(invoked(planned.post), published)
    assert state(planned) == "published"


def test_receipts_of_an_earlier_revision_say_nothing_of_the_present_one(ledger, planned, state, invoked, clock):
    clock.move(hours=3)
    ledger.record(invoked(planned.post), Receipt(kind="missed", at=clock(), revision=1))
    assert state(planned) == "missed"
    tomorrow = planned.post.model_copy(update={"revision": 2, "due_at": clock() + timedelta(days=1)})
    plan = ledger.change(tomorrow, desired="active", schedule_name="post-tomorrow", now=clock())
    assert state(plan) == "being scheduled"


def test_a_repeating_post_stays_scheduled_whatever_became_of_its_runs(ledger, a_series, state, invoked, clock):
    plan = ledger.plan(a_series(), schedule_name="repeat", now=clock())
    ledger.settle(plan.post.post_id, 1, now=clock())
    failed = invoked(plan.post, occurrence=clock())
    ledger.record(failed, Receipt(kind="failed", at=clock(), revision=1))
    assert state(plan) == "scheduled"


def test_a_post_that_nobody_planned_is_unknown(ledger, clock):
    with pytest.raises(UnknownPost):
        post_state(ledger, "aaaaaaaaaaaa", clock())
