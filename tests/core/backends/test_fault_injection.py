"""Changes to posts while AWS fails at each of their requests: no post is lost, and no false success is shown."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from moto.backends import get_backend

from core.application import Application
from core.errors import PunctualError
from core.ledger.port import Plan
from core.posts.models import Post, new_post_id
from core.scheduling.schedules import Schedules
from tests.core.cloud import ACCOUNT, GROUP, REGION


def schedule(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    return lambda: schedules.schedule(post)


def post_now(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    return lambda: schedules.post_now(post)


def edit(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    plan = schedules.schedule(post)
    return lambda: schedules.edit(plan, plan.post.model_copy(update={"text": "Better."}))


def reschedule(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    plan = schedules.schedule(post)
    due_at = post.due_at + timedelta(hours=1)
    return lambda: schedules.reschedule(plan, due_at=due_at, wall=post.wall, zone=post.zone)


def pause(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    plan = schedules.schedule(post)
    return lambda: schedules.pause(plan)


def resume(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    plan = schedules.pause(schedules.schedule(post))
    return lambda: schedules.resume(plan)


def cancel(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    plan = schedules.schedule(post)
    return lambda: schedules.cancel(plan)


def undo(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    plan = schedules.cancel(schedules.schedule(post))
    return lambda: schedules.undo_cancel(plan)


def send_now(schedules: Schedules, post: Post) -> Callable[[], Plan]:
    plan = schedules.schedule(post)
    return lambda: schedules.send_now(plan)


Change = Callable[[Schedules, Post], Callable[[], Plan]]

LEDGER = ("BatchGetItem", "PutItem")
USES: dict[Change, tuple[str, ...]] = {
    schedule: ("PutItem", "CreateSchedule", "GetSchedule"),
    post_now: (*LEDGER, "Invoke"),
    edit: (*LEDGER, "UpdateSchedule", "GetSchedule"),
    reschedule: (*LEDGER, "UpdateSchedule", "CreateSchedule", "GetSchedule", "DeleteSchedule"),
    pause: (*LEDGER, "UpdateSchedule", "GetSchedule"),
    resume: (*LEDGER, "UpdateSchedule", "GetSchedule"),
    cancel: (*LEDGER, "DeleteSchedule"),
    undo: (*LEDGER, "UpdateSchedule", "CreateSchedule", "GetSchedule"),
    send_now: (*LEDGER, "Invoke", "DeleteSchedule"),
}
"""The operations of AWS that each change uses."""
REQUESTS = [(change, operation) for change, operations in USES.items() for operation in operations]

FAULTS: dict[str, dict[str, Any]] = {
    "throttled": {"fault": "ThrottlingException"},
    "unreachable": {"fault": ConnectTimeoutError(endpoint_url="https://aws")},
    "response lost": {"fault": ReadTimeoutError(endpoint_url="https://aws"), "after": True},
    "denied": {"fault": "AccessDeniedException"},
    "conflict": {"fault": "ConflictException"},
    "internal error": {"fault": "InternalServerException"},
}
RETRIED_BY_BOTOCORE = ("throttled", "unreachable", "response lost")


class FaultBench:
    """A deployment on which tests change posts, and compare the ledger with the scheduler."""

    def __init__(self, application: Application, clock: Any, inject_fault: Any, a_post: Any) -> None:
        self.application = application
        self._clock = clock
        self._inject_fault = inject_fault
        self._a_post = a_post

    def prepare(self, change: Change) -> tuple[Post, Callable[[], Plan]]:
        """Return a new post in the state that a change requires, and the change itself."""
        post = self._a_post(post_id=new_post_id(), due_at=self._clock() + timedelta(days=30))
        return post, change(self.application.schedules, post)

    def check(self, change: Change, operation: str, kind: str) -> None:
        """Fail the test if a change claims success, loses its post or is not finished later, because requests fail."""
        post, act = self.prepare(change)
        was_planned = change not in (schedule, post_now)
        case = f"{change.__name__} while {operation} fails"
        self._inject_fault(operation, **FAULTS[kind])
        done = succeeds(act)
        self._inject_fault.clear()
        assert not done or self.agrees(post), f"{case}: reported as done, but is not"
        assert self.recovers(post), f"{case}: not finished"
        assert not was_planned or self.application.ledger.get(post.post_id) is not None, f"{case}: lost"

    def recovers(self, post: Post) -> bool:
        """End the faults, let the caretaker finish incomplete changes, and return whether `agrees` is then true."""
        self._inject_fault.clear()
        for _ in range(2):  # a change after an unsettled one settles a minute later
            self._clock.move(minutes=2)
            assert self.application.schedules.repair() == []
            if self.agrees(post):
                return True
        return False

    def agrees(self, post: Post) -> bool:
        """Return whether the scheduler holds the desired schedule of a post and no other.

        A request for the list would read all posts of the test each time.
        """
        plan = self.application.ledger.get(post.post_id)
        schedules = get_backend("scheduler")[ACCOUNT][REGION].schedule_groups[GROUP].schedules
        held = {name: each.state for name, each in schedules.items() if name.endswith(post.post_id)}
        if plan is None or plan.desired == "cancelled" or plan.schedule_name is None:
            return held == {}
        state = "ENABLED" if plan.desired == "active" else "DISABLED"
        return held == {plan.schedule_name: state} and self.application.schedules.difference(plan) == ""


@pytest.fixture
def bench(open_application, clock, inject_fault, a_post, monkeypatch) -> FaultBench:
    application = open_application()
    monkeypatch.setattr(application.ledger._table, "_pause", lambda _: None)
    return FaultBench(application, clock, inject_fault, a_post)


@pytest.fixture
def small_bench(open_small, clock, inject_fault, a_post) -> FaultBench:
    """Return a small deployment, whose ledger is on this machine, so that a test takes a fifth of the time."""
    return FaultBench(open_small(), clock, inject_fault, a_post)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_failing_request_to_the_table_loses_no_post_and_reports_no_false_success(bench, kind):
    """A lost response of the scheduler leaves the most states to tell apart, so the table meets those too."""
    for change, operation in REQUESTS:
        if operation in LEDGER or kind == "response lost":
            bench.check(change, operation, kind)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_failing_request_to_the_scheduler_loses_no_post_and_reports_no_false_success(small_bench, kind):
    for change, operation in REQUESTS:
        if operation not in LEDGER:
            small_bench.check(change, operation, kind)


def succeeds(act: Callable[[], Plan]) -> bool:
    """Return whether a change succeeds. It may raise a PunctualError; any other error fails the test."""
    try:
        act()
    except PunctualError:
        return False
    return True


@pytest.mark.parametrize("change", USES)
def test_a_rejected_change_succeeds_when_it_is_requested_again(bench, inject_fault, clock, change):
    post, act = bench.prepare(change)
    for operation in ("CreateSchedule", "UpdateSchedule", "DeleteSchedule", "Invoke"):
        inject_fault(operation, fault="ThrottlingException")
    assert not succeeds(act)
    clock.move(seconds=5)
    inject_fault.clear()
    changed = act()
    assert changed.settled
    assert bench.agrees(post)


@pytest.mark.parametrize("kind", RETRIED_BY_BOTOCORE)
def test_a_request_that_fails_once_is_retried_and_succeeds(bench, inject_fault, kind):
    """A repeated request whose first response is lost matters to the change; other retries only to the client."""
    each_operation = {operation: change for change, operation in REQUESTS}
    tried = REQUESTS if kind == "response lost" else [(change, name) for name, change in each_operation.items()]
    for change, operation in tried:
        post, act = bench.prepare(change)
        inject_fault(operation, **FAULTS[kind], times=1)
        act()
        inject_fault.clear()
        assert bench.agrees(post), f"{change.__name__} while {operation} fails once"


def test_the_list_of_operations_is_complete(bench, inject_fault):
    for change, operations in USES.items():
        _, act = bench.prepare(change)
        inject_fault.clear()
        act()
        assert set(inject_fault.requests) == set(operations), change.__name__


@pytest.mark.parametrize("kind", FAULTS)
def test_a_failing_listing_raises_and_is_not_shown_as_empty(bench, inject_fault, clock, kind):
    bench.prepare(edit)
    window = (clock(), clock() + timedelta(days=60))
    listed = bench.application.listing.window(*window, limit=10)
    inject_fault("ListSchedules", **FAULTS[kind])
    with pytest.raises(PunctualError):
        bench.application.listing.window(*window, limit=10)
    inject_fault.clear()
    inject_fault("GetSchedule", **FAULTS[kind])
    with pytest.raises(PunctualError):
        bench.application.listing.details(listed)


def test_a_post_whose_schedule_was_deleted_can_be_cancelled(bench, deployed):
    post, act = bench.prepare(cancel)
    name = bench.application.ledger.get(post.post_id).schedule_name
    deployed["scheduler"].delete_schedule(GroupName="posts", Name=name)
    assert act().desired == "cancelled"
    assert bench.agrees(post)
