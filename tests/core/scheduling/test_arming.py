from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from core.aws_errors import AwsUnavailable, RoleNotReady
from core.errors import PunctualError
from core.ledger.port import Plan, Receipt
from core.posts.models import Repeat
from core.posts.payload import ScheduleName, invocation_of
from core.scheduling.arming import NotArmed
from core.scheduling.schedule_writer import ROLE_TIMEOUT, WaitPolicy
from core.scheduling.schedules import Schedules

COUNTED_METHODS = {
    "create_schedule",
    "update_schedule",
    "get_schedule",
    "delete_schedule",
    "invoke",
    "plan",
    "change",
    "settle",
}


class Killed(BaseException):
    """A kill of the process. It is no Exception, so that no handler catches it."""


class Interruption:
    """Counts the calls of a process and runs a function before or after one of them."""

    def __init__(self, number: int, before: Callable[[], Any] | None, after: Callable[[], Any] | None) -> None:
        self.calls = 0
        self._number = number
        self._before = before
        self._after = after

    def watch(self, part: Any) -> Any:
        """Return a part of the process with its calls counted."""
        return _Counted(part, self)

    def call(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.calls += 1
        reached = self.calls == self._number
        if reached and self._before:
            self._before()
        result = function(*args, **kwargs)
        if reached and self._after:
            self._after()
        return result


class _Counted:
    def __init__(self, part: Any, interruption: Interruption) -> None:
        self._part = part
        self._interruption = interruption

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if name not in COUNTED_METHODS:
            return found
        return lambda *args, **kwargs: self._interruption.call(found, *args, **kwargs)


def die(_: str) -> None:
    raise Killed


KILLS = ((die, None), (None, die))
"""A kill before the call, and one after it."""


def edit(schedules: Schedules, plan: Plan) -> None:
    schedules.edit(plan, plan.post.model_copy(update={"text": f"{plan.post.text} Better."}))


def postpone(schedules: Schedules, plan: Plan) -> None:
    due_at = plan.post.due_at + timedelta(hours=1)
    schedules.reschedule(plan, due_at=due_at, wall=plan.post.wall, zone=plan.post.zone)


def pause(schedules: Schedules, plan: Plan) -> None:
    schedules.pause(plan)


def cancel(schedules: Schedules, plan: Plan) -> None:
    schedules.cancel(plan)


def undo(schedules: Schedules, plan: Plan) -> None:
    schedules.undo_cancel(schedules.cancel(plan))


def resume(schedules: Schedules, plan: Plan) -> None:
    schedules.resume(schedules.pause(plan))


def send_now(schedules: Schedules, plan: Plan) -> None:
    schedules.send_now(plan)


CHANGES = [edit, postpone, pause, cancel, undo, resume, send_now]


@pytest.fixture
def interrupted(make_schedules, scheduler, lambda_client, ledger) -> Callable[[Interruption], Schedules]:
    """Make a process that is interrupted at one of its calls."""

    def make(interruption: Interruption) -> Schedules:
        return make_schedules(
            scheduler=interruption.watch(scheduler),
            lambda_client=interruption.watch(lambda_client),
            ledger=interruption.watch(ledger),
        )

    return make


@pytest.fixture
def at_every_call(interrupted) -> Callable[..., int]:
    """Repeat an action on new posts, interrupted at each of its calls in turn. Return the number of calls."""

    def run(
        do: Callable[[Schedules, str], None],
        check: Callable[[str], None],
        *interruptions: tuple[Callable[[str], None] | None, Callable[[str], None] | None],
    ) -> int:
        post = 0
        for number in count(1):
            reached = False
            for before, after in interruptions:
                post += 1
                post_id = f"{post:012d}"
                interruption = Interruption(
                    number, before and partial(before, post_id), after and partial(after, post_id)
                )
                with suppress(Killed, PunctualError):
                    do(interrupted(interruption), post_id)
                check(post_id)
                reached |= interruption.calls >= number
            if not reached:
                return number - 1
        raise AssertionError("not reached")

    return run


@pytest.fixture
def repaired(schedules, assert_synced, clock) -> Callable[[str], None]:
    """Assert that `repair` settles a post a minute later."""

    def check(post_id: str) -> None:
        clock.move(seconds=61)
        assert schedules.repair() == []
        assert_synced(post_id)
        clock.move(seconds=-61)

    return check


def test_a_kill_during_scheduling_leaves_a_post_that_is_armed_later_or_no_plan(at_every_call, repaired, a_post):
    def schedule(process: Schedules, post_id: str) -> None:
        process.schedule(a_post(post_id=post_id))

    assert at_every_call(schedule, repaired, *KILLS) == 4


def test_a_kill_during_post_now_leaves_a_post_that_is_invoked_later_or_no_plan(at_every_call, repaired, a_post):
    def post_now(process: Schedules, post_id: str) -> None:
        process.post_now(a_post(post_id=post_id))

    assert at_every_call(post_now, repaired, *KILLS) == 3


@pytest.mark.parametrize("change", CHANGES)
def test_a_kill_during_a_change_leaves_a_change_that_is_settled_later_or_none(
    at_every_call, repaired, schedules, a_post, change
):
    def make_change(process: Schedules, post_id: str) -> None:
        change(process, schedules.schedule(a_post(post_id=post_id)))

    assert at_every_call(make_change, repaired, *KILLS) >= 3


@pytest.mark.parametrize("change", [edit, pause, cancel, undo, resume])
@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_kill_during_a_change_of_a_series_leaves_a_change_that_is_settled_later_or_none(
    at_every_call, repaired, schedules, a_series, change
):
    def make_change(process: Schedules, post_id: str) -> None:
        change(process, schedules.schedule(a_series(post_id=post_id)))

    assert at_every_call(make_change, repaired, *KILLS) >= 3


@pytest.mark.parametrize("second", [edit, postpone, cancel])
@pytest.mark.parametrize("first", CHANGES)
@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_concurrent_change_is_settled_whether_the_first_process_continues_or_is_killed(
    at_every_call, repaired, schedules, a_post, first, second
):
    def make_change(process: Schedules, post_id: str) -> None:
        first(process, schedules.schedule(a_post(post_id=post_id)))

    def meanwhile(post_id: str) -> None:
        with suppress(PunctualError):
            second(schedules, schedules.plan(post_id))

    at_every_call(make_change, repaired, (meanwhile, None), (meanwhile, die))


@pytest.mark.parametrize("number", range(2, 6))
def test_a_delayed_process_reverts_its_late_work_on_an_old_revision(
    interrupted, schedules, schedule_names, assert_synced, clock, a_post, number
):
    plan = schedules.schedule(a_post())

    def meanwhile() -> None:
        postpone(schedules, schedules.plan(plan.post.post_id))
        clock.move(seconds=61)
        assert schedules.repair() == []

    postpone(interrupted(Interruption(number, meanwhile, None)), plan)
    assert_synced(plan.post.post_id)


def test_an_error_of_an_outdated_change_is_ignored(interrupted, schedules, schedule_names, repaired, a_post):
    plan = schedules.schedule(a_post())

    def meanwhile() -> None:
        schedules.cancel(schedules.plan(plan.post.post_id))
        raise AwsUnavailable("The connection was lost.")

    edit(interrupted(Interruption(2, meanwhile, None)), plan)
    assert schedules.plan(plan.post.post_id).desired == "cancelled"
    assert schedule_names() == []
    repaired(plan.post.post_id)


# Schedules that other programs changed


def test_a_post_whose_schedule_was_deleted_can_be_cancelled(
    schedules, scheduler, schedule_names, assert_synced, a_post
):
    plan = schedules.schedule(a_post())
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName="punctual")
    schedules.cancel(plan)
    assert_synced(plan.post.post_id)


