"""The selection of many posts on the Queue page, its reports and its undo."""

import json
from datetime import date, time

import pytest
from streamlit.runtime.scriptrunner import RerunData, get_script_run_ctx

from core.ledger.post_state import post_state
from core.posts.models import new_post_id
from core.posts.repeat_rules import EveryWeekday
from core.posts.series import build_series
from core.publishing.composing import compose
from core.scheduling.selection import Selection
from core.time.instants import wall_time
from core.timetable.timetable import Timetable
from ui.posts.exported import selected_file


@pytest.fixture
def states(application, clock):
    """Return the states of posts."""
    return lambda *plans: [post_state(application.ledger, plan.post.post_id, clock()).state for plan in plans]


@pytest.fixture
def newest(application):
    """Return the newest version of a post."""
    return lambda plan: application.schedules.plan(plan.post.post_id).post


@pytest.fixture
def selecting(browse):
    """Open the queue with checkboxes on its cards, some of them checked."""

    def open_queue(*plans):
        queue = browse("queue")
        queue.click("start-selecting")
        for plan in plans:
            queue.checkbox(key=f"select-{plan.post.post_id}").check().run()
        return queue

    return open_queue


def test_checkboxes_take_the_place_of_the_actions(selecting, plan):
    post = plan("Hello")
    queue = selecting()
    assert not any(button.key == f"cancel-{post.post.post_id}" for button in queue.button)
    assert queue.button(key="bulk-cancel").disabled
    queue.click("select-done")
    assert any(button.key == f"cancel-{post.post.post_id}" for button in queue.button)


def test_selected_posts_are_cancelled_and_one_undo_restores_them(selecting, plan, states):
    first, second, third = plan("One", minutes=10), plan("Two", minutes=20), plan("Three", minutes=30)
    queue = selecting(first, third)
    assert "2 posts selected" in queue.shown
    queue.click("bulk-cancel")
    assert "2 posts cancelled." in queue.shown
    assert states(first, second, third) == ["cancelled", "scheduled", "cancelled"]
    assert queue.texts == ["Two"]
    queue.click("undo-report")
    assert "2 posts restored." in queue.shown
    assert states(first, second, third) == ["scheduled"] * 3
    assert queue.texts == ["One", "Two", "Three"]
    assert not any(button.key == "undo-report" for button in queue.button)
    queue.click("dismiss-report")
    assert "restored" not in queue.shown


def test_a_click_during_an_action_loses_neither_its_report_nor_its_undo(selecting, plan, states, monkeypatch):
    post, cancel = plan("One"), Selection.cancel

    def cancel_while_a_person_clicks(selection, ids):
        found = cancel(selection, ids)
        get_script_run_ctx().script_requests.request_rerun(RerunData())
        return found

    monkeypatch.setattr(Selection, "cancel", cancel_while_a_person_clicks)
    queue = selecting(post)
    queue.click("bulk-cancel")
    assert states(post) == ["cancelled"]
    queue.open("history").open("queue")
    assert "1 post cancelled." in queue.shown
    queue.click("undo-report")
    assert states(post) == ["scheduled"]
    assert "1 post restored." in queue.shown


def test_all_shown_posts_are_selected_or_none(selecting, plan):
    for minutes in range(10, 15):
        plan(f"Post {minutes}", minutes=minutes)
    queue = selecting()
    queue.click("select-shown")
    assert "5 posts selected" in queue.shown
    assert all(box.value for box in queue.checkbox)
    queue.click("select-none")
    assert "0 posts selected" in queue.shown
    assert not any(box.value for box in queue.checkbox)


def test_all_matching_posts_of_other_pages_are_selected_too(selecting, plan, states, monkeypatch):
    monkeypatch.setattr("ui.posts.queue_list.PAGE", 2)
    monkeypatch.setattr("ui.posts.queue_list.SEARCH_PAGE", 2)
    plans = [plan(f"Coffee {minutes}", minutes=minutes) for minutes in range(10, 15)]
    tea = plan("Tea")
    queue = selecting()
    queue.text_input(key="search").set_value("coffee").run()
    assert len(queue.checkbox) == 2
    queue.click("select-matching")
    queue.click("bulk-pause")
    assert states(*plans, tea) == ["paused"] * 5 + ["scheduled"]


def test_pause_and_resume_are_undone(selecting, plan, states):
    post = plan("Wait")
    queue = selecting(post)
    queue.click("bulk-pause")
    assert states(post) == ["paused"]
    queue.click("undo-report")
    assert states(post) == ["scheduled"]
    queue.checkbox(key=f"select-{post.post.post_id}").check().run()
    queue.click("bulk-pause")
    queue.checkbox(key=f"select-{post.post.post_id}").check().run()
    queue.click("bulk-resume")
    assert states(post) == ["scheduled"]
    queue.click("undo-report")
    assert states(post) == ["paused"]


