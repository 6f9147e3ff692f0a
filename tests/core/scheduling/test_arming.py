"""The scheduler agrees with the ledger, wherever a process dies and whoever else is at work."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import count
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from core.aws_errors import RoleNotReady, SchedulerUnavailable
from core.errors import PunctualError
from core.ledger.port import Plan, Receipt
from core.posts.models import Repeat
from core.posts.payload import ScheduleName, invocation_of
from core.scheduling.arming import NotArmed
from core.scheduling.schedules import Schedules
from core.scheduling.upsert import ROLE_PATIENCE, Waiting

CALLS = {
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
    """The process is gone: no handler of ours runs."""


class Moment:
    """One of a process's calls, counted over all that it calls, and what happens right before and right after it."""

    def __init__(self, number: int, before: Callable[[], Any] | None, after: Callable[[], Any] | None) -> None:
        self.calls = 0
        self._number = number
        self._before = before
        self._after = after

    def watch(self, part: Any) -> Any:
        """Return the part with its calls counted."""
        return _Watched(part, self)

    def call(self, function: Callable[..., Any], *given: Any, **named: Any) -> Any:
        self.calls += 1
        now = self.calls == self._number
        if now and self._before:
            self._before()
        answer = function(*given, **named)
        if now and self._after:
            self._after()
        return answer


class _Watched:
    def __init__(self, part: Any, moment: Moment) -> None:
        self._part = part
        self._moment = moment

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        if name not in CALLS:
            return found
        return lambda *given, **named: self._moment.call(found, *given, **named)


def die(_: str) -> None:
    raise Killed


KILLS = ((die, None), (None, die))
"""Before the call, and after it."""


def edit(schedules: Schedules, plan: Plan) -> None:
    schedules.edit(plan, plan.post.model_copy(update={"text": f"{plan.post.text} Better."}))


def later(schedules: Schedules, plan: Plan) -> None:
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


CHANGES = [edit, later, pause, cancel, undo, resume, send_now]


@pytest.fixture
def watched(make_schedules, scheduler, functions, ledger) -> Callable[[Moment], Schedules]:
    """A process in which something happens at one of its calls."""

    def make(moment: Moment) -> Schedules:
        return make_schedules(
            scheduler=moment.watch(scheduler), functions=moment.watch(functions), ledger=moment.watch(ledger)
        )

    return make


@pytest.fixture
def at_every_call(watched) -> Callable[..., int]:
    """Do something anew, for a new post, with `before` or `after` at each of its calls; return how many it makes."""

    def run(
        do: Callable[[Schedules, str], None],
        check: Callable[[str], None],
        *moments: tuple[Callable[[str], None] | None, Callable[[str], None] | None],
    ) -> int:
        post = 0
        for number in count(1):
            reached = False
            for before, after in moments:
                post += 1
                post_id = f"{post:012d}"
                moment = Moment(number, before and partial(before, post_id), after and partial(after, post_id))
                with suppress(Killed, PunctualError):
                    do(watched(moment), post_id)
                check(post_id)
                reached |= moment.calls >= number
            if not reached:
                return number - 1
        raise AssertionError("not reached")

    return run


@pytest.fixture
def repaired(schedules, agrees, clock) -> Callable[[str], None]:
    """Assert that a minute later all is finished."""

    def check(post_id: str) -> None:
        clock.move(seconds=61)
        assert schedules.repair() == []
        agrees(post_id)
        clock.move(seconds=-61)

    return check


def test_killed_while_scheduling_a_post_is_armed_or_was_never_planned(at_every_call, repaired, a_post):
    def schedule(process: Schedules, post_id: str) -> None:
        process.schedule(a_post(post_id=post_id))

    assert at_every_call(schedule, repaired, *KILLS) == 4


def test_killed_while_posting_now_the_post_is_handed_over_or_was_never_planned(at_every_call, repaired, a_post):
    def post_now(process: Schedules, post_id: str) -> None:
        process.post_now(a_post(post_id=post_id))

    assert at_every_call(post_now, repaired, *KILLS) == 3


@pytest.mark.parametrize("change", CHANGES)
def test_killed_while_changing_a_post_the_change_is_finished_or_was_never_made(
    at_every_call, repaired, schedules, a_post, change
):
    def make_change(process: Schedules, post_id: str) -> None:
        change(process, schedules.schedule(a_post(post_id=post_id)))

    assert at_every_call(make_change, repaired, *KILLS) >= 3