def test_a_change_creates_a_deleted_schedule_again(schedules, scheduler, assert_synced, a_post):
    plan = schedules.schedule(a_post())
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName="punctual")
    schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    assert_synced(plan.post.post_id)


def test_an_unsettled_post_whose_schedule_was_deleted_is_armed_again_with_a_new_token(
    interrupted, schedules, scheduler, repaired, a_post
):
    with pytest.raises(Killed):
        interrupted(Interruption(3, None, lambda: die(""))).schedule(a_post())
    scheduler.delete_schedule(Name=str(ScheduleName.of(a_post())), GroupName="punctual")
    repaired(a_post().post_id)


def test_an_unsettled_post_whose_schedule_was_changed_is_corrected(
    interrupted, scheduler, read_schedule, repaired, a_post
):
    with pytest.raises(Killed):
        interrupted(Interruption(3, None, lambda: die(""))).schedule(a_post())
    name = str(ScheduleName.of(a_post()))
    members = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{member: read_schedule(name)[member] for member in members}, State="DISABLED")
    repaired(a_post().post_id)


def test_a_foreign_schedule_with_the_same_name_is_replaced(schedules, scheduler, assert_synced, a_post, target):
    scheduler.create_schedule(
        Name=str(ScheduleName.of(a_post())),
        GroupName="punctual",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target.function_arn, "RoleArn": target.role_arn},
    )
    schedules.schedule(a_post())
    assert_synced(a_post().post_id)


OTHER_VALUES = {
    "ScheduleExpression": "at(2026-11-02T14:00:00)",
    "ScheduleExpressionTimezone": "Europe/Berlin",
    "State": "DISABLED",
    "Target.Arn": "arn:aws:lambda:us-east-1:000000000000:function:another",
    "Target.Input": "{}",
}


