from datetime import UTC, date, datetime, time, timedelta

import pytest

from core.accounts.port import Account
from core.ledger.port import Receipt
from core.ledger.post_state import post_state
from core.posts.destinations import Destination
from core.posts.models import graphemes
from core.posts.payload import invocation_of
from core.posts.repeat_rules import Weekday
from core.publishing.network import TextLength


@pytest.fixture
def compose(browse):
    return browse("compose")


def field(session, name, kind):
    """Return a time or repeat field of the current draft."""
    return getattr(session, kind)(key=f"when-{session.draft}-{name}")


def set_time(session, day, at, zone="Europe/Berlin"):
    field(session, "date", "date_input").set_value(day)
    field(session, "time", "time_input").set_value(at)
    field(session, "zone", "selectbox").set_value(zone).run()


def set_repeat(session, choice):
    field(session, "repeats", "selectbox").set_value(choice).run()


def text(session):
    return session.text_area(key=f"text-{session.draft}").value


def test_a_new_draft_goes_to_the_outbox_in_a_quarter_of_an_hour(compose):
    assert compose.pills(key=f"destinations-{compose.draft}").value == ["outbox"]
    assert field(compose, "date", "date_input").value == date(2026, 11, 2)
    assert field(compose, "time", "time_input").value == time(13, 15)
    assert field(compose, "zone", "selectbox").value == "Europe/Berlin"


def test_a_scheduled_post_is_confirmed_and_the_form_is_empty_again(compose, application):
    first = compose.draft
    compose.write("Good morning")
    set_time(compose, date(2026, 11, 24), time(9))
    compose.schedule()
    assert "**Scheduled** for Tue 24 Nov 2026, 09:00 Europe/Berlin, in 21 days 20 hours" in compose.shown
    assert compose.draft != first
    assert text(compose) == ""
    assert application.schedules.plan(first).settled


def test_undo_returns_the_post_to_the_form(compose, application, clock):
    first = compose.draft
    compose.write("Too early")
    compose.schedule()
    compose.click("undo")
    assert post_state(application.ledger, first, clock()).state == "cancelled"
    assert application.ledger.cancelled(after=clock() - timedelta(days=1), limit=10) == []  # it is in Drafts alone
    assert text(compose) == "Too early"
    assert "Scheduled" not in compose.shown


def test_a_post_paused_since_is_shown_with_a_link_to_the_queue(compose, application):
    first = compose.draft
    compose.write("Not yet")
    compose.schedule()
    application.schedules.pause(application.schedules.plan(first))
    compose.run()
    assert "**Paused**" in [found.value.split("] ")[-1] for found in compose.markdown]
    assert "View in Queue" in [link.label for link in compose.page_link]


def test_a_replaced_draft_is_kept_and_can_be_opened(compose, plan):
    compose.write("Scheduled too early")
    compose.schedule()
    compose.write("The next one, half")
    compose.click("undo")
    assert text(compose) == "Scheduled too early"
    assert "Other draft: The next one, half" in [found.value for found in compose.caption]
    queued = plan("In the queue")
    compose.open("queue").choose("Duplicate", queued)
    compose.open("compose")
    for expected in ("In the queue", "Scheduled too early", "In the queue"):
        assert text(compose) == expected
        compose.click("open-other")


def test_an_empty_draft_is_not_kept(compose):
    compose.write("Scheduled too early")
    compose.schedule()
    compose.click("undo")
    assert "open-other" not in [button.key for button in compose.button]


def test_a_second_click_on_schedule_changes_nothing(compose, application, clock):
    compose.write("Once")
    button = compose.button(key=f"schedule-{compose.draft}")
    button.click().run()
    button.click().run()
    assert len(application.listing.window(clock(), clock() + timedelta(days=1), limit=10)) == 1
    assert text(compose) == ""


def test_a_post_without_text_is_refused_with_a_remedy(compose):
    compose.schedule()
    assert "The post has no text." in compose.shown
    assert "Write something first." in compose.shown


def test_a_post_without_a_destination_is_refused(compose):
    compose.write("Whereto?")
    compose.address()
    compose.schedule()
    assert "The post has no destination." in compose.shown


