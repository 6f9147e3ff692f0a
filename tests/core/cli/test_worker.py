"""The worker's process: one for each home, in both modes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from core.worker.record import WorkerFiles, WorkerRecord

ROOT = Path(__file__).parents[3]
DEPLOYMENT = {
    "PUNCTUAL_MODE": "aws",
    "PUNCTUAL_FUNCTION_ARN": "arn:aws:lambda:us-east-1:000000000000:function:punctual-relay",
    "PUNCTUAL_ROLE_ARN": "arn:aws:iam::000000000000:role/punctual-scheduler",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_MAX_ATTEMPTS": "1",
}
"""A deployment where nothing answers."""


@pytest.fixture
def run_engine(tmp_path):
    """Return a function that starts `python -m core engine` on one home and keeps its output."""
    started = []

    def run(*options, **variables):
        command = [sys.executable, "-m", "core", "engine", "--home", str(tmp_path / "home"), *options]
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PUNCTUAL_", "AWS_"))}
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def files(tmp_path):
    return WorkerFiles(tmp_path / "home")


def test_a_second_worker_of_a_home_names_the_first_and_ends(run_engine, files):
    first = run_engine()
    address = first.stdout.readline().split()[4]
    second = run_engine()
    _, errors = second.communicate(timeout=20)
    assert second.returncode == 1
    assert f"Another worker runs {files.folder.parent}: process {first.pid} at {address}." in errors
    assert "add --wait" in errors


def test_a_waiting_worker_takes_the_place_of_a_killed_one(run_engine, files):
    first = run_engine()
    assert first.stdout.readline()
    second = run_engine("--wait")
    first.kill()
    assert second.stdout.readline()
    assert WorkerRecord.read(files).pid == second.pid


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_worker_ends_without_an_error_and_removes_its_record(run_engine, files, number):
    worker = run_engine()
    assert worker.stdout.readline()
    assert WorkerRecord.read(files).supervised is False
    worker.send_signal(number)
    _, errors = worker.communicate(timeout=20)
    assert (worker.returncode, errors) == (0, "")
    assert WorkerRecord.read(files) is None


def test_the_log_is_a_file_and_names_the_reason_of_an_end(run_engine, files):
    assert run_engine().stdout.readline()
    second = run_engine("--log", str(files.log))
    second.communicate(timeout=20)
    assert "The worker ends: " in files.log.read_text()
    assert "INFO core.worker.log: The worker ends: Another worker runs" in files.log.read_text()


def test_on_aws_the_worker_repairs_and_notifies_and_publishes_nothing(run_engine, files):
    worker = run_engine(**DEPLOYMENT)
    assert worker.stdout.readline().startswith("The worker repairs changes, checks accounts and notifies for us-east-1")
    assert requests.post(f"{WorkerRecord.read(files).url}/publish", b"{}", timeout=5).status_code == 404
    assert not (files.folder.parent / "engine.db").exists()
    assert "Could not check the accounts" in worker.stderr.readline()
    worker.send_signal(signal.SIGINT)
    worker.communicate(timeout=20)
    assert worker.returncode == 0