@pytest.mark.parametrize("change", [edit, pause, cancel, undo, resume])
@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_killed_while_changing_a_series_the_change_is_finished_or_was_never_made(
    at_every_call, repaired, schedules, a_series, change
):
    def make_change(process: Schedules, post_id: str) -> None:
        change(process, schedules.schedule(a_series(post_id=post_id)))

    assert at_every_call(make_change, repaired, *KILLS) >= 3


@pytest.mark.parametrize("second", [edit, later, cancel])
@pytest.mark.parametrize("first", CHANGES)
@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_change_that_another_process_makes_meanwhile_is_settled_though_ours_goes_on_or_dies(
    at_every_call, repaired, schedules, a_post, first, second
):
    def make_change(process: Schedules, post_id: str) -> None:
        first(process, schedules.schedule(a_post(post_id=post_id)))

    def meanwhile(post_id: str) -> None:
        with suppress(PunctualError):
            second(schedules, schedules.plan(post_id))

    at_every_call(make_change, repaired, (meanwhile, None), (meanwhile, die))


@pytest.mark.parametrize("number", range(2, 6))
def test_who_was_held_up_until_all_was_settled_takes_back_what_he_does_after_that(
    watched, schedules, names, agrees, clock, a_post, number
):
    plan = schedules.schedule(a_post())

    def meanwhile() -> None:
        later(schedules, schedules.plan(plan.post.post_id))
        clock.move(seconds=61)
        assert schedules.repair() == []

    later(watched(Moment(number, meanwhile, None)), plan)
    agrees(plan.post.post_id)


def test_what_fails_when_another_process_has_gone_on_is_no_failure(watched, schedules, names, repaired, a_post):
    plan = schedules.schedule(a_post())

    def meanwhile() -> None:
        schedules.cancel(schedules.plan(plan.post.post_id))
        raise SchedulerUnavailable("The line was cut.")

    edit(watched(Moment(2, meanwhile, None)), plan)
    assert schedules.plan(plan.post.post_id).wish == "cancelled"
    assert names() == []
    repaired(plan.post.post_id)


# What others did to a schedule


def test_a_schedule_that_somebody_deleted_can_still_be_cancelled(schedules, scheduler, names, agrees, a_post):
    plan = schedules.schedule(a_post())
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName="punctual")
    schedules.cancel(plan)
    agrees(plan.post.post_id)


def test_a_change_brings_back_what_somebody_deleted(schedules, scheduler, agrees, a_post):
    plan = schedules.schedule(a_post())
    scheduler.delete_schedule(Name=plan.schedule_name, GroupName="punctual")
    schedules.edit(plan, plan.post.model_copy(update={"text": "Better"}))
    agrees(plan.post.post_id)


def test_a_half_done_post_that_somebody_deleted_is_armed_again_though_its_token_was_used(
    watched, schedules, scheduler, repaired, a_post
):
    with pytest.raises(Killed):
        watched(Moment(3, None, lambda: die(""))).schedule(a_post())
    scheduler.delete_schedule(Name=str(ScheduleName.of(a_post())), GroupName="punctual")
    repaired(a_post().post_id)


def test_a_half_done_post_that_somebody_changed_is_put_right(watched, scheduler, held, repaired, a_post):
    with pytest.raises(Killed):
        watched(Moment(3, None, lambda: die(""))).schedule(a_post())
    name = str(ScheduleName.of(a_post()))
    members = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    scheduler.update_schedule(**{member: held(name)[member] for member in members}, State="DISABLED")
    repaired(a_post().post_id)


def test_a_name_that_is_taken_is_taken_over(schedules, scheduler, agrees, a_post, target):
    scheduler.create_schedule(
        Name=str(ScheduleName.of(a_post())),
        GroupName="punctual",
        ScheduleExpression="rate(1 day)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": target.function_arn, "RoleArn": target.role_arn},
    )
    schedules.schedule(a_post())
    agrees(a_post().post_id)


OTHERWISE = {
    "ScheduleExpression": "at(2026-11-02T14:00:00)",
    "ScheduleExpressionTimezone": "Europe/Berlin",
    "State": "DISABLED",
    "Target.Arn": "arn:aws:lambda:us-east-1:000000000000:function:another",
    "Target.Input": "{}",
}