def test_a_text_over_the_limit_stays_in_the_field(compose, application, monkeypatch):
    application.accounts.connect(Account(destination="webhook:short", label="Short", address="https://a.example"))
    short = lambda text, account: TextLength(count=graphemes(text), limit=10)  # noqa: E731
    monkeypatch.setattr(application.networks["webhook"], "measure", short)
    compose.run()
    compose.address("webhook:short")
    compose.write("A family 👨‍👩‍👧 of many words")
    compose.schedule()
    assert "The text has 24 characters; Short accepts 10." in compose.shown
    assert text(compose) == "A family 👨‍👩‍👧 of many words"


def test_a_past_time_is_refused_with_the_earliest_time_and_post_now_as_remedies(compose):
    compose.write("Yesterday")
    set_time(compose, date(2026, 11, 1), time(9))
    compose.schedule()
    assert "Sun 1 Nov 2026, 09:00 Europe/Berlin has passed." in compose.shown
    assert "Choose a time after Mon 2 Nov 2026, 13:00" in compose.shown
    assert "or publish the post now." in compose.shown


def test_the_nearest_times_are_offered_for_a_skipped_hour(compose):
    set_time(compose, date(2027, 3, 28), time(2, 30))
    assert "02:30 does not exist in Europe/Berlin" in compose.shown
    compose.click("when", f"{compose.draft}-use-0300")
    assert field(compose, "time", "time_input").value == time(3)
    assert not compose.error


def test_a_repeated_hour_must_be_chosen(compose, application):
    first = compose.draft
    compose.write("Which one?")
    set_time(compose, date(2027, 10, 31), time(2, 30))
    compose.schedule()
    assert "02:30 occurs twice in Europe/Berlin" in compose.shown
    which = field(compose, "which", "radio")
    assert which.options == ["First (UTC+02:00)", "Second (UTC+01:00)"]
    which.set_value(2).run()
    compose.schedule()
    assert application.schedules.plan(first).post.due_at.hour == 1


def test_zones_have_the_offset_of_the_chosen_date(compose):
    winter, summer = (f"New York (UTC-0{hours}:00) - America/New_York · United States" for hours in (5, 4))
    assert any(each.startswith(winter) for each in field(compose, "zone", "selectbox").options)
    set_time(compose, date(2027, 7, 1), time(9))
    zone = field(compose, "zone", "selectbox")
    assert any(each.startswith(summer) for each in zone.options)
    assert zone.value == "Europe/Berlin"


def test_the_instant_is_shown_in_the_posts_zone_the_viewers_zone_and_utc(compose):
    set_time(compose, date(2026, 11, 24), time(9), "America/New_York")
    assert "**Tue 24 Nov 2026, 09:00**" in compose.shown
    assert "New York (UTC-05:00)" in compose.shown
    assert "Tue 24 Nov 2026, 15:00 Europe/Berlin" in compose.shown
    assert "Tue 24 Nov 2026, 14:00 UTC" in compose.shown


def test_a_draft_survives_a_visit_to_another_page(compose):
    compose.write("Half a thought")
    set_time(compose, date(2026, 12, 24), time(18), "America/New_York")
    compose.open("queue").open("compose")
    assert text(compose) == "Half a thought"
    assert field(compose, "date", "date_input").value == date(2026, 12, 24)
    assert field(compose, "zone", "selectbox").value == "America/New_York"


def test_post_now_names_the_destinations_and_asks_for_confirmation(compose, application):
    first = compose.draft
    compose.write("At once")
    compose.click("post-now", first)
    assert "This post goes out now to **Outbox (built in)**." in compose.shown
    assert application.ledger.get(first) is None
    compose.click("confirm", first)
    assert "**Publishing** to Outbox" in compose.shown
    assert application.ledger.get(first).settled


def test_post_now_refuses_an_empty_draft_without_a_dialog(compose):
    compose.click("post-now", compose.draft)
    assert "The post has no text." in compose.shown
    assert "goes out now" not in compose.shown


