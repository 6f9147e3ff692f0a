from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.port import PlanChange, Receipt
from core.posts.models import Repeat
from core.scheduling.listing import ScheduleListing
from core.scheduling.time_limits import PLANNING_HORIZON
from core.scheduling.upcoming import destinations_due, ledger_entry, upcoming, without_schedule


@pytest.fixture
def listing(scheduler, target):
    return ScheduleListing(scheduler, target.group)


@pytest.fixture
def schedule(schedules, a_post, clock):
    """Schedule a post some minutes ahead, with an id that repeats one letter."""

    def plan(letter, minutes):
        return schedules.schedule(a_post(post_id=letter * 12, due_at=clock() + timedelta(minutes=minutes)))

    return plan


@pytest.fixture
def coming(listing, ledger, clock):
    """Return the queue of the next week."""
    return lambda limit=100: upcoming(listing, ledger, clock(), clock() + timedelta(days=7), limit=limit)


def letters(entries):
    return "".join(each.post_id[0] for each in entries)


def test_posts_come_soonest_first_with_the_next_run_of_each_repeating_post(schedule, schedules, a_series, coming):
    schedule("b", 60)
    schedule("c", 3 * 24 * 60)
    schedules.schedule(a_series(post_id="r" * 12))
    assert letters(coming().entries) == "brc"


def test_a_limit_keeps_the_first_posts_and_reports_more(schedule, schedules, a_series, coming):
    for number, letter in enumerate("abcd"):
        schedule(letter, 10 + number)
    schedules.schedule(a_series(post_id="r" * 12))
    window = coming(limit=3)
    assert (letters(window.entries), window.more) == ("abc", True)
    assert not coming(limit=4).more


def test_a_limit_also_cuts_posts_of_one_instant(schedule, schedules, a_series, coming):
    for letter in "abcd":
        schedule(letter, 10)
    schedules.schedule(a_series(post_id="r" * 12))
    window = coming(limit=3)
    assert (letters(window.entries), window.more) == ("abc", True)


def test_a_post_that_is_due_is_going_out(schedule, coming, clock):
    schedule("a", 1)
    clock.move(minutes=1, seconds=30)
    assert [each.state for each in coming().entries] == ["going out"]


def test_a_post_whose_schedule_fired_ahead_is_going_out_until_it_begins(
    schedule, coming, scheduler, target, ledger, payload_for, clock
):
    plan = schedule("a", 10)
    clock.move(minutes=9)
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName=target.group)  # as AWS does with a lead of 60 s
    for _ in range(6):
        assert [(each.post_id[0], each.state) for each in coming().entries] == [("a", "going out")]
        clock.move(seconds=30)
    ledger.record(payload_for(plan.post), Receipt(kind="attempt_failed", at=clock(), revision=1))
    assert coming().entries == []


def test_a_fired_post_counts_in_the_limit_and_stands_in_due_order(schedule, coming, scheduler, target, clock):
    for letter, minutes in (("a", 11), ("b", 10), ("c", 12)):
        plan = schedule(letter, minutes)
        if letter == "b":
            fired = plan
    clock.move(minutes=9)
    scheduler.delete_schedule(Name=fired.schedule_name, GroupName=target.group)
    assert letters(coming().entries) == "bac"
    assert (letters(coming(limit=2).entries), coming(limit=2).more) == ("ba", True)


def test_a_schedule_that_a_change_left_behind_is_no_post(schedule, schedules, coming, scheduler, target, read_schedule):
    plan = schedule("a", 10)
    left = read_schedule(plan.schedule_name)
    moved = schedules.reschedule(
        plan, due_at=plan.post.due_at + timedelta(hours=1), wall="2026-11-02T14:10:00", zone="Europe/Berlin"
    )
    copied = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State")
    scheduler.create_schedule(**{name: left[name] for name in copied})
    assert [each.due_at for each in coming().entries] == [moved.post.due_at]
    schedules.cancel(moved)
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName=target.group)
    scheduler.create_schedule(**{name: left[name] for name in copied})
    assert coming().entries == []


def test_posts_that_the_ledger_knows_are_read_without_a_request_for_each(listing, schedule, coming, monkeypatch):
    for letter in "abc":
        schedule(letter, 10)
    read = []
    monkeypatch.setattr(listing, "_detail", lambda each: read.append(each.name))
    assert letters(coming().entries) == "abc"
    assert read == []


def test_a_post_is_going_out_at_its_due_instant(schedule, coming, clock):
    schedule("a", 1)
    clock.move(minutes=1)
    assert [each.state for each in coming().entries] == ["going out"]


