from datetime import date, time, timedelta

import pytest

from core.accounts.port import Account
from core.ledger.post_state import standing
from core.posts.models import graphemes
from core.publishing.network import Length


@pytest.fixture
def compose(browse):
    return browse("compose")


def draft(session):
    return session.session_state["draft"]


def write(session, text):
    return session.text_area(key=f"text-{draft(session)}").set_value(text)


def choose(session, day, at, zone="Europe/Berlin"):
    key = f"when-{draft(session)}"
    session.date_input(key=f"{key}-date").set_value(day)
    session.time_input(key=f"{key}-time").set_value(at)
    session.selectbox(key=f"{key}-zone").set_value(zone)
    return session.run()


def schedule(session):
    return session.button(key=f"schedule-{draft(session)}").click().run()


def said(session):
    """The words on the page, as they are shown."""
    return " ".join(found.value for found in [*session.error, *session.info, *session.markdown]).replace("\\", "")


def test_a_newcomer_finds_the_outbox_chosen_and_a_time_a_quarter_of_an_hour_ahead(compose):
    key = draft(compose)
    assert compose.pills(key=f"destinations-{key}").value == ["outbox"]
    assert compose.date_input(key=f"when-{key}-date").value == date(2026, 11, 2)
    assert compose.time_input(key=f"when-{key}-time").value == time(13, 15)
    assert compose.selectbox(key=f"when-{key}-zone").value == "Europe/Berlin"


def test_what_is_scheduled_is_told_in_words_and_the_form_is_empty_again(compose, application):
    first = draft(compose)
    write(compose, "Good morning")
    choose(compose, date(2026, 11, 24), time(9))
    schedule(compose)
    assert "**Scheduled** for Tue 24 Nov 2026, 09:00 Europe/Berlin, in 21 days 20 hours" in said(compose)
    assert draft(compose) != first
    assert compose.text_area(key=f"text-{draft(compose)}").value == ""
    assert application.schedules.plan(first).settled


def test_undo_takes_the_post_back_into_the_form(compose, application, clock):
    first = draft(compose)
    write(compose, "Too early")
    schedule(compose)
    compose.button(key="undo").click().run()
    assert standing(application.ledger, first, clock()).state == "cancelled"
    assert compose.text_area(key=f"text-{draft(compose)}").value == "Too early"
    assert "Scheduled" not in said(compose)


def test_a_post_that_was_paused_since_is_told_with_the_way_to_it(compose, application):
    first = draft(compose)
    write(compose, "Not yet")
    schedule(compose)
    application.schedules.pause(application.schedules.plan(first))
    compose.run()
    assert "**Paused**" in [found.value.split("] ")[-1] for found in compose.markdown]
    assert "See in queue" in [link.label for link in compose.page_link]


def test_what_was_begun_meanwhile_is_put_aside_and_taken_up_again(compose, browse, plan):
    write(compose, "Scheduled too early")
    schedule(compose)
    write(compose, "The next one, half").run()
    compose.button(key="undo").click().run()
    assert compose.text_area(key=f"text-{draft(compose)}").value == "Scheduled too early"
    assert "Put aside: The next one, half" in [found.value for found in compose.caption]
    queued = plan("In the queue")
    queue = browse("queue", compose)
    queue.menu_button(key=f"menu-{queued.post.post_id}").click("Duplicate").run()
    browse("compose", queue)
    for text in ("In the queue", "The next one, half", "Scheduled too early", "In the queue"):
        assert compose.text_area(key=f"text-{draft(compose)}").value == text
        compose.button(key="take-up").click().run()


def test_an_empty_draft_is_not_put_aside(compose):
    write(compose, "Scheduled too early")
    schedule(compose)
    compose.button(key="undo").click().run()
    assert "take-up" not in [button.key for button in compose.button]


def test_a_second_click_on_the_same_draft_schedules_nothing_more(compose, application, clock):
    write(compose, "Once")
    button = compose.button(key=f"schedule-{draft(compose)}")
    button.click().run()
    button.click().run()
    assert len(application.queue.window(clock(), clock() + timedelta(days=1), limit=10)) == 1
    assert compose.text_area(key=f"text-{draft(compose)}").value == ""


def test_a_post_without_text_is_refused_and_says_what_to_do(compose):
    schedule(compose)
    assert "The post has no text." in said(compose)
    assert "Write something first." in said(compose)


