"""Repeating posts whose schedules fire a minute ahead: no run is lost when a schedule is armed, changed or deleted."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from core.ledger.port import Receipt
from core.maintenance.series_leads import SeriesLeads
from core.posts.models import Repeat
from core.posts.payload import invocation_of
from core.scheduling.listing import ScheduleListing
from core.scheduling.upcoming import upcoming
from core.time.earlier_cron import EARLIER
from lambda_pkg.event import LATER_MEMBERS

RUN = datetime(2026, 11, 3, 8, tzinfo=UTC)
"""The first run of `a_series`, 09:00 in Berlin."""


@pytest.fixture
def leading(target):
    """Return the settings of a relay that reads leads."""
    return replace(target, repeat_lead=lambda: EARLIER)


@pytest.fixture
def schedules(make_schedules, leading):
    return make_schedules(target=leading)


@pytest.fixture
def without_lead(make_schedules):
    """Return the schedules as a relay of before needs them."""
    return make_schedules()


@pytest.fixture
def expression(read_schedule):
    """Read the expression of the schedule of a plan."""
    return lambda plan: read_schedule(plan.schedule_name)["ScheduleExpression"]


@pytest.fixture
def invoked(lambda_client):
    """List the runs that were invoked directly, with their revisions."""
    return lambda: [(payload.due, payload.revision) for payload in lambda_client.payloads]


def test_a_series_is_armed_a_minute_ahead_and_is_not_taken_for_altered(
    schedules, expression, a_series, scheduler, target
):
    plan = schedules.schedule(a_series())
    assert (expression(plan), schedules.difference(plan)) == ("cron(59 8 * * ? *)", "")
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName=target.group)
    assert schedules.difference(plan) == "Name"


def test_a_series_that_was_armed_without_a_lead_is_not_taken_for_altered(schedules, without_lead, a_series):
    plan = without_lead.schedule(a_series())
    assert schedules.difference(plan) == ""
    led = schedules.edit(plan, plan.post.model_copy(update={"text": "Changed"}))
    assert schedules.difference(led) == ""
    assert without_lead.difference(led) == "ScheduleExpression"


@pytest.mark.parametrize("seconds", [59, 30, 1])
def test_a_run_within_the_lead_of_a_new_series_is_invoked(schedules, invoked, a_series, clock, seconds):
    clock.now = RUN - timedelta(seconds=seconds)
    schedules.schedule(a_series())
    assert invoked() == [(RUN, 1)]


def test_a_run_before_the_lead_is_left_to_the_schedule(schedules, invoked, a_series, clock):
    clock.now = RUN - timedelta(seconds=61)
    schedules.schedule(a_series())
    assert invoked() == []


def test_a_change_within_the_lead_is_invoked_and_a_pause_is_not(schedules, invoked, a_series, clock):
    plan = schedules.schedule(a_series())
    clock.now = RUN - timedelta(seconds=30)
    changed = schedules.edit(plan, plan.post.model_copy(update={"text": "Changed"}))
    assert invoked() == [(RUN, 2)]
    paused = schedules.pause(changed)
    assert invoked() == [(RUN, 2)]
    schedules.resume(paused)
    assert invoked() == [(RUN, 2), (RUN, 4)]


def test_a_skipped_run_within_the_lead_is_not_invoked(schedules, invoked, a_series, clock):
    plan = schedules.schedule(a_series())
    clock.now = RUN - timedelta(seconds=30)
    schedules.skip_run(plan, RUN)
    assert invoked() == []


def test_a_schedule_that_is_armed_again_by_hand_lacks_no_run(schedules, invoked, a_series, clock, scheduler, target):
    plan = schedules.schedule(a_series())
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName=target.group)
    clock.now = RUN - timedelta(seconds=30)
    schedules.settle(plan)
    assert invoked() == [(RUN, 1)]


def ending_with(run):
    return Repeat(expression="cron(0 9 * * ? *)", ends_at=run + timedelta(hours=14, minutes=59, seconds=59))


def test_a_series_that_ends_within_the_lead_needs_no_schedule(schedules, invoked, schedule_names, a_series, clock):
    last = Repeat(expression="cron(0 9 * * ? *)", ends_at=RUN + timedelta(seconds=10))
    clock.now = RUN - timedelta(seconds=30)
    plan = schedules.schedule(a_series(repeat=last))
    assert (invoked(), schedule_names(), plan.settled) == ([(RUN, 1)], [], True)


def test_the_last_run_is_in_the_queue_until_it_begins_although_aws_deletes_its_schedule(
    schedules, ledger, scheduler, target, a_series, clock
):
    listing = ScheduleListing(scheduler, target.group, fires_ahead=True)
    plan = schedules.schedule(a_series(repeat=ending_with(RUN)))

    def coming():
        found = upcoming(listing, ledger, clock(), clock() + timedelta(days=7), limit=100).entries
        return [(each.due_at, each.state) for each in found]

    assert coming() == [(RUN, "scheduled")]
    clock.now = RUN - timedelta(seconds=59)
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName=target.group)
    assert coming() == [(RUN, "going out")]
    clock.now = RUN
    ledger.record(invocation_of(plan.post, RUN), Receipt(kind="handed_over", at=clock(), revision=1))
    assert coming() == []


# Series that were armed before the relay read leads


@pytest.fixture
def series_leads(ledger, schedules, scheduler, leading, clock):
    return SeriesLeads(ledger, schedules, scheduler, leading, clock)


def test_a_series_from_before_gets_its_lead(series_leads, without_lead, expression, a_series):
    plan = without_lead.schedule(a_series())
    paused = without_lead.pause(without_lead.schedule(a_series(post_id="p" * 12)))
    assert series_leads.run() == 2
    assert expression(plan) == expression(paused) == "cron(59 8 * * ? *)"
    assert series_leads.run() == 0


def test_a_series_gets_its_lead_at_a_distance_from_its_runs(
    series_leads, without_lead, expression, invoked, a_series, clock
):
    plan = without_lead.schedule(a_series())
    for clock.now in (RUN - timedelta(seconds=30), RUN, RUN + timedelta(minutes=1)):
        assert series_leads.run() == 0
    clock.now = RUN + timedelta(minutes=6)
    assert series_leads.run() == 1
    assert (expression(plan), invoked()) == ("cron(59 8 * * ? *)", [])


def test_a_rule_without_earlier_runs_and_altered_schedules_are_left(
    series_leads, schedules, without_lead, expression, read_schedule, scheduler, a_series
):
    undivided = without_lead.schedule(a_series(repeat=Repeat(expression="cron(0 3 * * ? *)")))
    altered = [without_lead.schedule(a_series(post_id="a" * 12)), schedules.schedule(a_series(post_id="b" * 12))]
    kept = ("Name", "GroupName", "FlexibleTimeWindow", "Target", "State")
    for plan in altered:
        found = read_schedule(plan.schedule_name)
        scheduler.update_schedule(**{name: found[name] for name in kept}, ScheduleExpression="cron(0 10 * * ? *)")
    assert series_leads.run() == 0
    assert expression(undivided) == "cron(0 3 * * ? *)"
    assert list(map(expression, altered)) == ["cron(0 10 * * ? *)"] * 2


def test_a_series_whose_zone_gets_other_rules_loses_its_lead(
    series_leads, schedules, expression, a_series, monkeypatch
):
    plan = schedules.schedule(a_series())
    assert series_leads.run() == 0
    monkeypatch.setattr("core.posts.payload.earlier_cron", lambda expression, zone: None)
    assert series_leads.run() == 1
    assert expression(plan) == "cron(0 9 * * ? *)"


def test_without_a_relay_that_reads_leads_no_schedule_is_read(make_schedules, ledger, target, a_series, clock):
    plan_only = make_schedules()
    plan_only.schedule(a_series())
    assert SeriesLeads(ledger, plan_only, None, target, clock).run() == 0


def test_a_deployment_of_this_release_gives_the_series_of_before_their_lead(
    open_application, deployed, a_series, clock
):
    deploy_relay_of(deployed, "exceptions")
    application = open_application()
    schedules, scheduler, target = application.schedules, application.aws.scheduler_client, application.aws.target
    plan = schedules.schedule(a_series())
    series_leads = SeriesLeads(application.ledger, schedules, scheduler, target, clock)

    def expression():
        return scheduler.get_schedule(Name=plan.schedule_name, GroupName=target.group)["ScheduleExpression"]

    assert (series_leads.run(), expression()) == (0, "cron(0 9 * * ? *)")
    deploy_relay_of(deployed, ",".join(LATER_MEMBERS))
    clock.move(minutes=5)
    assert (series_leads.run(), expression()) == (1, "cron(59 8 * * ? *)")
    assert (schedules.difference(plan), target.slack_of(plan.post.repeat, plan.post.zone)) == ("", timedelta())


def deploy_relay_of(deployed, members):
    """Deploy a relay that reads these members of payloads."""
    variables = {"PAYLOAD_MEMBERS": members}
    deployed["lambda"].update_function_configuration(FunctionName="relay", Environment={"Variables": variables})