def test_a_run_at_the_end_of_the_window_is_left_out(listing, ledger, schedules, a_series, clock):
    schedules.schedule(a_series(repeat=Repeat(expression="cron(0 15 * * ? *)"), zone="UTC"))
    end = clock() + timedelta(hours=3)
    assert upcoming(listing, ledger, clock(), end, limit=10).entries == []
    assert len(upcoming(listing, ledger, clock(), end + timedelta(milliseconds=1), limit=10).entries) == 1


def test_a_series_with_its_next_run_in_years_is_only_in_the_whole_queue(
    listing, ledger, schedule, schedules, a_series, clock
):
    clock.now = datetime(2028, 3, 1, tzinfo=UTC)
    schedule("a", 10)
    schedules.schedule(a_series(post_id="r" * 12, repeat=Repeat(expression="cron(0 9 29 2 ? *)"), zone="UTC"))
    whole = upcoming(listing, ledger, clock(), clock() + PLANNING_HORIZON, limit=10)
    assert [(each.post_id[0], each.due_at.year) for each in whole.entries] == [("a", 2028), ("r", 2032)]
    assert letters(upcoming(listing, ledger, clock(), clock() + timedelta(days=30), limit=10).entries) == "a"
    assert letters(upcoming(listing, ledger, clock(), clock() + PLANNING_HORIZON, limit=0).entries) == ""


def test_a_paused_post_is_paused_in_the_queue(schedule, schedules, coming):
    schedules.pause(schedule("a", 60))
    assert [each.state for each in coming().entries] == ["paused"]


def test_an_ended_series_leaves_the_queue(schedules, a_series, coming, ledger, payload_for, clock):
    rule = a_series().repeat.model_copy(update={"ends_at": clock() + timedelta(days=1)})
    plan = schedules.schedule(a_series(repeat=rule))
    assert letters(coming().entries) == "k"
    clock.move(days=2)
    last_run = payload_for(plan.post, occurrence=datetime(2026, 11, 3, 8, tzinfo=UTC))
    ledger.record(last_run, Receipt(kind="missed", at=clock(), revision=1))
    assert letters(coming().entries) == ""


def test_overdue_and_unarmed_posts_are_without_schedule(ledger, schedule, schedules, a_post, clock):
    schedules.pause(schedule("p", 10))
    schedule("m", 10)
    ledger.plan(
        PlanChange(post=a_post(post_id="n" * 12, due_at=clock() + timedelta(days=1)), schedule_name="post-n"),
        now=clock(),
    )
    clock.move(minutes=13)
    assert {each.post_id[0]: each.state for each in without_schedule(ledger, clock())} == {
        "p": "time has passed",
        "m": "missing",
        "n": "not armed",
    }


def test_an_unarmed_post_is_being_scheduled_for_ten_seconds_and_a_cancelled_one_is_left_out(ledger, a_post, clock):
    post = a_post(due_at=clock() + timedelta(days=1))
    ledger.plan(PlanChange(post=post, schedule_name="post-n"), now=clock())
    assert [each.state for each in without_schedule(ledger, clock())] == ["being scheduled"]
    clock.move(seconds=10)
    assert [each.state for each in without_schedule(ledger, clock())] == ["being scheduled"]
    clock.move(seconds=1)
    assert [each.state for each in without_schedule(ledger, clock())] == ["not armed"]
    ledger.change(
        PlanChange(post=post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name="post-n"),
        now=clock(),
    )
    assert without_schedule(ledger, clock()) == []


def test_an_armed_post_is_not_returned_as_a_post_without_schedule(schedule, ledger, clock):
    schedule("a", 60)
    assert without_schedule(ledger, clock()) == []


def test_a_post_that_left_the_queue_has_an_entry_from_the_ledger(ledger, schedule, schedules, clock):
    plan = schedule("a", 60)
    schedules.cancel(plan)
    found = ledger_entry(ledger, plan.post.post_id, clock())
    assert (found.state, found.due_at, found.text) == ("cancelled", plan.post.due_at, plan.post.text)


def test_the_accounts_of_all_posts_that_are_due_before_an_instant_are_returned(
    listing, ledger, schedules, a_post, a_series, clock
):
    due_at = clock() + timedelta(minutes=5)
    schedules.schedule(a_post(destinations=("net:ada", "net:ada#2", "outbox"), due_at=due_at))
    schedules.schedule(a_post(post_id="0" * 12, destinations=("net:bob",), due_at=clock() + timedelta(hours=2)))
    schedules.schedule(a_series(post_id="1" * 12, destinations=("net:eve",)))
    due = {"net:ada", "outbox"}
    assert destinations_due(listing, ledger, clock(), clock() + timedelta(minutes=15)) == due
    assert destinations_due(listing, ledger, clock(), clock() + timedelta(days=1)) == due | {"net:bob", "net:eve"}
