from datetime import timedelta

import pytest

from core.ledger.port import Receipt
from core.posts.models import Repeat
from core.scheduling.calendar_view import agenda
from core.scheduling.listing import Queue


@pytest.fixture
def held(scheduler, target, ledger, clock):
    """The agenda of some days, counted from now."""

    def read(first, last):
        now = clock()
        return agenda(Queue(scheduler, target.group), ledger, now + timedelta(first), now + timedelta(last), now)

    return read


@pytest.fixture
def told(held, clock):
    """The same, as (day, state) pairs."""
    return lambda first, last: [((each.due_at - clock()).days, each.state) for each in held(first, last).entries]


def test_past_and_coming_posts_stand_in_one_line(told, schedules, a_post, ledger, invoked, clock):
    past = a_post(post_id="a" * 12, due_at=clock() - timedelta(hours=30))
    ledger.record(invoked(past), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    schedules.schedule(a_post(post_id="b" * 12, due_at=clock() + timedelta(hours=30)))
    assert told(-7, 7) == [(-2, "published"), (1, "scheduled")]


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_all_that_went_out_in_the_stretch_is_told_and_little_before_it_is_read(told, a_post, ledger, invoked, clock):
    for number in range(250):
        past = a_post(post_id=f"{number:012}", due_at=clock() - timedelta(hours=1 + number))
        ledger.record(invoked(past), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    read, history = [], ledger.history

    def counted(**asked):
        read.extend(found := history(**asked))
        return found

    ledger.history = counted
    assert len(told(-1, 0)) == 24
    assert len(read) == 100
    assert len(told(-7, 0)) == 7 * 24


def test_only_what_falls_into_the_stretch_is_told(told, schedules, a_post, clock):
    schedules.schedule(a_post(due_at=clock() + timedelta(days=5, hours=1)))
    assert told(0, 5) == []
    assert told(5, 6) == [(5, "scheduled")]
    assert told(6, 9) == []


def test_every_run_of_a_repeating_post_is_told(told, schedules, a_series):
    schedules.schedule(a_series())
    assert told(0, 3) == [(0, "scheduled"), (1, "scheduled"), (2, "scheduled")]
    assert told(30, 32) == [(30, "scheduled"), (31, "scheduled")]


def test_a_run_at_the_first_instant_of_the_stretch_is_told_and_one_at_its_end_is_not(told, schedules, a_series):
    schedules.schedule(a_series(repeat=Repeat(expression="cron(0 12 * * ? *)"), zone="UTC"))
    assert told(5, 7) == [(5, "scheduled"), (6, "scheduled")]


def test_a_series_of_many_runs_goes_on_to_the_end_of_the_stretch(told, schedules, a_series):
    schedules.schedule(a_series(repeat=Repeat(expression="cron(30 * * * ? *)")))
    assert len(told(7, 37)) == 30 * 24


def test_a_post_that_begins_while_its_schedule_is_still_there_is_told_once(
    told, schedules, a_post, ledger, invoked, clock
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(minutes=1)))
    clock.move(minutes=1)
    ledger.record(invoked(plan.post), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert told(-1, 1) == [(0, "published")]


def test_it_says_when_it_is_not_all_there_is(held, schedules, a_post, a_series, ledger, invoked, clock, monkeypatch):
    monkeypatch.setattr("core.scheduling.calendar_view.AT_MOST", 2)
    monkeypatch.setattr("core.scheduling.calendar_view.RUNS_AT_MOST", 4)
    for number in range(3):
        schedules.schedule(a_post(post_id=f"{number:012}", due_at=clock() + timedelta(days=1 + number)))
        gone = a_post(post_id=f"1{number:011}", due_at=clock() - timedelta(days=1 + number))
        ledger.record(invoked(gone), Receipt(kind="published", at=clock(), revision=1, destination="outbox"))
    assert [held(*days).more for days in ((0, 2.5), (0, 4), (-1.5, 0), (-4, 0))] == [False, True, False, True]
    schedules.schedule(a_series())
    assert [held(*days).more for days in ((5, 8), (5, 20))] == [False, True]
