"""A time is promised to the second, or within a minute where AWS fires after it and the schedule has no lead."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from core.posts.models import Post, Repeat

AT_NINE, AT_THREE = Repeat(expression="cron(0 9 * * ? *)"), Repeat(expression="cron(0 3 * * ? *)")
"""Two rules of Berlin: the clocks change over the minute before 03:00, so it has no lead."""


def post_of(name, **timing):
    zone, wall = "Europe/Berlin", "2026-11-02T14:00:00"
    return Post(post_id=name * 12, text="Good morning", destinations=("outbox",), zone=zone, wall=wall, **timing)


@pytest.fixture
def application(application_on_aws):
    return application_on_aws


@pytest.fixture
def relay_of_before(deployed):
    """Deploy a relay that does not read leads."""
    variables = {"PAYLOAD_MEMBERS": "exceptions"}
    deployed["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": variables})


def test_the_queue_promises_a_minute_where_the_rule_has_no_lead(browse, application, clock):
    application.schedules.schedule(post_of("c", due_at=clock() + timedelta(hours=1)))
    application.schedules.schedule(post_of("a", repeat=AT_NINE))
    assert "within a minute" not in browse("queue").shown
    application.schedules.schedule(post_of("b", repeat=AT_THREE))
    shown = browse("queue").shown
    assert "Every day at 09:00 Europe/Berlin" in shown
    assert "Every day within a minute of 03:00 Europe/Berlin" in shown
    assert shown.count("within a minute") == 1


@pytest.mark.usefixtures("relay_of_before")
def test_with_a_relay_of_before_every_series_is_promised_within_a_minute(browse, application):
    application.schedules.schedule(post_of("a", repeat=AT_NINE))
    assert "Every day within a minute of 09:00 Europe/Berlin" in browse("queue").shown


def test_the_summary_of_compose_promises_what_the_queue_does(browse, application):
    compose = browse("compose")
    compose.write("Good morning")
    for name, kind, value in (("date", "date_input", date(2026, 11, 2)), ("time", "time_input", time(18))):
        getattr(compose, kind)(key=f"when-{compose.draft}-{name}").set_value(value).run()
    assert "**Mon 2 Nov 2026, 18:00**" in compose.shown
    compose.selectbox(key=f"when-{compose.draft}-repeats").set_value("Every day").run()
    assert "**Every day at 18:00 Europe/Berlin**" in compose.shown
    assert "a minute" not in compose.shown
    compose.time_input(key=f"when-{compose.draft}-time").set_value(time(3)).run()
    assert "**Every day within a minute of 03:00 Europe/Berlin**" in compose.shown
    compose.schedule()
    assert "**Scheduled**: Every day within a minute of 03:00 Europe/Berlin, from Tue 3 Nov 2026" in compose.shown


def test_without_a_lead_a_one_time_post_is_promised_within_a_minute_too(browse, application, monkeypatch, clock):
    no_relay = replace(application.backend.target, lead=timedelta(), repeat_lead=timedelta)
    monkeypatch.setattr(application.backend, "target", no_relay)
    application.schedules.schedule(post_of("a", due_at=clock() + timedelta(hours=1)))
    assert "within a minute of Mon 2 Nov 2026, 14:00 Europe/Berlin" in browse("queue").shown
    assert "**Mon 2 Nov 2026, within a minute of 13:15**" in browse("compose").shown
