"""History: runs, their states, and overdue posts."""

from datetime import timedelta

import pytest

from core.ledger.history import all_runs, needing_decision, overdue, run_of, runs
from core.ledger.port import PlanChange, Receipt
from core.posts.payload import invocation_of


@pytest.fixture
def record(ledger, clock):
    """Append a receipt to a post's occurrence."""

    def append(post, kind, *, after=0.0, destination="outbox", **detail):
        whole = kind in ("handed_over", "attempt_failed", "missed", "failed")
        receipt = Receipt(
            kind=kind,
            at=post.due_at + timedelta(seconds=after),
            revision=post.revision,
            destination=None if whole else destination,
            detail=detail,
        )
        ledger.record(invocation_of(post, post.due_at), receipt)

    return append


def test_a_run_has_the_post_the_result_and_the_lag(ledger, record, a_post):
    post = a_post()
    record(post, "published", after=0.0345, url="/outbox?post=1")
    record(post, "handed_over", after=0.1)
    (run,) = runs(ledger, limit=10)
    assert (run.key, run.post_id, run.text, run.zone) == (post.post_id, post.post_id, post.text, "Europe/Berlin")
    assert (run.state, run.url, run.error) == ("published", "/outbox?post=1", None)
    assert (run.due_at, run.published_at) == (post.due_at, post.due_at + timedelta(milliseconds=34))
    assert run.lag_ms == 34
    assert run.attempts == 1


def test_an_unpublished_run_has_no_lag(ledger, record, a_post):
    record(a_post(), "refused", reason="no")
    (run,) = runs(ledger, limit=10)
    assert (run.state, run.error, run.published_at, run.lag_ms) == ("refused", "no", None, None)


@pytest.mark.parametrize(
    ("kind", "retriable"),
    [
        ("refused", ("outbox",)),
        ("unconfirmed", ("outbox",)),
        ("missed", ("outbox",)),
        ("failed", ("outbox",)),
        ("published", ()),
        ("waiting", ()),
        ("attempt_failed", ()),
    ],
)
def test_only_unsuccessful_destinations_may_be_retried(ledger, record, a_post, kind, retriable):
    record(a_post(), kind)
    assert runs(ledger, limit=10)[0].retriable == retriable


def test_the_next_page_begins_after_the_cursor(ledger, record, a_post, clock):
    for number in range(5):
        record(a_post(post_id=f"{number:012d}", due_at=clock() + timedelta(minutes=number)), "missed")
    first = runs(ledger, limit=2)
    second = runs(ledger, after=first[-1].cursor, limit=2)
    assert [run.post_id[-1] for run in first + second] == ["4", "3", "2", "1"]
    assert [run.post_id[-1] for run in all_runs(ledger, page=2)] == ["4", "3", "2", "1", "0"]


def test_a_missed_post_needs_a_decision_until_it_is_rescheduled(ledger, record, a_post, clock):
    post = ledger.plan(PlanChange(post=a_post(), schedule_name="x"), now=clock()).post
    record(post, "missed")
    (run,) = runs(ledger, limit=10)
    assert needing_decision(ledger, [run]) == [run]
    moved = post.model_copy(update={"revision": 2, "due_at": post.due_at + timedelta(days=1)})
    ledger.change(PlanChange(post=moved, desired="active", schedule_name="y"), now=clock())
    assert needing_decision(ledger, [run]) == []
    assert runs(ledger, limit=10) == []


def test_a_missed_run_needs_a_decision_after_a_change_of_its_series(ledger, a_series, clock):
    series = ledger.plan(PlanChange(post=a_series(), schedule_name="x"), now=clock()).post
    ledger.record(invocation_of(series, clock()), Receipt(kind="missed", at=clock(), revision=1))
    (run,) = runs(ledger, limit=10)
    ledger.change(
        PlanChange(post=series.model_copy(update={"revision": 2}), desired="cancelled", schedule_name="x"), now=clock()
    )
    assert needing_decision(ledger, [run]) == [run]


def test_overdue_posts_are_paused_ones_at_once_and_active_ones_after_the_grace_period(ledger, a_post, clock):
    paused = ledger.plan(PlanChange(post=a_post(post_id="0" * 12), schedule_name="x"), now=clock()).post
    ledger.change(
        PlanChange(post=paused.model_copy(update={"revision": 2}), desired="paused", schedule_name="x"), now=clock()
    )
    ledger.plan(PlanChange(post=a_post(post_id="1" * 12), schedule_name="y"), now=clock())
    assert overdue(ledger, clock()) == []
    clock.move(hours=1, seconds=1)
    assert [plan.post.post_id[0] for plan in overdue(ledger, clock())] == ["0"]
    clock.move(minutes=2)
    assert sorted(plan.post.post_id[0] for plan in overdue(ledger, clock())) == ["0", "1"]


def test_each_run_of_a_series_is_a_run_in_history(ledger, a_series, clock):
    for days in range(2):
        run = invocation_of(a_series(), clock() + timedelta(days=days))
        ledger.record(run, Receipt(kind="published", at=run.occurrence, revision=1, destination="outbox"))
    assert [run.key for run in runs(ledger, limit=10)] == [
        "k3v9q2m4cx7a/2026-11-03T12:00:00Z",
        "k3v9q2m4cx7a/2026-11-02T12:00:00Z",
    ]
    assert run_of(ledger.occurrence("k3v9q2m4cx7a/2026-11-02T12:00:00Z")).lag_ms == 0
