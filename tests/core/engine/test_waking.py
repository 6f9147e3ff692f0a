"""What wakes a runner: with an hour between its looks, whatever was missed would not fire while a test waits."""

import threading
from datetime import timedelta

import pytest

from core.engine.timing import milliseconds
from core.storage.database import StorageFault

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"


@pytest.fixture(autouse=True)
def _rare_looks(monkeypatch):
    monkeypatch.setattr("core.engine.runner.LOOK", 3600)


@pytest.fixture
def settle(start_runner, receiver, create, eventually, states):
    """Start a runner and wait until it sleeps for want of work."""

    def start(**options):
        create("first")
        runner = start_runner(**options)
        receiver.wait_for(1)
        eventually(lambda: states() == [] and runner._asleep_until == float("inf"))
        return runner

    return start


def test_whatever_becomes_due(settle, create, receiver, clients, store):
    settle()
    create("created")
    receiver.wait_for(2)
    create("updated", "at(2030-01-01T00:00:00)")
    clients.scheduler.update_schedule(
        Name="updated",
        ScheduleExpression="at(2026-11-02T12:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": FUNCTION, "RoleArn": "arn:aws:iam::000000000000:role/x"},
    )
    receiver.wait_for(3)
    clients.functions.invoke(FunctionName=FUNCTION, InvocationType="Event")
    receiver.wait_for(4)


def test_a_retry_that_is_due(settle, create, receiver):
    settle(retry_delays=(0, 0))

    def fail_twice(invocation):
        if invocation.attempt < 3:
            raise ConnectionError

    receiver.behave = fail_twice
    create()
    assert [invocation.attempt for invocation in receiver.wait_for(4)[1:]] == [1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_room_for_more(settle, create, receiver, workers):
    """Far more than are claimed at a time, made due while every worker is busy."""
    go_on = threading.Event()
    settle(workers=workers)
    receiver.behave = lambda invocation: go_on.wait(10) and None
    for number in range(20 * workers):
        create(f"n{number}")
    go_on.set()
    receiver.wait_for(1 + 20 * workers)


def test_room_that_many_outcomes_make_at_once(settle, create, receiver, store, monkeypatch, eventually):
    """All that is claimed is recorded in one commit, so the count of claims leaps over the workers' number."""
    settle(workers=4)
    monkeypatch.setattr("core.engine.recorder.PATIENCE", 0.005)
    note, full = store.note, threading.Event()

    def note_unless_full(work):
        if full.is_set() and threading.current_thread().name == "engine-recorder":
            raise StorageFault(store.database.path, "database or disk is full")
        return note(work)

    monkeypatch.setattr(store, "note", note_unless_full)
    full.set()
    for number in range(40):
        create(f"n{number}")
    receiver.wait_for(1 + 5)
    full.clear()
    receiver.wait_for(1 + 40)


def test_an_instant_that_comes_although_nothing_rings(settle, create, receiver, clock):
    """The pause ends when the next one is due, also where that became due after another."""
    settle()
    clock.move(seconds=0.95)
    create("later", "at(2026-11-02T12:00:02)")
    create("soon", "at(2026-11-02T12:00:01)")
    clock.move(seconds=0.05)
    assert receiver.wait_for(2)[1].schedule_name == "soon"


def test_what_becomes_due_while_the_runner_looks_for_what_is_due(
    settle, create, receiver, store, clock, monkeypatch, eventually
):
    """It was not seen, and is due no earlier than what woke the runner: it must ring all the same."""
    runner = settle()
    next_due, missed = store.next_due, []

    def before_another_comes():
        seen = next_due()
        if not missed and seen is None:
            missed.append(seen)
            create("missed", "at(2026-11-02T12:00:01)")
        return seen

    clock.move(seconds=0.95)
    create("soon", "at(2026-11-02T12:00:01)")
    eventually(lambda: runner._asleep_until == milliseconds(clock() + timedelta(seconds=0.05)))
    monkeypatch.setattr(store, "next_due", before_another_comes)
    clock.move(seconds=0.05)
    assert [each.schedule_name for each in receiver.wait_for(3)] == ["first", "soon", "missed"]