@pytest.mark.parametrize("member", OTHER_VALUES)
def test_a_schedule_that_reads_back_differently_is_not_armed(make_schedules, scheduler, ledger, a_post, member):
    class Altering:
        """A scheduler that returns one member with another value."""

        def __getattr__(self, name: str) -> Any:
            return self.altered if name == "get_schedule" else getattr(scheduler, name)

        def altered(self, **kwargs: Any) -> dict[str, Any]:
            found = scheduler.get_schedule(**kwargs)
            (found["Target"] if "." in member else found)[member.removeprefix("Target.")] = OTHER_VALUES[member]
            return found

    with pytest.raises(NotArmed, match=f"{member} differs"):
        make_schedules(scheduler=Altering()).schedule(a_post())
    assert not ledger.get(a_post().post_id).settled


def test_a_change_under_the_same_name_is_one_update(make_schedules, scheduler, schedules, a_post):
    calls = []

    class Recording:
        def __getattr__(self, name: str) -> Any:
            def call(**kwargs: Any) -> Any:
                calls.append(name)
                return getattr(scheduler, name)(**kwargs)

            return call

    edit(make_schedules(scheduler=Recording()), schedules.schedule(a_post()))
    assert calls == ["update_schedule", "get_schedule"]


# An unreachable scheduler, and passing time


@pytest.fixture
def unreachable(make_schedules, scheduler) -> Schedules:
    """Make a Schedules whose clients cannot reach AWS."""

    class Unreachable:
        exceptions = scheduler.exceptions

        def __getattr__(self, name: str) -> Any:
            def call(**_: Any) -> None:
                raise EndpointConnectionError(endpoint_url="http://engine.invalid")

            return call

    return make_schedules(scheduler=Unreachable(), lambda_client=Unreachable())


def test_a_post_planned_while_the_scheduler_is_unreachable_is_armed_later(
    unreachable, ledger, schedule_names, repaired, a_post
):
    with pytest.raises(AwsUnavailable):
        unreachable.schedule(a_post())
    assert not ledger.get(a_post().post_id).settled
    assert schedule_names() == []
    repaired(a_post().post_id)


@pytest.mark.parametrize("batch", [1, 1000])
def test_a_post_that_cannot_be_settled_is_returned_and_does_not_delay_the_others(
    unreachable, make_schedules, scheduler, clock, assert_synced, a_post, monkeypatch, batch
):
    monkeypatch.setattr("core.scheduling.repair.REPAIR_BATCH", batch)
    posts = [a_post(post_id=f"{number:012d}") for number in range(3)]
    for post in posts:
        with pytest.raises(AwsUnavailable):
            unreachable.schedule(post)

    class RefusesOne:
        """A scheduler that refuses one schedule."""

        def __getattr__(self, name: str) -> Any:
            found = getattr(scheduler, name)
            return found if name != "create_schedule" else self.create

        def create(self, **request: Any) -> Any:
            if request["Name"] == str(ScheduleName.of(posts[1])):
                raise ClientError({"Error": {"Code": "ValidationException", "Message": "No."}}, "CreateSchedule")
            return scheduler.create_schedule(**request)

    clock.move(minutes=2)
    assert [plan.post for plan in make_schedules(scheduler=RefusesOne()).repair()] == [posts[1]]
    assert_synced(posts[0].post_id)
    assert_synced(posts[2].post_id)


def test_repair_stops_between_two_posts_on_request(unreachable, schedules, ledger, schedule_names, clock, a_post):
    for number in range(3):
        with pytest.raises(AwsUnavailable):
            unreachable.schedule(a_post(post_id=f"{number:012d}"))
    clock.move(minutes=2)
    assert len(schedules.repair(lambda: bool(schedule_names()))) == 2
    assert len(schedule_names()) == 1


def test_repair_tries_only_one_post_while_the_scheduler_is_unreachable(make_schedules, scheduler, clock, a_post):
    tried = []

    class Unreachable:
        def create_schedule(self, **request: Any) -> None:
            tried.append(request["Name"])
            raise EndpointConnectionError(endpoint_url="http://engine.invalid")

        update_schedule = create_schedule

    schedules = make_schedules(scheduler=Unreachable())
    for number in range(3):
        with pytest.raises(AwsUnavailable):
            schedules.schedule(a_post(post_id=f"{number:012d}"))
    clock.move(minutes=2)
    assert [plan.post.post_id for plan in schedules.repair()] == [f"{number:012d}" for number in range(3)]
    assert len(tried) == 3 + 1


