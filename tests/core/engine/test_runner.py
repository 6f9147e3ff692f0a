"""The runner fires schedules and direct invocations at their due instants, with a fixed number of workers."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest

from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.runner import POLL_SECONDS, Runner
from core.engine.store import Store
from core.storage.processes import Presence
from core.time.instants import real_clock
from tests.core.engine.arns import FUNCTION, ROLE


def test_an_overdue_schedule_fires_at_the_start(create, start_runner, function, clients, clock):
    create()
    clock.move(minutes=3)
    start_runner()
    (invocation,) = function.wait_for(1)
    assert invocation.scheduled_at == datetime(2026, 11, 2, 12, tzinfo=UTC)
    assert (invocation.schedule_name, invocation.attempt, invocation.payload) == ("post", 1, b"{}")


def test_nothing_fires_before_its_instant(create, start_runner, function, clock):
    create(expression="at(2026-11-02T12:00:10)")
    runner = start_runner()
    clock.move(seconds=9.999)
    runner.wake()
    time.sleep(0.05)
    assert function.invocations == []
    clock.move(seconds=0.001)
    runner.wake()
    function.wait_for(1)


def test_a_new_schedule_wakes_a_sleeping_runner(start_runner, create, function, monkeypatch):
    monkeypatch.setattr("core.engine.runner.POLL_SECONDS", 1000.0)
    start_runner()
    time.sleep(0.02)
    create()
    function.wait_for(1)


def test_a_schedule_of_another_process_is_noticed_within_a_second(tmp_path, start_runner, function, clock, create):
    """Another store acts as another process: its writes do not wake this runner, which polls."""
    start_runner()
    other = Store(tmp_path / "engine.db", now=clock())
    local_clients(Api(other, clock)).scheduler.create_schedule(
        Name="from-elsewhere",
        ScheduleExpression="at(2026-11-02T12:00:00)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": FUNCTION, "RoleArn": ROLE},
    )
    function.wait_for(1)
    assert POLL_SECONDS < 1
    other.close()


def test_a_burst_fires_in_due_order(create, start_runner, function, clock):
    for number in (3, 1, 4, 2, 0):
        create(f"n{number}", f"at(2026-11-02T12:00:0{number})")
    clock.move(minutes=1)
    start_runner(workers=1)
    names = [invocation.schedule_name for invocation in function.wait_for(5)]
    assert names == ["n0", "n1", "n2", "n3", "n4"]


def test_a_schedule_fires_to_the_millisecond_on_a_real_clock(tmp_path, presence, function):
    store = Store(tmp_path / "engine.db", now=real_clock())
    clients = local_clients(Api(store, real_clock))
    fired = []
    function.side_effect = lambda invocation: fired.append((real_clock() - invocation.scheduled_at).total_seconds())
    runner = Runner(store, presence, {FUNCTION: function}, real_clock)
    runner.start()
    due = real_clock() + timedelta(seconds=2)
    clients.scheduler.create_schedule(
        Name="post",
        ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": FUNCTION, "RoleArn": ROLE},
    )
    function.wait_for(1)
    runner.stop()
    store.close()
    assert 0 <= fired[0] < 0.1


def test_a_schedule_to_be_deleted_after_completion_is_deleted_at_dispatch(
    create, start_runner, function, clients, eventually
):
    create("leaves")
    create("stays", ActionAfterCompletion="NONE")
    listed = []
    function.side_effect = lambda invocation: listed.append(
        [summary["Name"] for summary in clients.scheduler.list_schedules()["Schedules"]]
    )
    start_runner()
    function.wait_for(2)
    eventually(lambda: len(listed) == 2)
    assert listed == [["stays"], ["stays"]]


def test_a_one_time_schedule_that_is_not_deleted_never_fires_again(
    create, start_runner, function, clients, clock, store
):
    create(ActionAfterCompletion="NONE")
    runner = start_runner()
    function.wait_for(1)
    members = clients.scheduler.get_schedule(Name="post")
    for member in ("ResponseMetadata", "Arn", "CreationDate", "LastModificationDate"):
        del members[member]
    clients.scheduler.update_schedule(**members, Description="changed after it fired")
    clock.move(days=1)
    runner.wake()
    assert store.next_due() is None


def test_a_recreated_schedule_fires_again(create, start_runner, function):
    start_runner()
    create()
    function.wait_for(1)
    create()
    function.wait_for(2)


def test_a_disabled_schedule_does_not_fire(create, start_runner, function, store, clock):
    create(State="DISABLED")
    start_runner()
    clock.move(days=1)
    assert store.next_due() is None


def test_a_direct_invocation_runs_at_once(start_runner, function, clients):
    start_runner()
    response = clients.functions.invoke(FunctionName=FUNCTION, InvocationType="Event", Payload=b'{"now": true}')
    assert response["StatusCode"] == 202
    (invocation,) = function.wait_for(1)
    assert (invocation.payload, invocation.schedule_name) == (b'{"now": true}', None)


def test_slow_functions_delay_others_only_when_every_worker_is_busy(create, start_runner, function):
    """Three of four workers are blocked; the fourth processes a hundred invocations."""
    release = threading.Event()
    function.side_effect = lambda invocation: release.wait(10) if invocation.schedule_name.startswith("slow") else None
    for number in range(3):
        create(f"slow{number}")
    start_runner(workers=4)
    function.wait_for(3)
    for number in range(100):
        create(f"quick{number}")
    function.wait_for(103, timeout=5)
    release.set()


def test_no_invocation_waits_for_the_recording_of_other_results(create, start_runner, function, monkeypatch):
    monkeypatch.setattr("core.engine.recorder.BATCH_SECONDS", 60.0)
    for number in range(100):
        create(f"n{number}")
    start_runner(workers=2)
    function.wait_for(100)


def test_at_most_one_function_runs_per_worker(create, start_runner, function):
    running, most, lock, all_workers = 0, 0, threading.Lock(), threading.Barrier(4, timeout=10)

    def count_running(invocation):
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        all_workers.wait()
        with lock:
            running -= 1

    function.side_effect = count_running
    for number in range(40):
        create(f"n{number}")
    start_runner(workers=4)
    function.wait_for(40)
    assert most == 4


def test_stop_frees_unstarted_claims_and_waits_for_running_functions(
    create, start_runner, function, store, eventually, states
):
    release = function.block()
    for number in range(3):
        create(f"n{number}")
    runner = start_runner(workers=1)
    function.wait_for(1)
    stopping = threading.Thread(target=runner.stop, kwargs={"timeout": 1000})
    stopping.start()
    eventually(lambda: states() == ["running", "waiting"])
    assert stopping.is_alive()
    release.set()
    stopping.join(20)
    assert not stopping.is_alive()  # it ends as soon as the function returns, not after the timeout
    assert len(function.invocations) == 1
    waiting = store.database.read("SELECT attempts, state FROM invocation")
    assert [tuple(row) for row in waiting] == [(0, "waiting")]
    start_runner(workers=1)
    assert [invocation.attempt for invocation in function.wait_for(3)] == [1, 1, 1]


def test_two_runners_on_one_home_never_fire_one_occurrence_twice(
    tmp_path, clock, create, function, store, presence, eventually, states
):
    other_store = Store(tmp_path / "engine.db", now=clock())
    other_presence = Presence(tmp_path / "processes")
    runners = [
        Runner(store, presence, {FUNCTION: function}, clock, workers=4),
        Runner(other_store, other_presence, {FUNCTION: function}, clock, workers=4),
    ]
    for runner in runners:
        runner.start()
    for number in range(200):
        create(f"n{number}")
    function.wait_for(200)
    eventually(lambda: states() == [])
    for runner in runners:
        runner.stop()
    names = [invocation.schedule_name for invocation in function.invocations]
    assert len(names) == len(set(names)) == 200
    other_store.close()
    other_presence.leave()


@pytest.mark.parametrize("jump", [timedelta(hours=5), timedelta(hours=-5)])
def test_a_clock_jump_neither_loses_nor_repeats_a_firing(
    create, start_runner, function, clock, jump, eventually, states
):
    create("before", ActionAfterCompletion="NONE")
    create("after", "at(2026-11-02T13:00:00)")
    runner = start_runner()
    function.wait_for(1)
    clock.now += jump
    runner.wake()
    if jump < timedelta():
        clock.now = datetime(2026, 11, 2, 13, tzinfo=UTC)
        runner.wake()
    function.wait_for(2)
    eventually(lambda: states() == [])
    assert [invocation.schedule_name for invocation in function.invocations] == ["before", "after"]


def test_a_clock_jump_is_noticed_without_a_wake_up(create, start_runner, function, clock):
    create("later", "at(2026-11-02T13:00:00)")
    start_runner()
    clock.move(hours=2)
    function.wait_for(1)


def test_other_processes_see_whether_an_engine_runs(start_runner, store, presence, tmp_path, clock):
    other_presence = Presence(tmp_path / "processes")
    assert not store.has_live_runner(other_presence)
    runner = start_runner()
    assert store.has_live_runner(other_presence)
    assert store.last_heartbeat() == clock()
    runner.stop()
    assert not store.has_live_runner(other_presence)
    other_presence.leave()
