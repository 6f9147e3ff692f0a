from datetime import timedelta

import pytest

from core.ledger.history import runs
from core.ledger.port import PlanChange, Receipt
from core.scheduling.setting_aside import set_aside, undo_set_aside
from core.scheduling.waiting_posts import FULL_SCAN_INTERVAL, LATEST_RUNS, WaitingPosts

INTERVAL = timedelta(seconds=5)


@pytest.fixture
def waiting(ledger, clock):
    return WaitingPosts(ledger, clock, INTERVAL)


@pytest.fixture
def run(ledger, a_post, payload_for, clock):
    """Record the run of a post, due now."""

    def record(letter, kind, **members):
        post = a_post(post_id=letter * 12, due_at=clock(), **members)
        destination = None if kind in ("missed", "failed") else "outbox"
        ledger.record(payload_for(post), Receipt(kind=kind, at=clock(), revision=1, destination=destination))
        return post

    return record


def states(waiting):
    return {each.post_id[0]: each.state for each in waiting.read().posts}


@pytest.mark.parametrize("kind", ["failed", "missed", "refused", "unconfirmed"])
def test_an_unsuccessful_run_waits_in_history(run, waiting, kind):
    run("a", "published")
    run("b", kind)
    assert states(waiting) == {"b": kind}
    assert (waiting.read().count("history"), waiting.read().count("queue")) == (1, 0)


def test_a_post_that_never_began_or_is_not_armed_waits_in_the_queue(ledger, schedules, a_post, waiting, clock):
    paused = schedules.schedule(a_post(post_id="p" * 12, due_at=clock() + timedelta(minutes=1)))
    schedules.pause(paused)
    schedules.schedule(a_post(post_id="m" * 12, due_at=clock() + timedelta(minutes=1)))
    ledger.plan(
        PlanChange(post=a_post(post_id="n" * 12, due_at=clock() + timedelta(days=1)), schedule_name="post-n"),
        now=clock(),
    )
    ledger.plan(PlanChange(post=a_post(post_id="c" * 12), desired="cancelled", schedule_name="post-c"), now=clock())
    assert states(waiting) == {}
    clock.move(minutes=5)
    assert states(waiting) == {"m": "missing", "n": "not armed"}
    assert waiting.read().count("queue") == 2


def test_a_scan_is_shared_for_some_seconds_or_until_a_person_acts(run, waiting, clock):
    assert states(waiting) == {}
    run("a", "failed")
    assert states(waiting) == {}
    waiting.forget()
    assert states(waiting) == {"a": "failed"}
    run("b", "failed")
    clock.move(seconds=INTERVAL.total_seconds())
    assert states(waiting) == {"a": "failed", "b": "failed"}


def test_a_failure_before_many_later_runs_still_waits_until_it_is_resolved(ledger, run, waiting, payload_for, clock):
    failed = run("a", "refused")
    assert states(waiting) == {"a": "refused"}
    for number in range(LATEST_RUNS + 1):
        clock.move(seconds=1)
        post = failed.model_copy(update={"post_id": f"{number:012d}", "due_at": clock()})
        ledger.record(payload_for(post), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert states(waiting) == {"a": "refused"}
    published = Receipt(kind="published", at=clock(), revision=1, destination="outbox")
    ledger.record(payload_for(failed), published)
    clock.move(seconds=INTERVAL.total_seconds())
    assert states(waiting) == {}
    clock.move(seconds=FULL_SCAN_INTERVAL.total_seconds())
    assert states(waiting) == {}


def test_a_scan_is_repeated_if_it_differs_from_runs_that_were_read_later(run, waiting, ledger, payload_for, clock):
    failed = run("a", "failed")
    assert states(waiting) == {"a": "failed"}
    run("b", "missed")
    latest = runs(ledger, limit=10)
    assert {each.post_id[0] for each in waiting.read_with(latest).runs} == {"a", "b"}
    ledger.record(payload_for(failed), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert {each.post_id[0] for each in waiting.read_with(runs(ledger, limit=10)).runs} == {"b"}


def test_a_scan_that_ends_before_older_runs_says_so(run, ledger, clock):
    for letter in "abc":
        run(letter, "failed")
        clock.move(seconds=1)
    assert WaitingPosts(ledger, clock, INTERVAL, runs_looked_at=3).read().runs_searched == 3
    assert WaitingPosts(ledger, clock, INTERVAL, runs_looked_at=4).read().runs_searched is None


def test_an_old_run_that_was_set_aside_waits_again_after_the_undo(ledger, run, waiting, payload_for, clock):
    failed = payload_for(run("a", "failed"))
    for number in range(LATEST_RUNS + 1):
        clock.move(seconds=1)
        post = run("b", "published").model_copy(update={"post_id": f"{number:012d}", "due_at": clock()})
        ledger.record(payload_for(post), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert states(waiting) == {"a": "failed"}
    set_aside(ledger, failed, now=clock())
    waiting.forget()
    assert states(waiting) == {}
    undo_set_aside(ledger, failed, now=clock())
    waiting.forget(failed.occurrence_key)
    assert states(waiting) == {"a": "failed"}
