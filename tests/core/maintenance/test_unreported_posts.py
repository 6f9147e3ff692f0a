"""Posts of a small deployment on AWS, whose relay reports no results, end in History all the same."""

import time
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr

from core.accounts.port import Account
from core.health.findings import HealthContext
from core.health.ledger import check_overdue_posts
from core.ledger.history import runs
from core.ledger.port import ClaimTerms
from core.maintenance.unreported_posts import GIVEN_UP, NO_RESULT, REPORTED_WITHIN, WAITED_FOR, UnreportedPosts
from core.notifications.problems import post_problems
from core.posts.models import Repeat
from core.posts.payload import invocation_of
from core.scheduling.waiting_posts import queued_waiting

RUN = datetime(2026, 11, 3, 8, tzinfo=UTC)
"""The first run of the series at 09:00 in Berlin."""


@pytest.fixture
def application(open_small):
    """Open a small deployment. Nothing fires its schedules."""
    return open_small()


@pytest.fixture
def look(application, clock):
    """Return a function that looks for posts without a result, as the worker does twice a minute."""
    return UnreportedPosts(application.ledger, clock).run


@pytest.fixture
def states(application):
    """Return the states and the reasons of all runs in History, latest due first."""
    return lambda: [(run.state, run.error) for run in runs(application.ledger, limit=10)]


def receive(application, post, occurrence=None):
    """Publish a post by the posting server of this home, as `python -m core receive` does for the relay's request."""
    return application.publisher.publish(invocation_of(post, occurrence or post.due_at))


def test_a_post_that_this_homes_posting_server_published_stays_published(application, look, states, a_post, clock):
    post = application.schedules.schedule(a_post()).post
    clock.now = post.due_at
    receive(application, post)
    clock.move(hours=2)
    look()
    assert states() == [("published", None)]


@pytest.mark.parametrize("minutes", [1, 3])
def test_a_result_of_a_later_attempt_counts(application, look, states, a_post, clock, minutes):
    post = application.schedules.schedule(a_post()).post
    clock.now = post.due_at + WAITED_FOR + timedelta(minutes=minutes)
    look()
    [(state, reason)] = states()
    assert state == "retrying"
    assert reason.startswith("No result is reported yet.")
    receive(application, post)
    clock.move(hours=2)
    look()
    assert states() == [("published", None)]


def test_a_post_that_went_to_a_foreign_posting_server_is_unconfirmed_and_never_missing(
    application, look, states, a_post, clock
):
    post = application.schedules.schedule(a_post()).post
    context = HealthContext(application=application, now=clock(), zone="UTC")
    clock.now = post.due_at
    while clock() < post.due_at + REPORTED_WITHIN + WAITED_FOR:
        clock.move(seconds=30)
        look()
        assert queued_waiting(application.ledger, clock()) == []
        assert check_overdue_posts(context).status == "good"
    assert states() == [("retrying", "No result is reported yet. Lambda tries a failed post twice more.")]
    clock.move(seconds=30)
    look()
    assert states() == [("unconfirmed", NO_RESULT)]
    [problem] = post_problems(application.ledger, due_since=post.due_at, now=clock())
    assert "unconfirmed" in problem.line


def test_an_unconfirmed_post_is_not_published_by_a_late_attempt_but_by_a_person(
    application, look, states, a_post, clock
):
    post = application.schedules.schedule(a_post()).post
    for _ in range(2):
        clock.now += timedelta(hours=2)
        look()
    receive(application, post)
    assert states() == [("unconfirmed", NO_RESULT)]
    payload = invocation_of(post, post.due_at)
    application.schedules.retry(payload, payload.destinations)
    receive(application, post)
    assert states() == [("published", None)]


def test_each_run_of_a_series_is_unconfirmed_too(application, look, states, a_series, clock):
    post = application.schedules.schedule(a_series()).post
    clock.now = RUN + timedelta(minutes=5)
    receive(application, post, RUN)
    clock.now += timedelta(days=2)
    for _ in range(2):
        look()
        clock.move(hours=1)
    assert [state for state, _ in states()] == ["unconfirmed", "unconfirmed", "published"]


@pytest.mark.parametrize("change", ["edit", "cancel"])
def test_a_run_stays_unconfirmed_when_its_series_changes_afterwards(application, look, states, a_series, clock, change):
    plan = application.schedules.schedule(a_series())
    clock.now = RUN + timedelta(minutes=5)
    look()
    if change == "edit":
        application.schedules.edit(plan, plan.post.model_copy(update={"text": "Better."}))
    else:
        application.schedules.cancel(plan)
    clock.move(hours=1)
    look()
    assert states() == [("unconfirmed", NO_RESULT)]


