"""Single runs of a series: changed in Compose, as posts of their own."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.posts.models import Repeat
from core.posts.repeat_rules import EveryNWeeks, Yearly
from core.posts.series import build_series, runs_of
from core.time.instants import wall_time

FIRST, SECOND = datetime(2026, 11, 3, 8, tzinfo=UTC), datetime(2026, 11, 4, 8, tzinfo=UTC)


@pytest.fixture
def series(plan):
    """Schedule a post that repeats each morning at 9 in Berlin."""
    return plan("Every morning", repeat=Repeat(expression="cron(0 9 * * ? *)"))


@pytest.fixture
def next_run(application, series, clock):
    return lambda: runs_of(application.schedules.plan(series.post.post_id).post, after=clock(), count=1)[0]


@pytest.fixture
def changing(browse, series):
    """Choose to change the next run, and return Compose with its draft."""
    queue = browse("queue")
    queue.choose("Change next run", series)
    return queue.open("compose")


def test_a_changed_run_is_skipped_once_its_post_is_scheduled(changing, application, next_run):
    draft = changing.draft
    assert changing.text_area(key=f"text-{draft}").value == "Every morning"
    assert "In place of the run of Tue 3 Nov 2026, 09:00 Europe/Berlin." in changing.shown
    assert next_run() == FIRST
    changing.write("This morning is different")
    changing.schedule()
    assert next_run() == SECOND
    assert application.schedules.plan(draft).post.due_at == FIRST
    assert "In place of" not in changing.shown


def test_a_draft_of_a_run_that_is_skipped_already_says_that_nothing_goes_out(changing, application, series):
    application.schedules.skip_run(series, FIRST)
    changing.run()
    assert "The series skips it: nothing goes out until you schedule this post." in changing.shown


def test_a_run_stays_if_its_post_is_refused(changing, application, next_run):
    draft = changing.draft
    changing.write("")
    changing.schedule()
    assert application.ledger.get(draft) is None
    assert next_run() == FIRST


def test_a_draft_of_a_run_can_become_a_post_beside_the_series(changing, application, next_run):
    draft = changing.draft
    changing.click("keep-both", draft)
    assert "In place of" not in changing.shown
    changing.write("One more")
    changing.schedule()
    assert application.schedules.plan(draft).desired == "active"
    assert next_run() == FIRST


def test_a_draft_of_a_run_that_has_gone_out_is_not_scheduled_in_its_place(changing, application, clock):
    draft = changing.draft
    changing.date_input(key=f"when-{draft}-date").set_value((SECOND + timedelta(days=3)).date()).run()
    clock.now = FIRST + timedelta(minutes=1)
    changing.run()
    assert "has gone out already" in changing.shown
    changing.schedule()
    assert "is going out or has gone out already." in changing.shown
    assert application.ledger.get(draft) is None


def test_undo_in_compose_brings_the_run_and_the_draft_back(changing, next_run):
    changing.write("This morning is different")
    changing.schedule()
    assert next_run() == SECOND
    changing.click("undo")
    assert next_run() == FIRST
    assert "In place of the run of Tue 3 Nov 2026" in changing.shown
    changing.schedule()
    assert next_run() == SECOND


def test_undo_of_a_draft_that_was_scheduled_brings_the_run_back(browse, changing, application, next_run):
    draft = changing.draft
    changing.write("This morning is different")
    drafts = browse("drafts")
    drafts.choose("Schedule", draft)
    assert next_run() == SECOND
    drafts.click("undo-draft")
    assert next_run() == FIRST


def test_the_card_says_that_the_run_returns_and_cancel_and_undo_do_so(browse, changing, application, next_run):
    draft = changing.draft
    changing.schedule()
    queue = browse("queue")
    assert "In place of the run of Tue 3 Nov 2026, 09:00 Europe/Berlin, which returns if you cancel this post" in (
        queue.shown
    )
    queue.click("cancel", draft)
    assert next_run() == FIRST
    assert "Undo skips the run of Tue 3 Nov 2026, 09:00 Europe/Berlin again" in queue.shown
    queue.click("undo", draft)
    assert next_run() == SECOND
    assert application.schedules.plan(draft).desired == "active"


def test_a_post_that_undo_returned_to_the_draft_cannot_be_restored_beside_it(browse, changing, application, next_run):
    """Compose is open in one tab, the queue in another."""
    post_id = changing.draft
    changing.schedule()
    queue = browse("queue")
    changing.click("undo")
    assert changing.draft != post_id
    assert [each.draft_id for each in application.drafts.page(limit=10)] == [changing.draft]
    queue.click("cancel", post_id)
    queue.click("undo", post_id)
    assert "was returned to Drafts" in queue.shown
    assert application.schedules.plan(post_id).desired == "cancelled"
    assert next_run() == FIRST


def test_the_card_says_which_runs_are_skipped_and_when_the_series_ends(browse, application, series):
    application.schedules.skip_run(series, SECOND)
    assert "skips Wed 4 Nov" in browse("queue").shown


@pytest.mark.parametrize(
    ("rule", "first"),
    [(EveryNWeeks(days=("TUE",), weeks=2), date(2026, 10, 27)), (Yearly(month=12, day=24), date(2026, 11, 3))],
)
def test_a_new_time_keeps_the_weeks_and_the_date_of_a_series(browse, application, plan, clock, rule, first):
    repeat = build_series(rule, time(9), "Europe/Berlin", first=first, now=clock())
    series = plan("Now and then", repeat=repeat)
    queue, before = browse("queue"), runs_of(series.post, after=clock(), count=3)
    queue.choose("Change time", series)
    queue.time_input(key=f"edit-when-{series.post.post_id}-time").set_value(time(18))
    queue.click("save-time", series)
    after = runs_of(application.schedules.plan(series.post.post_id).post, after=clock(), count=3)
    assert [run.date() for run in after] == [run.date() for run in before]
    assert {wall_time(run, "Europe/Berlin").hour for run in after} == {18}