def test_repair_does_not_wait_for_the_role(make_schedules, clock, a_post):
    class NotTrusted:
        def create_schedule(self, **_: Any) -> None:
            message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "CreateSchedule")

        update_schedule = create_schedule

    paused: list[float] = []
    schedules = make_schedules(
        scheduler=NotTrusted(), wait_policy=WaitPolicy(pause=paused.append, report=lambda _: None)
    )
    with pytest.raises(RoleNotReady):
        schedules.schedule(a_post())
    assert sum(paused) == ROLE_TIMEOUT
    clock.move(minutes=2)
    assert len(schedules.repair()) == 1
    assert sum(paused) == ROLE_TIMEOUT


def test_repair_does_not_settle_a_change_within_the_grace_period(unreachable, schedules, clock, schedule_names, a_post):
    with pytest.raises(AwsUnavailable):
        unreachable.schedule(a_post())
    clock.move(seconds=60)
    assert schedules.repair() == []
    assert schedule_names() == []


def test_a_post_that_becomes_due_before_it_is_armed_is_invoked_directly(
    unreachable, schedules, lambda_client, clock, assert_synced, a_post
):
    with pytest.raises(AwsUnavailable):
        unreachable.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    clock.move(minutes=2)
    schedules.repair()
    post = a_post(due_at=clock() - timedelta(seconds=90))
    assert lambda_client.payloads == [invocation_of(post, post.due_at)]
    assert schedules.plan(post.post_id).settled


def test_a_post_that_becomes_due_during_arming_is_invoked_and_not_reported_as_unarmed(
    make_schedules, scheduler, lambda_client, clock, schedule_names, a_post
):
    class Firing:
        """A slow scheduler: a new schedule has fired and is deleted when the response arrives."""

        def __getattr__(self, name: str) -> Any:
            return self.create if name == "create_schedule" else getattr(scheduler, name)

        def create(self, **request: Any) -> None:
            scheduler.create_schedule(**request)
            clock.move(seconds=3)
            scheduler.delete_schedule(Name=request["Name"], GroupName=request["GroupName"])

    plan = make_schedules(scheduler=Firing()).schedule(a_post(due_at=clock() + timedelta(seconds=2)))
    assert plan.settled
    assert [payload.due for payload in lambda_client.payloads] == [plan.post.due_at]
    assert schedule_names() == []


def test_a_post_that_fired_before_it_was_settled_is_not_invoked_again(
    interrupted, schedules, ledger, lambda_client, clock, a_post
):
    post = a_post(due_at=clock() + timedelta(seconds=30))
    with pytest.raises(Killed):
        interrupted(Interruption(3, None, lambda: die(""))).schedule(post)
    clock.move(minutes=2)
    ledger.record(invocation_of(post, post.due_at), Receipt(kind="handed_over", at=clock(), revision=1))
    assert schedules.repair() == []
    assert lambda_client.payloads == []
    assert schedules.plan(post.post_id).settled


def test_a_post_that_was_attempted_before_its_change_is_invoked_as_changed(
    schedules, ledger, lambda_client, clock, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    clock.move(minutes=1)
    ledger.record(invocation_of(plan.post, plan.post.due_at), Receipt(kind="attempt_failed", at=clock(), revision=1))
    schedules.send_now(plan)
    assert [payload.revision for payload in lambda_client.payloads] == [2]


def test_an_unsettled_change_of_text_at_the_due_instant_is_published(
    interrupted, schedules, lambda_client, clock, schedule_names, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    with pytest.raises(Killed):
        edit(interrupted(Interruption(1, None, lambda: die(""))), plan)
    clock.move(minutes=2)
    assert schedules.repair() == []
    assert [payload.revision for payload in lambda_client.payloads] == [2]
    assert schedule_names() == []


def test_an_unarmed_post_within_the_lead_is_invoked_directly(
    unreachable, make_schedules, lambda_client, target, clock, a_post
):
    with pytest.raises(AwsUnavailable):
        unreachable.schedule(a_post(due_at=clock() + timedelta(seconds=130)))
    clock.move(seconds=70)
    leading = make_schedules(target=replace(target, lead=timedelta(seconds=60)))
    assert leading.repair() == []
    assert len(lambda_client.payloads) == 1


def test_a_paused_post_that_becomes_due_before_it_is_settled_stays_paused(
    unreachable, schedules, clock, assert_synced, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    with pytest.raises(AwsUnavailable):
        unreachable.pause(plan)
    clock.move(minutes=2)
    assert schedules.repair() == []
    assert_synced(plan.post.post_id)


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_series_whose_start_has_passed_can_be_armed_again(schedules, clock, read_schedule, a_series):
    rule = Repeat(expression="cron(0 9 * * ? *)", starts_at=clock() + timedelta(hours=1))
    plan = schedules.schedule(a_series(repeat=rule))
    clock.move(days=3)
    again = schedules.undo_cancel(schedules.cancel(plan))
    assert read_schedule(again.schedule_name)["State"] == "ENABLED"
    assert again.settled
