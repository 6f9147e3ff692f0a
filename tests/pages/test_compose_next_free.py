"""Compose: the next free posting time, named before the click, and the choice between it and a picked time."""

from datetime import UTC, datetime, timedelta

import pytest

from core.time.instants import wall_time
from core.timetable.timetable import suggested
from ui.compose.next_free import NEXT_FREE, PICK

FIRST = datetime(2026, 11, 2, 16, 41, tzinfo=UTC)
SECOND = datetime(2026, 11, 3, 8, 7, tzinfo=UTC)


@pytest.fixture
def timetable(application):
    """Store the suggested times."""
    return application.posting_times.save(None, suggested("Europe/Berlin"), base=0).timetable


def mode(session):
    return session.segmented_control(key=f"when-{session.draft}-mode")


def due(application) -> list[datetime | None]:
    now = application.clock()
    plans = application.ledger.due(due_from=now, due_before=now + timedelta(days=30), limit=100)
    return [plan.post.due_at for plan in plans]


def test_without_posting_times_a_time_is_picked_and_the_other_choice_leads_to_them(application, new_session):
    session = new_session()
    assert mode(session).value == PICK
    assert session.date_input(key=f"when-{session.draft}-date")
    mode(session).set_value(NEXT_FREE).run()
    assert "There are none yet" in session.shown
    session.write("Hello")
    session.schedule()
    assert "There are no posting times for these destinations." in session.shown
    assert due(application) == []


def test_with_posting_times_the_next_free_one_is_named_and_taken(application, timetable, new_session):
    session = new_session()
    assert mode(session).value == NEXT_FREE
    assert "Mon 2 Nov 2026, 17:41**  \nBerlin (UTC+01:00), **in 4 hours 41 minutes" in session.shown
    for text in ("First", "Second"):
        session.write(text)
        session.schedule()
    assert due(application) == [FIRST, SECOND]
    assert "Scheduled** for Tue 3 Nov 2026, 09:07 Europe/Berlin" in session.shown


def test_the_draft_keeps_the_choice(application, timetable, new_session):
    session = new_session()
    session.write("Kept")
    draft = session.draft
    assert application.drafts.get(draft).content.wall is None
    mode(session).set_value(PICK).run()
    assert application.drafts.get(draft).content.wall == "2026-11-02T13:15:00"
    session.open("queue").open("compose")
    assert mode(session).value == PICK
    other = new_session()
    other.query_params["draft"] = draft
    other.run()
    assert (other.draft, mode(other).value) == (draft, PICK)
    mode(other).set_value(NEXT_FREE).run()
    assert application.drafts.get(draft).content.wall is None


def test_posting_times_that_are_set_meanwhile_become_the_first_choice_unless_a_time_is_picked(application, new_session):
    untouched, touched = new_session(), new_session()
    at = wall_time(application.clock() + timedelta(hours=5), "Europe/Berlin").time().replace(tzinfo=None)
    touched.time_input(key=f"when-{touched.draft}-time").set_value(at).run()
    application.posting_times.save(None, suggested("Europe/Berlin"), base=0)
    untouched.run()
    touched.run()
    assert (mode(untouched).value, mode(touched).value) == (NEXT_FREE, PICK)


def test_a_time_that_was_taken_meanwhile_is_named_with_the_one_after_it(application, timetable, new_session, plan):
    session = new_session()
    session.write("Slow")
    plan("Fast", minutes=(FIRST - application.clock()).total_seconds() / 60)
    session.schedule()
    assert due(application) == [FIRST, SECOND]
    assert (
        "Mon 2 Nov 2026, 17:41 Europe/Berlin was taken meanwhile. The post goes out on Tue 3 Nov 2026, 09:07"
        in session.shown
    )


def test_a_second_click_schedules_nothing_twice(application, timetable, new_session):
    session = new_session()
    session.write("Once")
    button = session.button(key=f"schedule-{session.draft}")
    button.click().run()
    button.click().run()
    assert due(application) == [FIRST]


def test_undo_leaves_the_time_free(application, timetable, new_session):
    session = new_session()
    session.write("Not yet")
    session.schedule()
    session.click("undo")
    assert due(application) == []
    assert mode(session).value == PICK
    mode(session).set_value(NEXT_FREE).run()
    session.schedule()
    assert due(application) == [FIRST]


def test_two_sessions_never_get_the_same_time(application, timetable, new_session):
    sessions = [new_session(), new_session()]
    for number, session in enumerate(sessions):
        session.write(f"Text {number}")
    for session in sessions:
        session.schedule()
    assert due(application) == [FIRST, SECOND]
