"""The events that wake a runner. It polls once an hour here, so a missed event fails the test."""

import threading
from datetime import timedelta

import pytest

from core.storage.database import StorageError
from core.time.instants import epoch_ms

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"


@pytest.fixture(autouse=True)
def _rare_polls(monkeypatch):
    monkeypatch.setattr("core.engine.runner.POLL_SECONDS", 3600)


@pytest.fixture
def start_idle_runner(start_runner, function, create, eventually, states):
    """Start a runner and wait until it sleeps without pending work."""

    def start(**options):
        create("first")
        runner = start_runner(**options)
        function.wait_for(1)
        eventually(lambda: states() == [] and runner._sleeping_until == float("inf"))
        return runner

    return start


def test_a_new_due_instant_wakes_the_runner(start_idle_runner, create, function, clients, store):
    start_idle_runner()
    create("created")
    function.wait_for(2)
    create("updated", "at(2030-01-01T00:00:00)")
    clients.scheduler.update_schedule(
        Name="updated",
        ScheduleExpression="at(2026-11-02T12:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": FUNCTION, "RoleArn": "arn:aws:iam::000000000000:role/x"},
    )
    function.wait_for(3)
    clients.functions.invoke(FunctionName=FUNCTION, InvocationType="Event")
    function.wait_for(4)


def test_a_due_retry_wakes_the_runner(start_idle_runner, create, function):
    start_idle_runner(retry_delays=(0, 0))

    def fail_twice(invocation):
        if invocation.attempt < 3:
            raise ConnectionError

    function.side_effect = fail_twice
    create()
    assert [invocation.attempt for invocation in function.wait_for(4)[1:]] == [1, 2, 3]


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_a_free_worker_wakes_the_runner(start_idle_runner, create, function, workers):
    """Many more than one claim takes, due while every worker is busy."""
    start_idle_runner(workers=workers)
    release = function.block()
    for number in range(20 * workers):
        create(f"n{number}")
    release.set()
    function.wait_for(1 + 20 * workers)


def test_many_results_recorded_at_once_wake_the_runner(
    start_idle_runner, create, function, store, monkeypatch, eventually
):
    """One commit records all claims, so the count of claims skips the number of workers."""
    start_idle_runner(workers=4)
    monkeypatch.setattr("core.engine.recorder.RETRY_SECONDS", 0.005)
    write_unflushed, full = store.write_unflushed, threading.Event()

    def write_unless_full(work):
        if full.is_set() and threading.current_thread().name == "engine-recorder":
            raise StorageError(store.database.path, "database or disk is full")
        return write_unflushed(work)

    monkeypatch.setattr(store, "write_unflushed", write_unless_full)
    full.set()
    for number in range(40):
        create(f"n{number}")
    function.wait_for(1 + 5)
    full.clear()
    function.wait_for(1 + 40)


def test_the_runner_wakes_at_the_next_due_instant(start_idle_runner, create, function, clock):
    """The pause ends at the earliest due instant, in whatever order the schedules were created."""
    start_idle_runner()
    clock.move(seconds=0.95)
    create("later", "at(2026-11-02T12:00:02)")
    create("soon", "at(2026-11-02T12:00:01)")
    clock.move(seconds=0.05)
    assert function.wait_for(2)[1].schedule_name == "soon"


def test_a_due_instant_added_while_the_runner_reads_the_next_one_wakes_it(
    start_idle_runner, create, function, store, clock, monkeypatch, eventually
):
    """The read does not see it, and it is due no earlier than the one that woke the runner."""
    runner = start_idle_runner()
    next_due, missed = store.next_due, []

    def create_after_read():
        seen = next_due()
        if not missed and seen is None:
            missed.append(seen)
            create("missed", "at(2026-11-02T12:00:01)")
        return seen

    clock.move(seconds=0.95)
    create("soon", "at(2026-11-02T12:00:01)")
    eventually(lambda: runner._sleeping_until == epoch_ms(clock() + timedelta(seconds=0.05)))
    monkeypatch.setattr(store, "next_due", create_after_read)
    clock.move(seconds=0.05)
    assert [each.schedule_name for each in function.wait_for(3)] == ["first", "soon", "missed"]
