from datetime import timedelta

import pytest

from core.ledger.port import Receipt
from core.posts.models import Repeat
from core.scheduling.calendar_view import calendar_view
from core.scheduling.listing import ScheduleListing


@pytest.fixture
def calendar(scheduler, target, ledger, clock):
    """Read the calendar from a first to a last day, counted from now."""

    def read(first, last):
        now = clock()
        return calendar_view(
            ScheduleListing(scheduler, target.group), ledger, now + timedelta(first), now + timedelta(last), now
        )

    return read


@pytest.fixture
def days_and_states(calendar, clock):
    """Read the calendar as (day, state) pairs."""
    return lambda first, last: [((each.due_at - clock()).days, each.state) for each in calendar(first, last).entries]


def test_past_and_coming_posts_are_in_one_list(days_and_states, schedules, a_post, ledger, payload_for, clock):
    past = a_post(post_id="a" * 12, due_at=clock() - timedelta(hours=30))
    ledger.record(payload_for(past), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    schedules.schedule(a_post(post_id="b" * 12, due_at=clock() + timedelta(hours=30)))
    assert days_and_states(-7, 7) == [(-2, "published"), (1, "scheduled")]


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_every_past_post_of_the_period_is_returned_and_few_earlier_ones_are_read(
    days_and_states, a_post, ledger, payload_for, clock
):
    for number in range(250):
        past = a_post(post_id=f"{number:012}", due_at=clock() - timedelta(hours=1 + number))
        ledger.record(payload_for(past), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    read, history = [], ledger.history

    def counted(**kwargs):
        read.extend(found := history(**kwargs))
        return found

    ledger.history = counted
    assert len(days_and_states(-1, 0)) == 24
    assert len(read) == 100
    assert len(days_and_states(-7, 0)) == 7 * 24


def test_a_post_whose_schedule_fired_ahead_stays_in_the_calendar(
    days_and_states, schedules, scheduler, target, a_post, clock
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(minutes=1)))
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName=target.group)
    assert days_and_states(-1, 1) == [(0, "going out")]


def test_posts_outside_the_period_are_left_out(days_and_states, schedules, a_post, clock):
    schedules.schedule(a_post(due_at=clock() + timedelta(days=5, hours=1)))
    assert days_and_states(0, 5) == []
    assert days_and_states(5, 6) == [(5, "scheduled")]
    assert days_and_states(6, 9) == []


def test_every_run_of_a_repeating_post_is_returned(days_and_states, schedules, a_series):
    schedules.schedule(a_series())
    assert days_and_states(0, 3) == [(0, "scheduled"), (1, "scheduled"), (2, "scheduled")]
    assert days_and_states(30, 32) == [(30, "scheduled"), (31, "scheduled")]


def test_a_period_includes_a_run_at_its_start_but_not_at_its_end(days_and_states, schedules, a_series):
    schedules.schedule(a_series(repeat=Repeat(expression="cron(0 12 * * ? *)"), zone="UTC"))
    assert days_and_states(5, 7) == [(5, "scheduled"), (6, "scheduled")]


def test_an_hourly_series_has_all_its_runs_of_a_month(days_and_states, schedules, a_series):
    schedules.schedule(a_series(repeat=Repeat(expression="cron(30 * * * ? *)")))
    assert len(days_and_states(7, 37)) == 30 * 24


