"""The field for a time in words, in Compose and in the dialog Change time."""

from datetime import date, time, timedelta

import pytest


@pytest.fixture
def compose(browse):
    return browse("compose")


def key(session, name):
    return f"when-{session.draft}-{name}"


def write_time(session, words):
    session.text_input(key=key(session, "words")).set_value(words).run()


def wall(session):
    at = session.time_input(key=key(session, "time")).value
    return session.date_input(key=key(session, "date")).value, at, session.selectbox(key=key(session, "zone")).value


@pytest.mark.parametrize(
    ("words", "day", "at", "zone"),
    [
        ("tomorrow 9:30pm", date(2026, 11, 3), time(21, 30), "Europe/Berlin"),
        ("fri 17:30:05", date(2026, 11, 6), time(17, 30, 5), "Europe/Berlin"),
        ("tomorrow 9am Mumbai", date(2026, 11, 3), time(9), "Asia/Kolkata"),
    ],
)
def test_words_fill_the_fields_and_are_shown_as_understood(compose, words, day, at, zone):
    write_time(compose, words)
    assert wall(compose) == (day, at, zone)
    assert f"{at:%H:%M}" in compose.shown
    assert f"{zone}, in " in compose.shown


def test_a_time_that_is_not_understood_leaves_no_other_time_on_the_page_or_in_the_draft(compose, application):
    compose.write("Hello")
    write_time(compose, "tomorrow 9:30pm")
    assert "21:30" in compose.shown
    assert application.drafts.get(compose.draft).content.proposed_wall is not None
    write_time(compose, "tomorrow 24:00")
    assert "21:30" not in compose.shown
    assert application.drafts.get(compose.draft).content.proposed_wall is None


def test_another_time_in_the_fields_empties_the_words(compose):
    write_time(compose, "tomorrow 9:30pm")
    compose.time_input(key=key(compose, "time")).set_value(time(8)).run()
    assert compose.text_input(key=key(compose, "words")).value == ""
    assert wall(compose)[:2] == (date(2026, 11, 3), time(8))


@pytest.mark.parametrize(
    ("words", "reason"),
    [("tomorrow 24:00", "24:00 is not a time"), ("tomorrow", "has no time of day"), ("today 1am", "That has passed")],
)
def test_what_is_not_understood_is_said_and_never_scheduled(compose, application, words, reason):
    draft = compose.draft
    compose.write("Hello")
    write_time(compose, words)
    assert reason in compose.shown
    compose.schedule()
    assert application.ledger.get(draft) is None
    assert reason in compose.shown


def test_a_text_with_two_meanings_is_asked(compose):
    write_time(compose, "03/04/2027 9am")
    assert "may be 3 Apr 2027 or 4 Mar 2027" in compose.shown
    compose.button(key=key(compose, "choice-1")).click().run()
    assert wall(compose)[:2] == (date(2027, 3, 4), time(9))


def test_a_time_that_has_passed_is_marked_at_once(compose):
    compose.date_input(key=key(compose, "date")).set_value(date(2026, 11, 1)).run()
    assert any("has passed" in error.value for error in compose.error)


def test_a_time_comes_to_pass_while_the_page_is_open(compose, clock):
    write_time(compose, "in 5 minutes")
    clock.now += timedelta(minutes=6)
    compose.run()
    assert any("has passed" in error.value for error in compose.error)


def test_a_queued_post_moves_to_a_time_in_words(browse, application, plan):
    post_id = plan("Hello").post.post_id
    queue = browse("queue")
    queue.choose("Change time", post_id)
    queue.text_input(key=f"edit-when-{post_id}-words").set_value("5 dec 2026 9:30pm")
    queue.click("save-time", post_id)
    assert application.schedules.plan(post_id).post.wall == "2026-12-05T21:30:00"


def test_a_time_that_comes_twice_is_shown_with_its_offset_after_schedule(compose):
    compose.write("Which one?")
    write_time(compose, "31 oct 2027 2:30")
    assert "which occurs twice" in compose.shown
    compose.radio(key=key(compose, "which")).set_value(2).run()
    compose.schedule()
    assert "**Scheduled** for Sun 31 Oct 2027, 02:30 Europe/Berlin (UTC+01:00)" in compose.shown


def test_a_time_that_is_skipped_is_said_with_the_times_beside_it(compose):
    write_time(compose, "28 mar 2027 2:30")
    assert "02:30 does not exist in Europe/Berlin" in compose.shown
    compose.button(key=key(compose, "use-0300")).click().run()
    assert wall(compose)[:2] == (date(2027, 3, 28), time(3))
    assert compose.text_input(key=key(compose, "words")).value == ""


def test_words_that_arrive_with_the_click_on_schedule_are_read_first(compose, application):
    draft = compose.draft
    compose.write("Hello")
    compose.text_input(key=key(compose, "words")).set_value("tomorrow 9am")
    compose.schedule()
    assert application.ledger.get(draft).post.wall == "2026-11-03T09:00:00"


def test_a_date_and_a_time_that_the_tab_sends_before_it_shows_those_of_the_words_change_nothing(compose, application):
    draft = compose.draft
    compose.write("Hello")
    day, at, _ = wall(compose)
    for words in ("tomorrow 9am", "tomorrow 9am Mumbai"):
        write_time(compose, words)
    compose.date_input(key=key(compose, "date")).set_value(day)
    compose.time_input(key=key(compose, "time")).set_value(at)
    compose.selectbox(key=key(compose, "zone")).set_value("Europe/Berlin")
    compose.schedule()
    post = application.ledger.get(draft).post
    assert (post.wall, post.zone) == ("2026-11-03T09:00:00", "Asia/Kolkata")


def test_an_earlier_time_that_a_person_chooses_again_counts(compose, clock):
    day, at, zone = wall(compose)
    write_time(compose, "tomorrow 9am")
    clock.move(seconds=6)
    compose.date_input(key=key(compose, "date")).set_value(day)
    compose.time_input(key=key(compose, "time")).set_value(at).run()
    assert wall(compose) == (day, at, zone)
    assert compose.text_input(key=key(compose, "words")).value == ""