def test_a_repeating_post_has_a_summary_with_its_next_five_runs(compose):
    set_time(compose, date(2026, 11, 3), time(9))
    set_repeat(compose, "Every weekday (Monday to Friday)")
    assert "**Every weekday at 09:00 Europe/Berlin**" in compose.shown
    assert compose.shown.count("09:00 (UTC+01:00)") == 5
    assert "Tue 3 Nov 2026, 09:00" in compose.shown
    assert "Sat 7 Nov" not in compose.shown


def test_the_summary_warns_of_a_clock_change_between_the_runs(compose):
    set_time(compose, date(2027, 3, 21), time(9))
    set_repeat(compose, "Weekly on chosen days")
    assert "Sun 21 Mar 2027, 09:00 (UTC+01:00)" in compose.shown
    assert "Sun 28 Mar 2027, 09:00 (UTC+02:00)" in compose.shown
    assert "The clocks change between these runs. The time of day stays the same." in compose.shown


def test_a_repeating_post_is_scheduled_with_its_rule(compose, application):
    first = compose.draft
    compose.write("Numbers of the month")
    set_time(compose, date(2026, 11, 3), time(9))
    set_repeat(compose, "Monthly on the last day")
    field(compose, "ends", "segmented_control").set_value("On a date").run()
    field(compose, "last", "date_input").set_value(date(2027, 2, 28)).run()
    compose.schedule()
    assert "**Scheduled**: On the last day of every month at 09:00 Europe/Berlin, from Mon 30 Nov 2026" in compose.shown
    rule = application.schedules.plan(first).post.repeat
    assert rule.expression == "cron(0 9 L * ? *)"
    assert rule.ends_at.date() == date(2027, 2, 28)


def test_a_series_of_every_second_week_ends_after_its_runs(compose, application):
    first = compose.draft
    compose.write("Office hours")
    set_time(compose, date(2026, 11, 3), time(9))
    set_repeat(compose, "Every 2 weeks or more")
    field(compose, "days", "pills").set_value([Weekday.TUESDAY, Weekday.FRIDAY]).run()
    field(compose, "ends", "segmented_control").set_value("After some runs").run()
    field(compose, "runs", "number_input").set_value(3).run()
    assert "Every 2 weeks on Tuesday and Friday at 09:00" in compose.shown
    assert "Ends on Tue 17 Nov 2026." in compose.shown
    compose.schedule()
    repeat = application.schedules.plan(first).post.repeat
    assert (repeat.expression, repeat.every_weeks) == ("cron(0 9 ? * TUE,FRI *)", 2)
    compose.click("undo")
    assert field(compose, "weeks", "number_input").value == 2
    assert field(compose, "last", "date_input").value == date(2026, 11, 17)


def test_the_last_day_of_the_month_is_among_its_dates(compose, application):
    first = compose.draft
    compose.write("Numbers of the month")
    set_time(compose, date(2026, 11, 3), time(9))
    set_repeat(compose, "Monthly on a date")
    field(compose, "day", "selectbox").set_value(31).run()
    assert "Months without a 31st are skipped." in compose.shown
    field(compose, "day", "selectbox").set_value(32).run()
    compose.schedule()
    assert application.schedules.plan(first).post.repeat.expression == "cron(0 9 L * ? *)"


def test_a_yearly_series_runs_on_its_first_date_and_says_what_the_leap_day_means(compose, application):
    first = compose.draft
    compose.write("Happy birthday")
    set_time(compose, date(2028, 2, 29), time(9))
    set_repeat(compose, "Yearly on the first date")
    assert "Only leap years have a 29 February. Choose 28 February to post every year." in compose.shown
    set_time(compose, date(2028, 2, 28), time(9))
    compose.schedule()
    assert application.schedules.plan(first).post.repeat.expression == "cron(0 9 28 2 ? *)"


def test_a_last_date_that_is_missing_is_asked_for(compose, application):
    first = compose.draft
    compose.write("Every morning")
    set_repeat(compose, "Every day")
    field(compose, "ends", "segmented_control").set_value("On a date").run()
    compose.schedule()
    assert "The series ends on a date, and the field is empty." in compose.shown
    assert application.ledger.get(first) is None