def test_a_published_post_with_a_remaining_schedule_is_returned_once(
    days_and_states, schedules, a_post, ledger, payload_for, clock
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(minutes=1)))
    clock.move(minutes=1)
    ledger.record(payload_for(plan.post), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert days_and_states(-1, 1) == [(0, "published")]


def test_more_is_true_if_a_limit_left_posts_or_runs_out(
    calendar, schedules, a_post, a_series, ledger, payload_for, clock, monkeypatch
):
    monkeypatch.setattr("core.scheduling.calendar_view.POSTS_LIMIT", 2)
    monkeypatch.setattr("core.scheduling.calendar_view.RUNS_LIMIT", 4)
    for number in range(3):
        schedules.schedule(a_post(post_id=f"{number:012}", due_at=clock() + timedelta(days=1 + number)))
        past = a_post(post_id=f"1{number:011}", due_at=clock() - timedelta(days=1 + number))
        ledger.record(payload_for(past), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert [calendar(*days).more for days in ((0, 2.5), (0, 4), (-1.5, 0), (-4, 0))] == [False, True, False, True]
    schedules.schedule(a_series())
    assert [calendar(*days).more for days in ((5, 8), (5, 20))] == [False, True]


def test_more_is_false_if_the_limit_is_reached_and_nothing_is_left_out(
    calendar, schedules, a_post, a_series, ledger, payload_for, clock, monkeypatch
):
    monkeypatch.setattr("core.scheduling.calendar_view.POSTS_LIMIT", 2)
    monkeypatch.setattr("core.scheduling.calendar_view.RUNS_LIMIT", 3)
    for number in range(2):
        past = a_post(post_id=f"1{number:011}", due_at=clock() - timedelta(days=1 + number))
        ledger.record(payload_for(past), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    schedules.schedule(a_series())
    assert (calendar(-7, 0).more, len(calendar(-7, 0).entries)) == (False, 2)
    assert (calendar(0, 3).more, len(calendar(0, 3).entries)) == (False, 3)


@pytest.fixture
def by_day(scheduler, target, ledger, clock):
    """Read the calendar of whole days. The first day begins now, or at an earlier instant."""

    def read(count, *, start=None):
        start = start or clock()
        days = [start + timedelta(days=number) for number in range(count)]
        listing = ScheduleListing(scheduler, target.group)
        return calendar_view(listing, ledger, start, start + timedelta(days=count), clock(), days=days)

    return read


@pytest.fixture
def small_limits(monkeypatch):
    """Let a calendar of 40 posts be crowded."""
    for name, limit in (("POSTS_LIMIT", 20), ("PROBED_POSTS", 5), ("DAY_POSTS", 2), ("FULL_DAYS", 1)):
        monkeypatch.setattr(f"core.scheduling.calendar_view.{name}", limit)


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_crowded_period_has_the_first_posts_of_each_day_and_counts_the_others(
    by_day, schedules, a_post, a_series, clock, small_limits
):
    for number in range(40):
        due_at = clock() + timedelta(hours=1 + 6 * (number // 2), seconds=number)
        schedules.schedule(a_post(post_id=f"{number:012}", due_at=due_at))
    schedules.schedule(a_post(post_id="b" * 12, due_at=clock() + timedelta(days=5, hours=2)))
    schedules.schedule(a_series())
    found = by_day(6)
    one_time = [each for each in found.entries if not each.post.repeats]
    assert [sum(each.due_at < clock() + timedelta(days=day) for each in one_time) for day in range(1, 7)] == [
        3,
        6,
        9,
        12,
        15,
        16,
    ]
    assert found.shortened == {clock() + timedelta(days=day): 5 for day in range(5)}
    assert not found.more
    assert len(found.entries) - len(one_time) == 6  # the runs of the series
    assert {each.state for each in found.entries} == {"scheduled"}


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_single_crowded_day_of_a_period_is_read_whole(by_day, schedules, a_post, clock, small_limits):
    for number in range(15):
        schedules.schedule(a_post(post_id=f"{number:012}", due_at=clock() + timedelta(minutes=1 + number)))
    schedules.schedule(a_post(post_id="a" * 12, due_at=clock() + timedelta(days=4)))
    found = by_day(6)
    assert (len(found.entries), found.shortened, found.more) == (16, {}, False)


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_period_below_the_limit_is_read_whole(by_day, schedules, a_post, clock, small_limits):
    for number in range(18):
        schedules.schedule(a_post(post_id=f"{number:012}", due_at=clock() + timedelta(hours=9 * (1 + number))))
    found = by_day(7)
    assert (len(found.entries), found.shortened, found.more) == (18, {}, False)


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_post_of_a_crowded_period_that_is_going_out_is_not_left_out(by_day, schedules, a_post, clock, small_limits):
    for number in range(40):
        schedules.schedule(a_post(post_id=f"{number:012}", due_at=clock() + timedelta(minutes=1 + 40 * number)))
    start = clock()
    clock.move(seconds=61)
    found = by_day(3, start=start)
    assert [each.state for each in found.entries][:2] == ["going out", "scheduled"]
    assert found.shortened
