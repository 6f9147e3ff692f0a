"""The health check of the worker."""

import os
from datetime import timedelta

import pytest

from core.worker.lock import worker_lock
from core.worker.record import WorkerEnd, WorkerFiles, WorkerRecord


@pytest.fixture
def files(application):
    return WorkerFiles(application.home.path)


@pytest.fixture
def worker(files):
    """Hold the lock of the worker, with its record."""
    with worker_lock(files):
        WorkerRecord(pid=os.getpid(), port=4600, control_port=1, secret="s3cret", supervised=True).write(files)
        yield


def test_a_home_without_a_worker_is_bad(check):
    assert (check("Worker").status, check("Worker").message) == ("bad", "No worker is running.")


def test_a_running_worker_is_named(check, worker):
    result = check("Worker")
    assert (result.status, result.message) == ("good", f"Running: process {os.getpid()}, http://127.0.0.1:4600.")


def test_an_unexpected_end_is_shown_with_the_log_for_a_day(check, worker, files, clock):
    WorkerEnd(at=clock(), reason="signal SIGKILL").write(files)
    clock.move(hours=1)
    result = check("Worker")
    assert result.status == "warning"
    assert "signal SIGKILL. It was started again." in result.message
    assert str(files.log) in result.remedy
    clock.now += timedelta(days=1)
    assert check("Worker").status == "good"


def test_a_worker_that_ended_and_did_not_come_back_is_bad(check, files, clock):
    files.folder.mkdir()
    WorkerEnd(at=clock(), reason="exit status 1").write(files)
    result = check("Worker")
    assert result.status == "bad"
    assert "exit status 1" in result.message
    assert str(files.log) in result.remedy


def test_the_posting_server_of_the_worker_is_shown(check, worker):
    assert check("Posting server").message == "The relay posts to http://127.0.0.1:4600/publish."
