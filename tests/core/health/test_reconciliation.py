"""Differences between ledger and scheduler are found and resolved."""

from datetime import timedelta

import pytest

from core.health.reconciliation import delete_schedule, find_differences, rearm
from core.posts.models import Repeat
from core.posts.payload import write_schedule


@pytest.fixture
def scheduler(application):
    """Return the scheduler client."""
    return application.backend.scheduler_client


@pytest.fixture
def differences(application, clock):
    """Return a function that lists kind and name of each difference."""
    return lambda: [(each.kind, each.name) for each in find_differences(application, clock())]


@pytest.fixture
def planned(application, a_post):
    """Schedule a post."""
    return application.schedules.schedule(a_post())


def alter(scheduler, name, **changes):
    """Update a schedule outside Punctual."""
    found = scheduler.get_schedule(Name=name, GroupName="punctual")
    kept = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State", "ActionAfterCompletion")
    scheduler.update_schedule(**{member: found[member] for member in kept} | changes)


@pytest.mark.usefixtures("planned")
def test_planned_posts_alone_do_not_differ(application, differences, a_series):
    application.schedules.schedule(a_series(post_id="aaaabbbbcccc"))
    assert differences() == []


def test_a_deleted_schedule_is_gone_and_can_be_restored(application, scheduler, planned, differences):
    scheduler.delete_schedule(Name=planned.schedule_name, GroupName="punctual")
    assert differences() == [("gone", planned.schedule_name)]
    rearm(application, planned)
    assert differences() == []
    assert scheduler.get_schedule(Name=planned.schedule_name, GroupName="punctual")["State"] == "ENABLED"


@pytest.mark.parametrize(
    "change",
    [
        {"State": "DISABLED"},
        {"ScheduleExpression": "at(2026-11-02T12:30:00)"},
        {"Target": {"Arn": "arn:aws:lambda:us-east-1:000000000000:function:other", "Input": "{}"}},
    ],
)
def test_a_changed_schedule_is_altered_and_can_be_restored(application, scheduler, planned, differences, change):
    if "Target" in change:
        found = scheduler.get_schedule(Name=planned.schedule_name, GroupName="punctual")
        change = {"Target": found["Target"] | change["Target"]}
    alter(scheduler, planned.schedule_name, **change)
    assert differences() == [("altered", planned.schedule_name)]
    rearm(application, planned)
    assert differences() == []


def test_the_schedule_of_a_paused_post_is_restored_as_disabled(application, scheduler, planned, differences):
    paused = application.schedules.pause(planned)
    alter(scheduler, planned.schedule_name, State="ENABLED")
    assert differences() == [("altered", planned.schedule_name)]
    rearm(application, paused)
    assert scheduler.get_schedule(Name=planned.schedule_name, GroupName="punctual")["State"] == "DISABLED"


def test_the_schedule_of_a_cancelled_post_is_left_behind(application, scheduler, planned, differences):
    request = write_schedule(planned.post, application.backend.target, enabled=True)
    application.schedules.cancel(planned)
    scheduler.create_schedule(**request | {"ClientToken": "again"})
    assert differences() == [("left behind", planned.schedule_name)]
    delete_schedule(application, planned.schedule_name)
    assert differences() == []


def test_a_schedule_that_still_exists_after_its_time_is_left_behind(planned, differences, clock):
    clock.move(hours=2)
    assert differences() == [("left behind", planned.schedule_name)]


def test_a_schedule_without_a_plan_is_unplanned(application, scheduler, differences, a_post):
    request = write_schedule(a_post(), application.backend.target, enabled=True)
    scheduler.create_schedule(**request)
    assert differences() == [("unplanned", request["Name"])]


def test_a_name_of_another_form_is_foreign(application, scheduler, differences):
    scheduler.create_schedule(
        Name="backup-every-night",
        GroupName="punctual",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": application.backend.target.function_arn, "RoleArn": application.backend.target.role_arn},
    )
    assert differences() == [("foreign", "backup-every-night")]


def test_deleting_a_missing_schedule_is_no_error(application):
    delete_schedule(application, "post-20261102T130000Z-k3v9q2m4cx7a")


def test_the_check_counts_differences(application, scheduler, planned, check):
    scheduler.delete_schedule(Name=planned.schedule_name, GroupName="punctual")
    result = check("Ledger and schedules")
    assert result.status == "bad"
    assert result.message == "Ledger and scheduler differ: 1 planned and not in the scheduler."


def test_a_deleted_repeating_schedule_is_gone_and_can_be_restored(application, scheduler, differences, a_series):
    plan = application.schedules.schedule(a_series())
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName="punctual")
    assert differences() == [("gone", plan.schedule_name)]
    rearm(application, plan)
    assert differences() == []


def test_the_schedule_of_an_ended_series_may_be_gone(application, scheduler, differences, a_series, clock):
    ends_at = clock() + timedelta(days=3)
    repeat = Repeat(expression="cron(0 9 * * ? *)", ends_at=ends_at)
    plan = application.schedules.schedule(a_series(repeat=repeat))
    clock.move(days=4)
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName="punctual")
    assert differences() == []


def test_the_schedule_of_a_cancelled_series_may_be_gone(application, differences, a_series):
    application.schedules.cancel(application.schedules.schedule(a_series()))
    assert differences() == []