def test_a_weekly_rule_without_a_day_is_refused(compose, application):
    first = compose.draft
    compose.write("Never")
    set_repeat(compose, "Weekly on chosen days")
    field(compose, "days", "pills").set_value([]).run()
    compose.schedule()
    assert "Choose at least one weekday." in compose.shown
    assert application.ledger.get(first) is None


def test_a_cron_expression_is_shown_as_it_was_typed(compose):
    set_repeat(compose, "Custom (cron expression)")
    field(compose, "cron", "text_input").set_value("*a* [x](http://b) ? * 1 *").run()
    [info] = [each.value for each in compose.info if "cron expression" in each.value]
    assert "[x](http://b)" not in info


def test_a_cron_expression_that_aws_refuses_is_refused(compose):
    set_repeat(compose, "Custom (cron expression)")
    field(compose, "cron", "text_input").set_value("0 1 * * * *").run()
    assert "“0 1 * * * *” is not a cron expression of AWS." in compose.shown


def test_undo_keeps_the_time_and_the_zone(compose):
    set_time(compose, date(2026, 12, 24), time(18, 45), "Asia/Tokyo")
    compose.write("Merry Christmas")
    compose.schedule()
    compose.click("undo")
    assert field(compose, "date", "date_input").value == date(2026, 12, 24)
    assert field(compose, "time", "time_input").value == time(18, 45)
    assert field(compose, "zone", "selectbox").value == "Asia/Tokyo"


def test_undo_keeps_the_choice_between_repeated_hours(compose):
    set_time(compose, date(2027, 10, 31), time(2, 30))
    field(compose, "which", "radio").set_value(2).run()
    compose.write("The second one")
    compose.schedule()
    compose.click("undo")
    assert field(compose, "which", "radio").value == 2


def test_undo_keeps_the_dates_of_a_series(compose):
    set_time(compose, date(2026, 12, 1), time(9))
    set_repeat(compose, "Every day")
    field(compose, "ends", "segmented_control").set_value("On a date").run()
    field(compose, "last", "date_input").set_value(date(2026, 12, 24)).run()
    compose.write("Another door")
    compose.schedule()
    compose.click("undo")
    assert field(compose, "date", "date_input").value == date(2026, 12, 1)
    assert field(compose, "last", "date_input").value == date(2026, 12, 24)
    assert field(compose, "time", "time_input").value == time(9)


def test_each_destination_of_the_last_post_has_its_own_result(compose, application, clock):
    application.accounts.connect(Account(destination="webhook:sales", label="Sales", address="https://sales.example"))
    compose.run()
    compose.write("To both")
    compose.address("outbox", "webhook:sales")
    set_time(compose, date(2026, 11, 2), time(14))
    draft = compose.draft
    compose.schedule()
    clock.move(hours=1)
    post = application.schedules.plan(draft).post
    for kind, destination, reason in (("published", "outbox", None), ("unconfirmed", "webhook:sales", "It said 500.")):
        receipt = Receipt(
            kind=kind, at=clock(), revision=1, destination=Destination.parse(destination), detail={"reason": reason}
        )
        application.ledger.record(invocation_of(post, post.due_at), receipt)
    compose.run()
    assert "**Unconfirmed** at some destinations" in compose.shown
    (outbox,) = [each.value for each in compose.markdown if "-badge[" in each.value and "Outbox" in each.value]
    (sales,) = [each.value for each in compose.markdown if "-badge[" in each.value and "Sales" in each.value]
    assert "Published" in outbox
    assert ["Unconfirmed" in sales, "It said 500" in sales] == [True, True]


def test_the_confirmation_names_the_offset_of_a_wall_time_that_occurs_twice(compose, clock):
    clock.now = datetime(2027, 10, 30, 12, tzinfo=UTC)
    compose.write("Night")
    set_time(compose, date(2027, 10, 31), time(2, 30))
    field(compose, "which", "radio").set_value(2).run()
    compose.schedule()
    assert "**Scheduled** for Sun 31 Oct 2027, 02:30 Europe/Berlin (UTC+01:00)" in compose.shown
