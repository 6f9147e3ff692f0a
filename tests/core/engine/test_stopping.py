"""How a runner ends: what it holds is freed, whatever the disk and its functions do."""

import logging
import threading
import time

import pytest

from core.engine.runner import Runner
from core.storage.database import StorageFault

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"


@pytest.fixture
def refusing(store, monkeypatch):
    """Let the disk refuse all that is noted, from now on."""

    def refuse():
        def note(work):
            raise StorageFault(store.database.path, "database or disk is full")

        monkeypatch.setattr(store, "note", note)

    return refuse


def test_a_runner_that_could_not_start_can_be_stopped(store, presence, receiver, clock, refusing):
    refusing()
    runner = Runner(store, presence, {FUNCTION: receiver}, clock)
    with pytest.raises(StorageFault):
        runner.start()
    runner.stop()


def test_a_runner_stops_although_the_disk_refuses(create, start_runner, receiver, refusing, caplog):
    go_on = threading.Event()
    receiver.behave = lambda invocation: go_on.wait(10)
    for number in range(5):
        create(f"n{number}")
    runner = start_runner(workers=2)
    receiver.wait_for(2)
    refusing()
    go_on.set()
    begun = time.monotonic()
    with caplog.at_level(logging.CRITICAL):
        runner.stop()
    assert time.monotonic() - begun < 3


def test_a_function_that_outlasts_the_patience_is_recorded_when_it_returns(
    create, start_runner, receiver, store, presence, eventually, states
):
    go_on = threading.Event()
    receiver.behave = lambda invocation: go_on.wait(10)
    create("slow")
    create("unbegun")
    runner = start_runner(workers=1)
    receiver.wait_for(1)
    runner.stop(timeout=0.05)
    assert presence.token in store.owners()
    assert states() == ["running", "waiting"]
    go_on.set()
    eventually(lambda: states() == ["waiting"])
    assert len(receiver.invocations) == 1


@pytest.mark.parametrize("error", [None, ConnectionError("too late")])
def test_what_outlasts_its_runner_and_was_taken_over_meanwhile_records_nothing(
    create, start_runner, receiver, store, presence, clock, error
):
    go_on = threading.Event()

    def return_late(invocation):
        go_on.wait(10)
        if error is not None:
            raise error

    receiver.behave = return_late
    create()
    runner = start_runner(workers=1)
    receiver.wait_for(1)
    runner.stop(timeout=0.05)
    now = int(clock().timestamp() * 1000)
    store.bury(presence.token, now)
    (again,) = store.take("another", now, 10)
    recorders = [thread for thread in threading.enumerate() if thread.name == "engine-recorder"]
    go_on.set()
    for recorder in recorders:
        recorder.join(10)
    (row,) = store.database.read("SELECT owner, state, attempts, error FROM invocation")
    assert tuple(row) == ("another", "running", again.attempt, None)


def test_stopping_leaves_no_thread_behind(create, start_runner, receiver):
    others = set(threading.enumerate())
    create()
    runner = start_runner(workers=3)
    receiver.wait_for(1)
    begun = set(threading.enumerate()) - others
    assert len(begun) == 1 + 3 + 1
    runner.stop()
    for thread in begun:
        thread.join(10)
        assert not thread.is_alive()
