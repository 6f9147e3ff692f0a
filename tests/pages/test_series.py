"""Single runs of a series: changed in Compose, as posts of their own."""

from datetime import UTC, datetime, timedelta

import pytest

from core.posts.models import Repeat
from core.posts.series import runs_of

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


def test_undo_of_a_draft_that_was_scheduled_brings_the_run_back(browse, changing, application, next_run):
    draft = changing.draft
    changing.write("This morning is different")
    drafts = browse("drafts")
    drafts.choose("Schedule", draft)
    assert next_run() == SECOND
    drafts.click("undo-draft")
    assert next_run() == FIRST


def test_the_card_says_which_runs_are_skipped_and_when_the_series_ends(browse, application, series):
    application.schedules.skip_run(series, SECOND)
    assert "skips Wed 4 Nov" in browse("queue").shown