@pytest.mark.parametrize("member", OTHERWISE)
def test_a_scheduler_that_keeps_something_else_is_not_believed(make_schedules, scheduler, ledger, a_post, member):
    class Careless:
        """Says that it keeps one member otherwise than it was given."""

        def __getattr__(self, name: str) -> Any:
            return self.found if name == "get_schedule" else getattr(scheduler, name)

        def found(self, **named: Any) -> dict[str, Any]:
            kept = scheduler.get_schedule(**named)
            (kept["Target"] if "." in member else kept)[member.removeprefix("Target.")] = OTHERWISE[member]
            return kept

    with pytest.raises(NotArmed, match=f"{member} differs"):
        make_schedules(scheduler=Careless()).schedule(a_post())
    assert not ledger.get(a_post().post_id).settled


def test_a_change_under_the_same_name_is_one_update(make_schedules, scheduler, schedules, a_post):
    asked = []

    class Listening:
        def __getattr__(self, name: str) -> Any:
            def ask(**named: Any) -> Any:
                asked.append(name)
                return getattr(scheduler, name)(**named)

            return ask

    edit(make_schedules(scheduler=Listening()), schedules.schedule(a_post()))
    assert asked == ["update_schedule", "get_schedule"]


# A scheduler that is away, and time that passes


@pytest.fixture
def away(make_schedules, scheduler) -> Schedules:
    """Schedules whose scheduler and functions cannot be reached."""

    class Away:
        exceptions = scheduler.exceptions

        def __getattr__(self, name: str) -> Any:
            def call(**_: Any) -> None:
                raise EndpointConnectionError(endpoint_url="http://engine.invalid")

            return call

    return make_schedules(scheduler=Away(), functions=Away())


def test_while_the_scheduler_is_away_the_intent_is_kept_and_armed_later(away, ledger, names, repaired, a_post):
    with pytest.raises(SchedulerUnavailable):
        away.schedule(a_post())
    assert not ledger.get(a_post().post_id).settled
    assert names() == []
    repaired(a_post().post_id)


@pytest.mark.parametrize("together", [1, 1000])
def test_what_cannot_be_finished_is_told_and_holds_up_nothing_else(
    away, make_schedules, scheduler, clock, agrees, a_post, monkeypatch, together
):
    monkeypatch.setattr("core.scheduling.schedules.REPAIRED_TOGETHER", together)
    posts = [a_post(post_id=f"{number:012d}") for number in range(3)]
    for post in posts:
        with pytest.raises(SchedulerUnavailable):
            away.schedule(post)

    class RefusesOne:
        """Takes every schedule but one."""

        def __getattr__(self, name: str) -> Any:
            found = getattr(scheduler, name)
            return found if name != "create_schedule" else self.create

        def create(self, **request: Any) -> Any:
            if request["Name"] == str(ScheduleName.of(posts[1])):
                raise ClientError({"Error": {"Code": "ValidationException", "Message": "No."}}, "CreateSchedule")
            return scheduler.create_schedule(**request)

    clock.move(minutes=2)
    assert [plan.post for plan in make_schedules(scheduler=RefusesOne()).repair()] == [posts[1]]
    agrees(posts[0].post_id)
    agrees(posts[2].post_id)


def test_repair_ends_between_two_posts_when_it_is_told_to(away, schedules, ledger, names, clock, a_post):
    for number in range(3):
        with pytest.raises(SchedulerUnavailable):
            away.schedule(a_post(post_id=f"{number:012d}"))
    clock.move(minutes=2)
    assert len(schedules.repair(lambda: bool(names()))) == 2
    assert len(names()) == 1


def test_while_the_scheduler_is_away_only_the_first_is_tried_and_all_are_left(make_schedules, scheduler, clock, a_post):
    tried = []

    class Away:
        def create_schedule(self, **request: Any) -> None:
            tried.append(request["Name"])
            raise EndpointConnectionError(endpoint_url="http://engine.invalid")

        update_schedule = create_schedule

    schedules = make_schedules(scheduler=Away())
    for number in range(3):
        with pytest.raises(SchedulerUnavailable):
            schedules.schedule(a_post(post_id=f"{number:012d}"))
    clock.move(minutes=2)
    assert [plan.post.post_id for plan in schedules.repair()] == [f"{number:012d}" for number in range(3)]
    assert len(tried) == 3 + 1


def test_repair_does_not_wait_for_a_role(make_schedules, clock, a_post):
    class NotTrusted:
        def create_schedule(self, **_: Any) -> None:
            message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
            raise ClientError({"Error": {"Code": "ValidationException", "Message": message}}, "CreateSchedule")

        update_schedule = create_schedule

    paused: list[float] = []
    schedules = make_schedules(scheduler=NotTrusted(), waiting=Waiting(pause=paused.append, tell=lambda _: None))
    with pytest.raises(RoleNotReady):
        schedules.schedule(a_post())
    assert sum(paused) == ROLE_PATIENCE
    clock.move(minutes=2)
    assert len(schedules.repair()) == 1
    assert sum(paused) == ROLE_PATIENCE


