from datetime import UTC, datetime, timedelta

import pytest

from core.posts.models import Repeat
from core.scheduling.listing import Queue
from core.scheduling.schedules import FURTHEST_AHEAD
from core.scheduling.upcoming import entry, stranded, upcoming


@pytest.fixture
def queue(scheduler, target):
    return Queue(scheduler, target.group)


@pytest.fixture
def schedule(schedules, a_post, clock):
    """Schedule posts by the letter they are named after, each so many minutes ahead."""

    def plan(letter, minutes):
        return schedules.schedule(a_post(post_id=letter * 12, due_at=clock() + timedelta(minutes=minutes)))

    return plan


@pytest.fixture
def coming(queue, clock):
    """What is due within the next week."""
    return lambda limit=100: upcoming(queue, clock(), clock() + timedelta(days=7), limit=limit)


def letters(entries):
    return "".join(each.post_id[0] for each in entries)


def test_posts_come_soonest_first_with_the_next_run_of_what_repeats_among_them(schedule, schedules, a_series, coming):
    schedule("b", 60)
    schedule("c", 3 * 24 * 60)
    schedules.schedule(a_series(post_id="r" * 12))
    assert letters(coming().entries) == "brc"


def test_of_a_long_queue_the_first_posts_are_told_and_that_there_are_more(schedule, schedules, a_series, coming):
    for number, letter in enumerate("abcd"):
        schedule(letter, 10 + number)
    schedules.schedule(a_series(post_id="r" * 12))
    window = coming(limit=3)
    assert (letters(window.entries), window.more) == ("abc", True)
    assert not coming(limit=4).more


def test_posts_of_one_instant_that_fill_more_than_a_page_are_told_up_to_its_end(schedule, schedules, a_series, coming):
    for letter in "abcd":
        schedule(letter, 10)
    schedules.schedule(a_series(post_id="r" * 12))
    window = coming(limit=3)
    assert (letters(window.entries), window.more) == ("abc", True)


def test_what_is_due_and_not_yet_gone_is_going_out(schedule, coming, clock):
    schedule("a", 1)
    clock.move(minutes=1, seconds=30)
    assert [each.state for each in coming().entries] == ["going out"]


def test_at_its_very_instant_a_post_is_going_out(schedule, coming, clock):
    schedule("a", 1)
    clock.move(minutes=1)
    assert [each.state for each in coming().entries] == ["going out"]


def test_a_run_at_the_end_of_the_window_is_not_in_it(queue, schedules, a_series, clock):
    schedules.schedule(a_series(repeat=Repeat(expression="cron(0 15 * * ? *)"), zone="UTC"))
    end = clock() + timedelta(hours=3)
    assert upcoming(queue, clock(), end, limit=10).entries == []
    assert len(upcoming(queue, clock(), end + timedelta(milliseconds=1), limit=10).entries) == 1


def test_a_series_that_runs_again_in_years_is_in_the_whole_queue_and_in_no_shorter_window(
    queue, schedule, schedules, a_series, clock
):
    clock.now = datetime(2028, 3, 1, tzinfo=UTC)
    schedule("a", 10)
    schedules.schedule(a_series(post_id="r" * 12, repeat=Repeat(expression="cron(0 9 29 2 ? *)"), zone="UTC"))
    whole = upcoming(queue, clock(), clock() + FURTHEST_AHEAD, limit=10)
    assert [(each.post_id[0], each.due_at.year) for each in whole.entries] == [("a", 2028), ("r", 2032)]
    assert letters(upcoming(queue, clock(), clock() + timedelta(days=30), limit=10).entries) == "a"
    assert letters(upcoming(queue, clock(), clock() + FURTHEST_AHEAD, limit=0).entries) == ""


def test_a_paused_post_is_told_as_paused(schedule, schedules, coming):
    schedules.pause(schedule("a", 60))
    assert [each.state for each in coming().entries] == ["paused"]


def test_a_series_that_has_ended_is_not_in_the_queue(schedules, a_series, coming, clock):
    rule = a_series().repeat.model_copy(update={"ends_at": clock() + timedelta(days=1)})
    schedules.schedule(a_series(repeat=rule))
    assert letters(coming().entries) == "k"
    clock.move(days=2)
    assert letters(coming().entries) == ""


def test_what_no_schedule_carries_is_stranded(ledger, schedule, schedules, a_post, clock):
    schedules.pause(schedule("p", 10))
    schedule("m", 10)
    ledger.plan(a_post(post_id="n" * 12, due_at=clock() + timedelta(days=1)), schedule_name="post-n", now=clock())
    clock.move(minutes=13)
    assert {each.post_id[0]: each.state for each in stranded(ledger, clock())} == {
        "p": "time has passed",
        "m": "missing",
        "n": "not armed",
    }


def test_what_was_noted_a_moment_ago_is_being_scheduled_and_what_was_cancelled_is_not_stranded(ledger, a_post, clock):
    post = a_post(due_at=clock() + timedelta(days=1))
    ledger.plan(post, schedule_name="post-n", now=clock())
    assert [each.state for each in stranded(ledger, clock())] == ["being scheduled"]
    clock.move(seconds=10)
    assert [each.state for each in stranded(ledger, clock())] == ["being scheduled"]
    clock.move(seconds=1)
    assert [each.state for each in stranded(ledger, clock())] == ["not armed"]
    ledger.change(post.model_copy(update={"revision": 2}), wish="cancelled", schedule_name="post-n", now=clock())
    assert stranded(ledger, clock()) == []


def test_what_is_armed_is_not_stranded(schedule, ledger, clock):
    schedule("a", 60)
    assert stranded(ledger, clock()) == []


def test_a_single_post_is_told_by_the_ledger_when_it_has_left_the_queue(ledger, schedule, schedules, clock):
    plan = schedule("a", 60)
    schedules.cancel(plan)
    found = entry(ledger, plan.post.post_id, clock())
    assert (found.state, found.due_at, found.text) == ("cancelled", plan.post.due_at, plan.post.text)