def test_posts_are_moved_by_days_and_refusals_name_their_reason(selecting, plan, newest, application):
    moved, gone = plan("Moves", minutes=60), plan("Gone", minutes=90)
    queue = selecting(moved, gone)
    application.schedules.cancel(gone)
    queue.number_input(key="move-days").set_value(3).run()
    queue.click("bulk-move")
    assert "1 post moved, 1 refused." in queue.shown
    assert "14:30, Gone" in queue.shown
    assert "was cancelled meanwhile" in queue.shown
    assert newest(moved).wall == "2026-11-05T14:00:00"
    queue.click("undo-report")
    assert newest(moved).wall == "2026-11-02T14:00:00"


def test_posts_go_to_free_times_and_back(selecting, plan, newest, application):
    week = tuple((time(9, 7),) for _ in range(7))
    application.posting_times.save(None, Timetable(zone="Europe/Berlin", week=week), base=0)
    first, second = plan("One", minutes=60), plan("Two", minutes=90)
    queue = selecting(first, second)
    queue.click("bulk-free")
    assert [newest(each).wall for each in (first, second)] == ["2026-11-03T09:07:00", "2026-11-04T09:07:00"]
    queue.click("undo-report")
    assert [newest(each).wall for each in (first, second)] == ["2026-11-02T14:00:00", "2026-11-02T14:30:00"]


def test_a_new_label_is_given_to_selected_posts_and_taken_back(selecting, plan, newest, application):
    application.labels.add(["Summer"])
    post = plan("Sunny")
    queue = selecting(post)
    queue.multiselect(key="labels-to-add").set_value(["Summer"]).run()
    queue.click("bulk-label")
    assert newest(post).labels == ("Summer",)
    assert "1 post labelled." in queue.shown
    queue.click("undo-report")
    assert newest(post).labels == ()


def test_an_action_that_a_later_change_overtook_is_not_undone(selecting, plan, states, application, newest):
    post = plan("Mine")
    queue = selecting(post)
    queue.click("bulk-pause")
    application.schedules.cancel(application.schedules.plan(post.post.post_id))
    queue.click("undo-report")
    assert "1 post refused." in queue.shown
    assert states(post) == ["cancelled"]


def test_exported_posts_are_complete_and_no_cell_is_a_formula(plan, application):
    post = plan("=1+1\nSecond line", labels=("a", "b"))
    cancelled = plan("Gone")
    application.schedules.cancel(cancelled)
    chosen = [post.post.post_id, cancelled.post.post_id]
    header, *lines = selected_file(chosen, "csv").decode("utf-8-sig").splitlines()
    assert header.startswith("Text,Date and time,Time zone,Destinations,Labels,Repeat,Last date,Skipped runs,State")
    assert lines[0] == "\"'=1+1"
    assert lines[1].startswith('Second line",')
    [row] = [json.loads(line) for line in selected_file(chosen, "jsonl").decode().splitlines()]
    assert (row["text"], row["labels"], row["state"]) == ("=1+1\nSecond line", ["a", "b"], "scheduled")
    assert (row["date_time"], row["time_zone"]) == ("2026-11-02 14:00", "Europe/Berlin")


def test_the_next_run_of_a_series_is_skipped_and_brought_back(browse, application, clock, newest):
    wall = wall_time(clock(), "Europe/Berlin").replace(tzinfo=None, hour=9, minute=0)
    repeat = build_series(EveryWeekday(), time(9), "Europe/Berlin", first=date(2026, 11, 3), last=None, now=clock())
    post = compose(
        post_id=new_post_id(), text="Daily", destinations=["outbox"], wall=wall, zone="Europe/Berlin", which=1,
        late_after_minutes=60, accounts=application.accounts, networks=application.networks, repeat=repeat,
    )  # fmt: skip
    series = application.schedules.schedule(post)
    queue = browse("queue")
    queue.choose("Skip next run", series)
    assert "The run on Tue 3 Nov 2026, 09:00 Europe/Berlin is skipped." in queue.shown
    assert len(newest(series).repeat.skipped) == 1
    queue.click("undo-report")
    assert newest(series).repeat.skipped == ()
    queue.choose("Skip next run", series)
    queue.choose("Bring back the skipped run", series)
    assert newest(series).repeat.skipped == ()
    queue.choose("Change next run", series)
    assert queue.text_area(key=f"text-{queue.draft}").value == "Daily"
