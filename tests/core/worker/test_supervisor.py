import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from core.errors import PunctualError
from core.time.instants import real_clock
from core.worker.lock import worker_runs
from core.worker.record import WorkerEnd, WorkerRecord
from core.worker.supervisor import Supervisor

STAND_IN = str(Path(__file__).with_name("stand_in.py"))


@pytest.fixture
def supervise(tmp_path):
    """Return a function that starts a supervisor of the home. Its worker is the stand-in, or the given command."""
    started = []

    def start(*command, check_home=lambda: None):
        command = command or (sys.executable, STAND_IN, str(tmp_path))
        options = {"check_home": check_home, "command": command, "pauses": (0.01, 0.05), "ping_seconds": 0.1}
        supervisor = Supervisor(tmp_path, real_clock, **options)
        supervisor.start()
        started.append(supervisor)
        return supervisor

    yield start
    for supervisor in started:
        supervisor.stop()


@pytest.fixture
def run_worker(tmp_path):
    """Return a function that runs a worker which no supervisor of this process started."""
    started = []

    def run(*options):
        started.append(subprocess.Popen([sys.executable, STAND_IN, str(tmp_path), *options]))
        return started[-1]

    yield run
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def pid(files, eventually):
    """Return a function that returns the process id of the running worker, another one than `other`."""

    def running(other=None):
        def found():
            record = WorkerRecord.read(files) if worker_runs(files) else None
            return record and record.pid != other and record.pid

        return eventually(found)

    return running


def test_a_worker_runs_until_its_supervisor_stops(supervise, files, pid, eventually):
    supervisor = supervise()
    pid()
    eventually(lambda: not supervisor.is_starting())
    assert supervisor.problem() is None
    supervisor.stop()
    assert not worker_runs(files)


def test_a_killed_worker_is_started_again_and_its_end_is_recorded(supervise, files, pid, eventually):
    supervisor = supervise()
    first = pid()
    os.kill(first, signal.SIGKILL)
    assert pid(other=first)
    eventually(lambda: supervisor.problem() is None and not supervisor.is_starting())
    assert WorkerEnd.read(files).reason == "signal SIGKILL"


def test_a_worker_that_cannot_start_is_reported_with_its_exit_status_and_log(supervise, files, eventually):
    supervisor = supervise(sys.executable, "-c", "raise SystemExit(3)")
    problem = eventually(supervisor.problem)
    assert problem == f"The worker ended (exit status 3) and is started again. Its log is {files.log}."


def test_a_worker_that_starts_slowly_is_reported_until_it_runs(supervise, tmp_path, files, eventually, monkeypatch):
    monkeypatch.setattr("core.worker.supervisor.START_SECONDS", 0.0)
    go = tmp_path / "go"
    slow = f"import pathlib, runpy, sys, time\nwhile not pathlib.Path({str(go)!r}).exists(): time.sleep(0.01)\n"
    supervisor = supervise(
        sys.executable, "-c", f"{slow}runpy.run_path({STAND_IN!r}, run_name='__main__')", str(tmp_path)
    )
    assert "The worker has not started yet (process " in eventually(supervisor.problem)
    go.touch()
    eventually(lambda: supervisor.problem() is None)
    assert worker_runs(files)


def test_a_command_that_does_not_exist_is_reported(supervise, eventually):
    supervisor = supervise("/nowhere/python")
    assert "/nowhere/python did not start: No such file or directory." in eventually(supervisor.problem)


def test_two_supervisors_share_a_worker_and_the_last_one_stops_it(supervise, files, pid, eventually):
    first, second = supervise(), supervise()
    worker = pid()
    eventually(lambda: not first.is_starting() and not second.is_starting())
    first.stop()
    assert pid() == worker
    second.stop()
    assert not worker_runs(files)


def test_a_worker_whose_dashboard_was_killed_is_taken_over_and_stopped(supervise, run_worker, files, pid, eventually):
    orphan = run_worker()
    pid()
    supervisor = supervise()
    eventually(lambda: not supervisor.is_starting())
    assert pid() == orphan.pid
    supervisor.stop()
    assert not worker_runs(files)
    assert orphan.wait(10) == 0


def test_a_worker_that_a_person_started_stays(supervise, run_worker, pid, eventually):
    worker = run_worker("by-hand")
    pid()
    supervisor = supervise()
    eventually(lambda: not supervisor.is_starting())
    supervisor.stop()
    assert pid() == worker.pid


def test_a_killed_worker_of_a_person_is_replaced(supervise, run_worker, files, pid, eventually):
    worker = run_worker("by-hand")
    pid()
    supervisor = supervise()
    eventually(lambda: not supervisor.is_starting())
    worker.kill()
    assert pid(other=worker.pid)
    assert WorkerEnd.read(files).reason == "it was killed"


def test_a_worker_that_does_not_respond_is_reported_then_killed_and_replaced(supervise, files, pid, eventually):
    supervisor = supervise()
    hanging = pid()
    eventually(lambda: not supervisor.is_starting())
    os.kill(hanging, signal.SIGSTOP)
    assert f"The worker (process {hanging}) does not respond: nothing is published." in eventually(supervisor.problem)
    assert pid(other=hanging)
    eventually(lambda: supervisor.problem() is None)
    assert WorkerEnd.read(files).reason == "signal SIGKILL"


def test_a_worker_of_a_person_that_does_not_respond_is_reported_and_stays(supervise, run_worker, pid, eventually):
    worker = run_worker("by-hand")
    pid()
    supervisor = supervise()
    worker.send_signal(signal.SIGSTOP)
    assert "does not respond" in eventually(supervisor.problem)
    worker.send_signal(signal.SIGCONT)
    eventually(lambda: supervisor.problem() is None)
    assert pid() == worker.pid


def test_a_dashboard_ends_before_a_worker_that_takes_long_to_finish(
    supervise, run_worker, pid, eventually, monkeypatch
):
    monkeypatch.setattr("core.worker.supervisor.STOP_SECONDS", 0.1)
    busy = run_worker("busy")
    pid()
    supervisor = supervise()
    eventually(lambda: not supervisor.is_starting())
    supervisor.stop()
    assert pid() == busy.pid


def test_no_worker_starts_while_the_home_cannot_be_used(supervise, files, pid, eventually):
    faults = [PunctualError("The home is a file.")]

    def check_home():
        if faults:
            raise faults[0]

    supervisor = supervise(check_home=check_home)
    assert "The worker cannot start: The home is a file. Try again in a minute." in eventually(supervisor.problem)
    assert not worker_runs(files)
    faults.clear()
    supervisor.retry_now()
    assert pid()
