"""The end of a runner: its claims become free, also if the disk is full or functions are slow."""

import logging
import threading
import time

import pytest

from core.engine.runner import Runner
from core.storage.database import StorageError
from tests.core.engine.arns import FUNCTION


@pytest.fixture
def fill_disk(store, monkeypatch):
    """Return a function that makes the disk refuse further writes of the runner."""

    def fill():
        def write_unflushed(work):
            raise StorageError(store.database.path, "database or disk is full")

        monkeypatch.setattr(store, "write_unflushed", write_unflushed)

    return fill


def test_stop_after_a_failed_start_has_no_effect(store, presence, function, clock, fill_disk):
    fill_disk()
    runner = Runner(store, presence, {FUNCTION: function}, clock)
    with pytest.raises(StorageError):
        runner.start()
    runner.stop()


def test_a_runner_stops_while_the_disk_is_full(create, start_runner, function, fill_disk, caplog):
    release = function.block()
    for number in range(5):
        create(f"n{number}")
    runner = start_runner(workers=2)
    function.wait_for(2)
    fill_disk()
    release.set()
    started_at = time.monotonic()
    with caplog.at_level(logging.CRITICAL):
        runner.stop()
    assert time.monotonic() - started_at < 3


def test_a_function_slower_than_the_stop_timeout_is_recorded_when_it_returns(
    create, start_runner, function, store, presence, eventually, states
):
    release = function.block()
    create("slow")
    create("unstarted")
    runner = start_runner(workers=1)
    function.wait_for(1)
    runner.stop(timeout=0.05)
    assert presence.token in store.lease_ends()
    assert states() == ["running", "waiting"]
    release.set()
    eventually(lambda: states() == ["waiting"])
    assert len(function.invocations) == 1


@pytest.mark.parametrize("error", [None, ConnectionError("too late")])
def test_a_function_that_ends_after_its_claim_was_taken_over_records_nothing(
    create, start_runner, function, store, presence, clock, error
):
    release = threading.Event()

    def return_late(invocation):
        release.wait(10)
        if error is not None:
            raise error

    function.side_effect = return_late
    create()
    runner = start_runner(workers=1)
    function.wait_for(1)
    runner.stop(timeout=0.05)
    now = int(clock().timestamp() * 1000)
    store.free_claims_of(presence.token, now)
    (again,) = store.claim_due("another", now, 10)
    recorders = [thread for thread in threading.enumerate() if thread.name == "engine-recorder"]
    release.set()
    for recorder in recorders:
        recorder.join(10)
    (row,) = store.database.read("SELECT owner, state, attempts, error FROM invocation")
    assert tuple(row) == ("another", "running", again.attempt, None)


def test_stop_ends_every_thread(create, start_runner, function):
    others = set(threading.enumerate())
    create()
    runner = start_runner(workers=3)
    function.wait_for(1)
    started = set(threading.enumerate()) - others
    assert len(started) == 1 + 3 + 1
    runner.stop()
    for thread in started:
        thread.join(10)
        assert not thread.is_alive()