def test_repair_leaves_alone_what_is_being_settled_at_this_moment(away, schedules, clock, names, a_post):
    with pytest.raises(SchedulerUnavailable):
        away.schedule(a_post())
    clock.move(seconds=60)
    assert schedules.repair() == []
    assert names() == []


def test_a_post_whose_instant_came_before_it_was_armed_is_handed_over(
    away, schedules, functions, clock, agrees, a_post
):
    with pytest.raises(SchedulerUnavailable):
        away.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    clock.move(minutes=2)
    schedules.repair()
    post = a_post(due_at=clock() - timedelta(seconds=90))
    assert functions.payloads == [invocation_of(post, post.due_at)]
    assert schedules.plan(post.post_id).settled


def test_a_post_whose_instant_comes_while_it_is_armed_goes_out_and_is_not_called_unarmed(
    make_schedules, scheduler, functions, clock, names, a_post
):
    class Firing:
        """Slow; and what it took has fired and is gone when it answers."""

        def __getattr__(self, name: str) -> Any:
            return self.create if name == "create_schedule" else getattr(scheduler, name)

        def create(self, **request: Any) -> None:
            scheduler.create_schedule(**request)
            clock.move(seconds=3)
            scheduler.delete_schedule(Name=request["Name"], GroupName=request["GroupName"])

    plan = make_schedules(scheduler=Firing()).schedule(a_post(due_at=clock() + timedelta(seconds=2)))
    assert plan.settled
    assert [payload.due for payload in functions.payloads] == [plan.post.due_at]
    assert names() == []


def test_a_post_that_fired_before_it_was_noted_as_armed_is_not_handed_over_again(
    watched, schedules, ledger, functions, clock, a_post
):
    post = a_post(due_at=clock() + timedelta(seconds=30))
    with pytest.raises(Killed):
        watched(Moment(3, None, lambda: die(""))).schedule(post)
    clock.move(minutes=2)
    ledger.record(invocation_of(post, post.due_at), Receipt(kind="handed_over", at=clock(), revision=1))
    assert schedules.repair() == []
    assert functions.payloads == []
    assert schedules.plan(post.post_id).settled


def test_a_post_that_was_attempted_before_it_was_changed_is_handed_over_as_changed(
    schedules, ledger, functions, clock, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    clock.move(minutes=1)
    ledger.record(invocation_of(plan.post, plan.post.due_at), Receipt(kind="attempt_failed", at=clock(), revision=1))
    schedules.send_now(plan)
    assert [payload.revision for payload in functions.payloads] == [2]


def test_a_change_of_text_that_was_half_done_at_the_due_instant_goes_out_as_changed(
    watched, schedules, functions, clock, names, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    with pytest.raises(Killed):
        edit(watched(Moment(1, None, lambda: die(""))), plan)
    clock.move(minutes=2)
    assert schedules.repair() == []
    assert [payload.revision for payload in functions.payloads] == [2]
    assert names() == []


def test_within_the_lead_a_post_is_handed_over_and_the_relay_waits(
    away, make_schedules, functions, target, clock, a_post
):
    with pytest.raises(SchedulerUnavailable):
        away.schedule(a_post(due_at=clock() + timedelta(seconds=130)))
    clock.move(seconds=70)
    leading = make_schedules(target=replace(target, lead=timedelta(seconds=60)))
    assert leading.repair() == []
    assert len(functions.payloads) == 1


def test_a_paused_post_whose_instant_came_before_it_was_paused_lies_in_the_queue(
    away, schedules, clock, agrees, a_post
):
    plan = schedules.schedule(a_post(due_at=clock() + timedelta(seconds=30)))
    with pytest.raises(SchedulerUnavailable):
        away.pause(plan)
    clock.move(minutes=2)
    assert schedules.repair() == []
    agrees(plan.post.post_id)


@pytest.mark.parametrize("scheduler", ["engine"], indirect=True)
def test_a_series_that_began_long_ago_is_armed_again_though_its_start_has_passed(schedules, clock, held, a_series):
    rule = Repeat(expression="cron(0 9 * * ? *)", starts_at=clock() + timedelta(hours=1))
    plan = schedules.schedule(a_series(repeat=rule))
    clock.move(days=3)
    again = schedules.undo_cancel(schedules.cancel(plan))
    assert held(again.schedule_name)["State"] == "ENABLED"
    assert again.settled