@pytest.mark.parametrize("change", ["edit", "pause", "cancel", "skip", "settle"])
@pytest.mark.parametrize("seconds", [1, 60])
def test_a_run_is_unconfirmed_although_its_series_changes_before_it_is_missed(
    application, look, states, a_series, clock, change, seconds
):
    schedules, plan = application.schedules, application.schedules.schedule(a_series())
    look()
    clock.now = RUN + timedelta(seconds=seconds)
    changes = {
        "edit": lambda: schedules.edit(plan, plan.post.model_copy(update={"text": "Better."})),
        "pause": lambda: schedules.pause(plan),
        "cancel": lambda: schedules.cancel(plan),
        "skip": lambda: schedules.skip_run(plan, RUN + timedelta(days=1)),
        "settle": lambda: schedules.settle(plan),
    }
    changes[change]()
    for _ in range(3):
        clock.move(minutes=40)
        look()
    assert states() == [("unconfirmed", NO_RESULT)]


def test_a_run_that_was_sent_late_because_its_series_was_not_armed_is_unconfirmed_too(
    application, look, states, a_series, clock, inject_fault
):
    inject_fault("CreateSchedule", "AccessDeniedException")
    with pytest.raises(Exception, match="CreateSchedule"):
        application.schedules.schedule(a_series())
    look()
    inject_fault.clear()
    clock.now = RUN + timedelta(minutes=5)
    application.schedules.repair()
    for _ in range(3):
        look()
        clock.move(minutes=40)
    assert states() == [("unconfirmed", NO_RESULT)]


def test_no_run_is_waited_for_that_was_due_after_a_change_of_its_series(application, look, states, a_series, clock):
    plan = application.schedules.schedule(a_series())
    look()
    clock.now = RUN - timedelta(seconds=1)
    application.schedules.pause(plan)
    for _ in range(3):
        clock.move(minutes=40)
        look()
    assert states() == []


def test_a_run_that_does_not_count_is_no_run_without_a_result(application, look, states, a_series, clock):
    application.schedules.schedule(a_series(repeat=Repeat(expression="cron(0 9 * * ? *)", skipped=(RUN,))))
    clock.now = RUN + timedelta(hours=1)
    look()
    assert states() == []


def test_paused_and_cancelled_posts_wait_for_no_result(application, look, states, a_post, a_series, clock):
    schedules = application.schedules
    schedules.pause(schedules.schedule(a_post()))
    schedules.cancel(schedules.schedule(a_series(post_id="aaaabbbbcccc")))
    clock.move(days=2)
    look()
    assert states() == []


def test_a_post_that_was_not_armed_waits_for_its_repair(application, look, states, a_post, clock, inject_fault):
    inject_fault("CreateSchedule", "AccessDeniedException")
    with pytest.raises(Exception, match="CreateSchedule"):
        application.schedules.schedule(a_post())
    clock.move(hours=2)
    look()
    assert states() == []


def test_a_destination_that_waits_for_an_attempt_that_never_comes_has_failed(application, look, states, a_post, clock):
    application.accounts.connect(
        Account(
            destination="webhook:sales",
            label="Sales",
            address="http://127.0.0.1:9/",  # no server listens there
            credentials={"secret": SecretStr("whsec_QUJD")},
        )
    )
    post = application.schedules.schedule(a_post(destinations=("outbox", "webhook:sales"))).post
    clock.now = post.due_at
    receive(application, post)
    assert [state for state, _ in states()] == ["retrying"]
    clock.now += REPORTED_WITHIN
    look()
    assert [state for state, _ in states()] == ["retrying"]
    clock.move(seconds=30)
    look()
    [run] = runs(application.ledger, limit=2)
    assert [each.state for each in run.outcome.destinations] == ["published", "failed"]
    assert GIVEN_UP in [each.detail.get("reason") for each in application.ledger.occurrence(run.key).receipts]


def test_an_attempt_that_was_cut_off_is_unconfirmed(application, look, states, a_post, clock):
    post = application.schedules.schedule(a_post()).post
    clock.now = post.due_at
    payload = invocation_of(post, post.due_at)
    [destination] = payload.destinations
    lease = timedelta(hours=1)
    application.ledger.claim(payload, destination, ClaimTerms(lease_until=clock() + lease, now=clock()))
    clock.now += lease - timedelta(seconds=1)
    look()
    assert [state for state, _ in states()] == ["going out"]
    clock.move(minutes=1)
    look()
    [(state, reason)] = states()
    assert state == "unconfirmed"
    assert "Punctual stopped while it was publishing" in reason


def test_the_worker_of_a_small_deployment_looks_for_them(application, states, a_post, clock):
    post = application.schedules.schedule(a_post()).post
    clock.now = post.due_at + timedelta(minutes=3)
    application.start(lambda: "")
    deadline = time.monotonic() + 30
    while not states():
        assert time.monotonic() < deadline, "not within 30 s"
        time.sleep(0.02)
    assert [state for state, _ in states()] == ["retrying"]
