"""The actions of the Queue that move several posts, each with its Undo."""

from datetime import UTC, datetime, time, timedelta

import pytest

from core.posts.models import Repeat
from core.timetable.timetable import Timetable

NINE = datetime(2026, 11, 3, 8, 7, tzinfo=UTC)
"""The first posting time."""


@pytest.fixture(autouse=True)
def timetable(application):
    """Store one posting time a day."""
    application.posting_times.save(None, Timetable(zone="Europe/Berlin", week=((time(9, 7),),) * 7), base=0)


@pytest.fixture
def on_day(plan, clock):
    """Schedule a post at 09:07 of a day, counted from the first posting time."""

    def schedule(text: str, day: float, **members):
        return plan(text, minutes=(NINE + timedelta(days=day) - clock()).total_seconds() / 60, **members)

    return schedule


@pytest.fixture
def days(application, clock):
    """Return the day of each post, counted from the first posting time."""

    def days() -> dict[str, float]:
        plans = application.ledger.due(due_from=clock(), due_before=clock() + timedelta(days=99), limit=99)
        return {plan.post.text: (plan.post.due_at - NINE) / timedelta(days=1) for plan in plans}

    return days


def test_to_the_front_and_back(browse, on_day, days):
    on_day("First", 0)
    late = on_day("Late", 4)
    queue = browse("queue")
    queue.choose("To the front", late)
    assert days() == {"Late": 0, "First": 1}
    assert "To the front: Tue 3 Nov 2026, 09:07 Europe/Berlin; 1 post moved later" in queue.shown
    queue.click("undo-report")
    assert days() == {"First": 0, "Late": 4}


def test_a_post_at_the_front_stays_there(browse, on_day, days):
    first = on_day("First", 0)
    queue = browse("queue")
    queue.choose("To the front", first)
    assert "The post is at the front already" in queue.shown
    assert days() == {"First": 0}


def test_all_later_posts_shift_to_the_next_posting_times_and_back(browse, on_day, days):
    plans = [on_day(text, day) for text, day in (("A", 0), ("B", 1), ("C", 2))]
    queue = browse("queue")
    queue.choose("Shift all later", plans[1])
    assert "This post and every later one to Outbox (built in) move. Series stay." in queue.shown.replace("**", "")
    queue.click("shift", plans[1])
    assert days() == {"A": 0, "B": 2, "C": 3}
    assert "2 posts shifted to the next posting times" in queue.shown
    queue.click("undo-report")
    assert days() == {"A": 0, "B": 1, "C": 2}


def test_all_later_posts_shift_by_days(browse, on_day, days):
    plans = [on_day(text, day) for text, day in (("A", 0), ("B", 1.25))]
    queue = browse("queue")
    queue.choose("Shift all later", plans[0])
    queue.segmented_control(key="shift-by").set_value("By days")
    queue.session_state["shift-days"] = 7  # a browser draws the field without a run of the whole page
    queue.click("shift", plans[0])
    assert days() == {"A": 7, "B": 8.25}
    assert "2 posts shifted by 7 days" in queue.shown
    queue.click("undo-report")
    assert days() == {"A": 0, "B": 1.25}


def test_two_posts_swap_their_times_and_back(browse, on_day, days):
    one, other = on_day("A", 0), on_day("B", 3)
    queue = browse("queue")
    queue.choose("Swap", one)
    queue.selectbox(key="swap-with").set_value(other.post.post_id)
    queue.click("swap", one)
    assert days() == {"A": 3, "B": 0}
    queue.click("undo-report")
    assert days() == {"A": 0, "B": 3}


def test_a_lone_post_has_no_other_to_swap_with_and_a_series_has_none_of_the_actions(browse, on_day):
    alone = on_day("A", 0)
    series = on_day("S", 1, repeat=Repeat(expression="cron(7 9 * * ? *)"))
    queue = browse("queue")
    queue.choose("Swap", alone)
    assert "There is no other post with a single time." in queue.shown
    items = queue.menu_button(key=f"menu-{series.post.post_id}").options
    assert not set(items) & {"To the front", "Swap", "Shift all later", "Next free time"}


def test_undo_is_refused_in_words_after_a_time_has_passed(browse, on_day, days, clock):
    on_day("A", 0)
    queue = browse("queue")
    plan = on_day("B", 1)
    queue.run()
    queue.choose("To the front", plan)
    clock.now = NINE - timedelta(seconds=1)
    queue.click("undo-report")
    assert "is too soon" in queue.shown
    assert days() == {"B": 0, "A": 1}


def test_without_posting_times_the_reason_is_said(application, browse, on_day):
    application.posting_times.save(None, None, base=1)
    plan = on_day("A", 3)
    queue = browse("queue")
    queue.choose("To the front", plan)
    assert "There are no posting times for these destinations." in queue.shown
