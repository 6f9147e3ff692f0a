"""The events that wake a runner. Here it polls once an hour, so a test fails if an event does not wake it."""

import threading
from datetime import timedelta

import pytest

from core.storage.database import StorageError
from core.time.instants import epoch_ms
from tests.core.engine.arns import FUNCTION, ROLE


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
        Target={"Arn": FUNCTION, "RoleArn": ROLE},
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
    """More invocations are due than one claim takes, while every worker is busy."""
    start_idle_runner(workers=workers)
    release = function.block()
    for number in range(20 * workers):
        create(f"n{number}")
    release.set()
    function.wait_for(1 + 20 * workers)


def test_a_free_worker_wakes_the_runner_although_no_result_can_be_recorded(
    start_idle_runner, create, function, store, monkeypatch, eventually, states
):
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
    function.wait_for(1 + 40)
    full.clear()
    eventually(lambda: states() == [])


def test_the_runner_wakes_at_the_next_due_instant(start_idle_runner, create, function, clock):
    """The pause ends at the earliest due instant, although a later one was created first."""
    start_idle_runner()
    clock.move(seconds=0.95)
    create("later", "at(2026-11-02T12:00:02)")
    create("soon", "at(2026-11-02T12:00:01)")
    clock.move(seconds=0.05)
    assert function.wait_for(2)[1].schedule_name == "soon"


def test_a_due_instant_added_while_the_runner_reads_the_next_one_wakes_it(
    start_idle_runner, create, function, store, clock, monkeypatch, eventually
):
    """The read misses it, and it is due at the same instant as the schedule that woke the runner."""
    runner = start_idle_runner()
    next_due, missed = store.next_due, []

    def create_after_read(**options):
        seen = next_due(**options)
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
