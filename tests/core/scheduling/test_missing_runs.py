"""A run of a series that nothing fired is shown as missing, as a one-time post is."""

from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.port import Receipt
from core.posts.models import Repeat
from core.posts.payload import invocation_of
from core.scheduling.calendar_view import calendar_view
from core.scheduling.cancelled import cancelled
from core.scheduling.listing import ScheduleListing
from core.scheduling.missing_runs import missing_runs
from core.scheduling.post_views import PostViews
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import queue
from core.scheduling.waiting_posts import queued_waiting

DAILY = "cron(0 9 * * ? *)"
MISSED = datetime(2026, 11, 5, 8, tzinfo=UTC)
"""The run of a_series before the clock's time plus three days."""


@pytest.fixture
def listing(scheduler, target):
    return ScheduleListing(scheduler, target.group, sorted_by_name=True)


@pytest.fixture
def queued(listing, ledger, clock):
    """Read the queue as (state, due instant) pairs."""

    def read():
        window = queue(listing, ledger, clock(), clock() + PLANNING_HORIZON, limit=100)
        return [(each.state, each.due_at) for each in window.entries]

    return read


@pytest.fixture
def publish(ledger, clock):
    """Record that the run of a series at an instant is published."""

    def record(plan, run):
        published = Receipt(kind="published", at=clock(), revision=1, destination=plan.post.destinations[0])
        ledger.record(invocation_of(plan.post, run), published)

    return record


def test_a_series_is_missing_while_its_last_run_has_not_begun(schedules, a_series, queued, publish, clock):
    plan = schedules.schedule(a_series())
    clock.move(days=3)
    assert queued() == [("missing", MISSED)]
    publish(plan, MISSED)
    assert queued() == [("scheduled", MISSED + timedelta(days=1))]


def test_a_run_is_missing_two_minutes_after_it_was_due(schedules, a_series, ledger, clock):
    plan = schedules.schedule(a_series())
    clock.move(seconds=(MISSED - clock()).total_seconds() + 119)
    first = {plan.post.post_id: MISSED - timedelta(days=1)}
    assert missing_runs(ledger, [plan], clock()) == first
    clock.move(seconds=1)
    assert missing_runs(ledger, [plan], clock()) == {plan.post.post_id: MISSED}


def test_a_run_that_earlier_zone_rules_fired_an_hour_before_is_not_missing(schedules, a_series, ledger, publish, clock):
    plan = schedules.schedule(a_series())
    clock.move(days=3)
    publish(plan, MISSED - timedelta(hours=1))
    assert missing_runs(ledger, [plan], clock()) == {}


def test_the_run_an_hour_before_is_another_one_in_an_hourly_series(schedules, a_series, ledger, publish, clock):
    plan = schedules.schedule(a_series(repeat=Repeat(expression="cron(0 * * * ? *)")))
    clock.move(seconds=(MISSED - clock()).total_seconds() + 120)
    publish(plan, MISSED - timedelta(hours=1))
    assert missing_runs(ledger, [plan], clock()) == {plan.post.post_id: MISSED}


@pytest.mark.parametrize("expression", ["cron(0/5 * * * ? *)", "cron(0 9 ? * 2 *)", "cron(0 9 1 * ? *)"])
def test_the_last_run_of_each_rule_is_found(schedules, a_series, ledger, clock, expression):
    plan = schedules.schedule(a_series(repeat=Repeat(expression=expression)))
    clock.move(days=40)
    (run,) = missing_runs(ledger, [plan], clock()).values()
    assert timedelta(0) < clock() - run < timedelta(days=32)


def test_a_paused_a_skipped_and_a_changed_series_miss_no_run(schedules, a_series, queued, ledger, clock):
    paused = schedules.schedule(a_series(post_id="p" * 12))
    schedules.pause(paused)
    rule = Repeat(expression=DAILY, skipped=(MISSED - timedelta(days=1), MISSED))
    schedules.schedule(a_series(post_id="s" * 12, repeat=rule))
    schedules.schedule(a_series(post_id="c" * 12))
    clock.move(days=3)
    changed = ledger.get("c" * 12)
    schedules.edit(changed, changed.post.model_copy(update={"text": "Changed"}))
    states = {each.post.post_id[0] for each in ledger.series(limit=10)}
    missing = missing_runs(ledger, ledger.series(limit=10), clock())
    assert (states, [key[0] for key in missing]) == ({"p", "s", "c"}, ["s"])  # the run of 3 November
    assert ("missing", MISSED - timedelta(days=2)) in queued()


def test_the_count_the_search_and_the_calendar_have_the_missing_run(schedules, a_series, listing, ledger, clock):
    plan = schedules.schedule(a_series())
    clock.move(days=3)
    now, end = clock(), clock() + timedelta(days=2)
    (waiting,) = queued_waiting(ledger, now)
    assert (waiting.key, waiting.due_at, waiting.state, waiting.place) == (
        plan.post.post_id,
        MISSED,
        "missing",
        "queue",
    )
    views = PostViews(listing, ledger, lambda: 0, clock)
    assert [(each.state, each.due_at) for each in views.searchable(end).entries] == [("missing", MISSED)]
    assert views.refresh_interval() == timedelta(seconds=15)
    found = calendar_view(listing, ledger, MISSED - timedelta(hours=1), end, now)
    days = [MISSED + timedelta(days=number) for number in range(3)]
    states = ["missing", "scheduled", "scheduled"]
    assert [(each.state, each.due_at) for each in found.entries] == list(zip(states, days, strict=True))


def test_an_ended_series_is_in_the_queue_until_its_last_run_has_begun(
    schedules, a_series, queued, ledger, publish, clock
):
    plan = schedules.schedule(a_series(repeat=Repeat(expression=DAILY, ends_at=MISSED + timedelta(hours=1))))
    clock.move(days=3)
    assert (queued(), cancelled(ledger, clock(), limit=9)) == ([("missing", MISSED)], [])
    publish(plan, MISSED)
    assert (queued(), [each.state for each in cancelled(ledger, clock(), limit=9)]) == ([], ["ended"])