def test_a_post_without_destination_is_refused(compose):
    write(compose, "Whereto?")
    compose.pills(key=f"destinations-{draft(compose)}").set_value([]).run()
    schedule(compose)
    assert "The post has no destination." in said(compose)


def test_a_text_over_the_limit_stays_in_the_field(compose, application, monkeypatch):
    application.accounts.connect(Account(destination="webhook:short", label="Short", address="https://a.example"))
    short = lambda text, account: Length(count=graphemes(text), limit=10)  # noqa: E731
    monkeypatch.setattr(application.networks["webhook"], "measure", short)
    compose.run()
    compose.pills(key=f"destinations-{draft(compose)}").set_value(["webhook:short"])
    write(compose, "A family 👨‍👩‍👧 of many words").run()
    schedule(compose)
    assert "The text has 24 characters; Short takes 10." in said(compose)
    assert compose.text_area(key=f"text-{draft(compose)}").value == "A family 👨‍👩‍👧 of many words"


def test_a_time_that_has_passed_is_refused_and_post_now_is_named(compose, clock):
    write(compose, "Yesterday")
    choose(compose, date(2026, 11, 1), time(9))
    schedule(compose)
    assert "Sun 1 Nov 2026, 09:00 Europe/Berlin has passed." in said(compose)
    assert "Choose a time after Mon 2 Nov 2026, 13:00" in said(compose)
    assert "or use Post now." in said(compose)


def test_of_an_hour_that_does_not_exist_the_nearest_times_are_offered(compose):
    choose(compose, date(2027, 3, 28), time(2, 30))
    assert "02:30 does not exist in Europe/Berlin" in said(compose)
    compose.button(key=f"when-{draft(compose)}-use-0300").click().run()
    assert compose.time_input(key=f"when-{draft(compose)}-time").value == time(3)
    assert not compose.error


def test_an_hour_that_comes_twice_is_asked_about(compose, application):
    first = draft(compose)
    write(compose, "Which one?")
    choose(compose, date(2027, 10, 31), time(2, 30))
    schedule(compose)
    assert "02:30 comes twice" in said(compose)
    which = compose.radio(key=f"when-{first}-which")
    assert which.options == ["first (UTC+02:00)", "second (UTC+01:00)"]
    which.set_value(2).run()
    schedule(compose)
    assert application.schedules.plan(first).post.due_at.hour == 1


def test_the_zones_are_offered_with_the_offset_of_the_chosen_date(compose):
    zone = compose.selectbox(key=f"when-{draft(compose)}-zone")
    assert "New York (UTC-05:00) - America/New_York · United States" in zone.options
    choose(compose, date(2027, 7, 1), time(9))
    zone = compose.selectbox(key=f"when-{draft(compose)}-zone")
    assert "New York (UTC-04:00) - America/New_York · United States" in zone.options
    assert zone.value == "Europe/Berlin"


def test_the_instant_is_shown_in_the_posts_zone_the_viewers_and_utc(compose):
    choose(compose, date(2026, 11, 24), time(9), "America/New_York")
    assert "**Tue 24 Nov 2026, 09:00**" in said(compose)
    assert "New York (UTC-05:00)" in said(compose)
    captions = " ".join(found.value for found in compose.caption)
    assert "Tue 24 Nov 2026, 15:00 Europe/Berlin" in captions
    assert "Tue 24 Nov 2026, 14:00 UTC" in captions


def test_a_draft_survives_a_look_at_another_page(compose, browse):
    write(compose, "Half a thought")
    choose(compose, date(2026, 12, 24), time(18), "America/New_York")
    browse("queue", compose)
    browse("compose", compose)
    key = draft(compose)
    assert compose.text_area(key=f"text-{key}").value == "Half a thought"
    assert compose.date_input(key=f"when-{key}-date").value == date(2026, 12, 24)
    assert compose.selectbox(key=f"when-{key}-zone").value == "America/New_York"


def test_post_now_names_the_destinations_and_asks_once(compose, application):
    first = draft(compose)
    write(compose, "At once")
    compose.button(key=f"post-now-{first}").click().run()
    assert "This goes out at once to **Outbox (built in)**." in said(compose)
    assert application.ledger.get(first) is None
    compose.button(key=f"confirm-{first}").click().run()
    assert "**Going out** to Outbox" in said(compose)
    assert application.ledger.get(first).settled


