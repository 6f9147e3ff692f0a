"""AWS fails at every request that a change makes: nothing is lost, and nothing is said that is not so."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from core.application import Application
from core.errors import PunctualError
from core.ledger.port import Plan
from core.posts.models import Post, new_post_id
from core.scheduling.schedules import Schedules

OPERATIONS = {
    *("CreateSchedule", "GetSchedule", "UpdateSchedule", "DeleteSchedule", "Invoke"),
    *("BatchGetItem", "PutItem"),
}


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


CHANGES = (schedule, post_now, edit, reschedule, pause, resume, cancel, undo, send_now)

FAULTS: dict[str, dict[str, Any]] = {
    "throttled": {"fault": "ThrottlingException"},
    "no way there": {"fault": ConnectTimeoutError(endpoint_url="https://aws")},
    "answer lost": {"fault": ReadTimeoutError(endpoint_url="https://aws"), "after": True},
    "denied": {"fault": "AccessDeniedException"},
    "conflict": {"fault": "ConflictException"},
    "internal error": {"fault": "InternalServerException"},
}
PASSING = ("throttled", "no way there", "answer lost")
"""What botocore tries again by itself."""


class Bench:
    """A deployment on which one change after another is made, and the truth about each post looked up."""

    def __init__(self, application: Application, cloud: Any, clock: Any, interfere: Any, a_post: Any) -> None:
        self.application = application
        self._cloud = cloud
        self._clock = clock
        self._interfere = interfere
        self._a_post = a_post

    def prepare(self, change: Callable[[Schedules, Post], Callable[[], Plan]]) -> tuple[Post, Callable[[], Plan]]:
        """Return a new post, and the change that is to be made of it, with all that comes before it done."""
        post = self._a_post(post_id=new_post_id(), due_at=self._clock() + timedelta(days=30))
        return post, change(self.application.schedules, post)

    def requests(self) -> list[tuple[Callable[[Schedules, Post], Callable[[], Plan]], str]]:
        """Return every change with each operation that it uses."""
        found = []
        for change in CHANGES:
            _, act = self.prepare(change)
            self._interfere.clear()
            act()
            found += [(change, operation) for operation in sorted(set(self._interfere.seen))]
        return found

    def recover(self) -> None:
        """Let AWS work again, and the caretaker finish what was left half done."""
        self._interfere.clear()
        for _ in range(2):  # a change that came upon an unsettled one settles a minute after it
            self._clock.move(minutes=2)
            assert self.application.schedules.repair() == []

    def agrees(self, post: Post) -> bool:
        """Whether the scheduler holds what the ledger wishes of a post, and nothing besides."""
        plan = self.application.ledger.get(post.post_id)
        pages = self._cloud["scheduler"].get_paginator("list_schedules").paginate(GroupName="posts")
        summaries = [each for page in pages for each in page["Schedules"] if each["Name"].endswith(post.post_id)]
        held = {each["Name"]: each["State"] for each in summaries}
        if plan is None or plan.desired == "cancelled" or plan.schedule_name is None:
            return held == {}
        state = "ENABLED" if plan.desired == "active" else "DISABLED"
        return held == {plan.schedule_name: state} and self.application.schedules.difference(plan) == ""


@pytest.fixture
def bench(opened, deployed, clock, interfere, a_post, monkeypatch) -> Bench:
    application = opened()
    monkeypatch.setattr(application.ledger._table, "_pause", lambda _: None)
    return Bench(application, deployed, clock, interfere, a_post)


@pytest.mark.parametrize("kind", FAULTS)
def test_a_request_that_fails_for_a_while_loses_nothing_and_shows_nothing_untrue(bench, interfere, kind):
    for change, operation in bench.requests():
        post, act = bench.prepare(change)
        was_planned = change not in (schedule, post_now)
        case = f"{change.__name__} while {operation} fails"
        interfere(operation, **FAULTS[kind])
        done = succeeds(act)
        interfere.clear()
        assert not done or bench.agrees(post), f"{case}: said to be done, and is not"
        bench.recover()
        assert bench.agrees(post), f"{case}: not finished"
        assert not was_planned or bench.application.ledger.get(post.post_id) is not None, f"{case}: lost"


def succeeds(act: Callable[[], Plan]) -> bool:
    """Tell whether a change is made, or refused in words; anything else is a fault."""
    try:
        act()
    except PunctualError:
        return False
    return True


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_aws_did_not_take_is_carried_out_when_it_is_asked_for_once_more(bench, interfere, clock, change):
    post, act = bench.prepare(change)
    for operation in ("CreateSchedule", "UpdateSchedule", "DeleteSchedule", "Invoke"):
        interfere(operation, fault="ThrottlingException")
    assert not succeeds(act)
    clock.move(seconds=5)
    interfere.clear()
    changed = act()
    assert changed.settled
    assert bench.agrees(post)


@pytest.mark.parametrize("kind", PASSING)
def test_a_request_that_fails_once_is_made_again_and_nobody_notices(bench, interfere, kind):
    for change, operation in bench.requests():
        post, act = bench.prepare(change)
        interfere(operation, **FAULTS[kind], times=1)
        act()
        interfere.clear()
        assert bench.agrees(post), f"{change.__name__} while {operation} fails once"


def test_every_operation_that_a_change_uses_is_among_those_that_fail(bench):
    assert {operation for _, operation in bench.requests()} == OPERATIONS


@pytest.mark.parametrize("kind", FAULTS)
def test_a_queue_that_cannot_be_listed_is_refused_and_never_shown_as_empty(bench, interfere, clock, kind):
    bench.prepare(edit)
    window = (clock(), clock() + timedelta(days=60))
    listed = bench.application.listing.window(*window, limit=10)
    interfere("ListSchedules", **FAULTS[kind])
    with pytest.raises(PunctualError):
        bench.application.listing.window(*window, limit=10)
    interfere.clear()
    interfere("GetSchedule", **FAULTS[kind])
    with pytest.raises(PunctualError):
        bench.application.listing.details(listed)


def test_a_schedule_that_somebody_removed_before_it_is_cancelled_is_cancelled_all_the_same(bench, deployed):
    post, cancelling = bench.prepare(cancel)
    name = bench.application.ledger.get(post.post_id).schedule_name
    deployed["scheduler"].delete_schedule(GroupName="posts", Name=name)
    assert cancelling().desired == "cancelled"
    assert bench.agrees(post)
