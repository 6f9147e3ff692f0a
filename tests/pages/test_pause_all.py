"""Pause all, Resume, and the tray of the posts that passed meanwhile."""

from datetime import time

import pytest

from core.ledger.post_state import post_state
from core.timetable.timetable import Timetable


@pytest.fixture
def states(application, clock):
    """Return the states of posts."""
    return lambda *plans: [post_state(application.ledger, plan.post.post_id, clock()).state for plan in plans]


@pytest.fixture
def paused(browse):
    """Open the queue and pause all posts."""

    def open_queue():
        queue = browse("queue")
        queue.click("pause-all")
        assert "All that are not paused yet are paused" in queue.shown
        queue.click("confirm-pause-all")
        return queue

    return open_queue


def test_every_page_tells_that_all_posts_are_paused_until_they_are_resumed(paused, browse, plan, states):
    first, second = plan("One", minutes=10), plan("Two", minutes=20)
    queue = paused()
    assert states(first, second) == ["paused", "paused"]
    assert "All posts are paused** since 13:00 Europe/Berlin (2 posts)." in queue.shown
    assert not any(button.key == "pause-all" for button in queue.button)
    history = browse("history")
    assert "All posts are paused" in history.shown
    history.click("resume-all")
    assert states(first, second) == ["scheduled", "scheduled"]
    assert "The posts are resumed." in history.shown
    assert "All posts are paused" not in history.run().shown


def test_a_post_that_a_person_resumed_or_paused_is_none_of_the_hold(paused, plan, states, application):
    own, resumed = plan("Mine", minutes=10), plan("Resumed", minutes=20)
    application.schedules.pause(own)
    queue = paused()
    queue.choose("Resume", resumed)
    queue.choose("Pause", resumed)
    queue.click("resume-all")
    assert states(own, resumed) == ["paused", "paused"]


@pytest.fixture
def passed(paused, plan, clock):
    """Pause three posts until two of them have passed; return them and the queue."""
    plans = plan("One", minutes=10), plan("Two", minutes=20), plan("Later", minutes=600)
    queue = paused()
    clock.move(minutes=60)
    queue.run()
    return (*plans, queue)


def test_what_passed_lies_in_a_tray_and_the_rest_in_the_list(passed, states):
    first, second, later, queue = passed
    assert states(first, second, later) == ["time has passed", "time has passed", "paused"]
    assert "2 posts passed while paused." in queue.shown
    assert queue.texts == ["One", "Two", "Later"]
    queue.click("resume-all")
    assert "2 posts passed meanwhile: decide about them in the Queue." in queue.shown
    assert states(first, second, later) == ["time has passed", "time has passed", "scheduled"]


def test_dropped_posts_are_cancelled_and_restored_to_the_tray(passed, states):
    first, second, _, queue = passed
    queue.click("drop", first)
    assert states(first, second) == ["cancelled", "time has passed"]
    queue.click("undo-report")
    assert states(first, second) == ["time has passed", "time has passed"]
    queue.click("tray-drop-all")
    assert states(first, second) == ["cancelled", "cancelled"]
    queue.click("undo-report")
    assert "2 posts passed while paused." in queue.shown


def test_one_is_sent_now_after_a_question(passed, application, clock, states):
    first, second, _, queue = passed
    queue.click("send", first)
    assert "1 post** goes out now. This cannot be undone." in queue.shown
    queue.click("confirm-send-passed")
    assert application.schedules.plan(first.post.post_id).post.due_at == clock()
    assert application.schedules.plan(first.post.post_id).desired == "active"
    assert states(second) == ["time has passed"]


def test_all_are_sent_now_after_a_question(passed, application, clock):
    first, second, _, queue = passed
    queue.click("tray-send-all")
    queue.click("confirm-send-passed")
    plans = [application.schedules.plan(each.post.post_id) for each in (first, second)]
    assert [(each.post.due_at, each.desired) for each in plans] == [(clock(), "active")] * 2


def test_during_the_hold_posts_wait_at_their_next_free_times_until_it_ends(passed, application, states):
    first, second, later, queue = passed
    week = tuple((time(9, 7),) for _ in range(7))
    application.posting_times.save(None, Timetable(zone="Europe/Berlin", week=week), base=0)
    queue.click("tray-free-all")
    walls = [application.schedules.plan(each.post.post_id).post.wall for each in (first, second)]
    assert walls == ["2026-11-03T09:07:00", "2026-11-04T09:07:00"]
    assert states(first, second, later) == ["paused", "paused", "paused"]
    queue.click("undo-report")
    assert "2 posts restored." in queue.shown
    assert states(first, second) == ["time has passed", "time has passed"]
    queue.click("free", first)
    queue.click("resume-all")
    assert states(first, second, later) == ["scheduled", "time has passed", "scheduled"]


def test_without_posting_times_the_reason_is_named(passed, states):
    first, _, _, queue = passed
    queue.click("free", first)
    assert "There are no posting times for these destinations." in queue.shown
    assert states(first) == ["time has passed"]


def test_a_long_pause_shows_its_progress_and_can_be_continued(browse, plan, states, application):
    posts = [plan(f"Post {minutes}", minutes=minutes) for minutes in range(10, 14)]
    application.held_posts.begin_pause()
    queue = browse("queue")
    assert [bar.proto.text for bar in queue.get("progress")] == ["Pausing all posts: 0 of 0"]
    queue.click("continue-hold")
    assert states(*posts) == ["paused"] * 4