def test_nothing_to_post_now_is_said_before_anything_is_asked(compose):
    compose.button(key=f"post-now-{draft(compose)}").click().run()
    assert "The post has no text." in said(compose)


def repeats(session, choice):
    return session.selectbox(key=f"when-{draft(session)}-repeats").set_value(choice).run()


def captions(session):
    return " ".join(found.value for found in session.caption)


def test_a_repeating_post_is_told_in_words_with_its_next_five_runs(compose):
    choose(compose, date(2026, 11, 3), time(9))
    repeats(compose, "Every weekday, Monday to Friday")
    assert "**Every weekday at 09:00 Europe/Berlin**" in said(compose)
    assert captions(compose).count("09:00 (UTC+01:00)") == 5
    assert "Tue 3 Nov 2026, 09:00" in captions(compose)
    assert "Sat 7 Nov" not in captions(compose)


def test_a_clock_change_between_the_runs_is_named(compose):
    choose(compose, date(2027, 3, 21), time(9))
    repeats(compose, "Every week, on chosen days")
    assert "Sun 21 Mar 2027, 09:00 (UTC+01:00)" in captions(compose)
    assert "Sun 28 Mar 2027, 09:00 (UTC+02:00)" in captions(compose)
    assert "The clocks change in between; the time of day stays." in captions(compose)


def test_a_repeating_post_is_scheduled_with_its_rule(compose, application):
    first = draft(compose)
    write(compose, "Numbers of the month")
    choose(compose, date(2026, 11, 3), time(9))
    repeats(compose, "Every month, on the last day")
    compose.date_input(key=f"when-{first}-last").set_value(date(2027, 2, 28)).run()
    schedule(compose)
    assert "**Scheduled**: On the last day of every month at 09:00 Europe/Berlin, from Mon 30 Nov 2026" in said(compose)
    rule = application.schedules.plan(first).post.repeat
    assert rule.expression == "cron(0 9 L * ? *)"
    assert rule.ends_at.date() == date(2027, 2, 28)


def test_a_rule_without_a_day_is_refused(compose, application):
    first = draft(compose)
    write(compose, "Never")
    repeats(compose, "Every week, on chosen days")
    compose.pills(key=f"when-{first}-days").set_value([]).run()
    schedule(compose)
    assert "Choose at least one weekday." in said(compose)
    assert application.ledger.get(first) is None


def test_a_cron_expression_that_aws_would_refuse_is_refused(compose):
    repeats(compose, "By a cron expression")
    compose.text_input(key=f"when-{draft(compose)}-cron").set_value("0 1 * * * *").run()
    assert "Invalid Schedule Expression cron(0 1 * * * *)." in said(compose)


def test_undo_keeps_the_chosen_time_and_zone(compose):
    choose(compose, date(2026, 12, 24), time(18, 45), "Asia/Tokyo")
    write(compose, "Merry Christmas")
    schedule(compose)
    compose.button(key="undo").click().run()
    key = f"when-{draft(compose)}"
    assert compose.date_input(key=f"{key}-date").value == date(2026, 12, 24)
    assert compose.time_input(key=f"{key}-time").value == time(18, 45)
    assert compose.selectbox(key=f"{key}-zone").value == "Asia/Tokyo"


def test_undo_keeps_which_of_two_equal_hours_was_meant(compose):
    choose(compose, date(2027, 10, 31), time(2, 30))
    compose.radio(key=f"when-{draft(compose)}-which").set_value(2).run()
    write(compose, "The second one")
    schedule(compose)
    compose.button(key="undo").click().run()
    assert compose.radio(key=f"when-{draft(compose)}-which").value == 2


def test_undo_keeps_the_dates_of_a_series(compose):
    choose(compose, date(2026, 12, 1), time(9))
    key = f"when-{draft(compose)}"
    compose.selectbox(key=f"{key}-repeats").set_value("Every day").run()
    compose.date_input(key=f"{key}-last").set_value(date(2026, 12, 24)).run()
    write(compose, "Another door")
    schedule(compose)
    compose.button(key="undo").click().run()
    key = f"when-{draft(compose)}"
    assert compose.date_input(key=f"{key}-date").value == date(2026, 12, 1)
    assert compose.date_input(key=f"{key}-last").value == date(2026, 12, 24)
    assert compose.time_input(key=f"{key}-time").value == time(9)
