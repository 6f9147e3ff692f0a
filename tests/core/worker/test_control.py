import socket
import threading
from dataclasses import replace

import pytest

from core.worker.control import ControlChannel, ask_to_stop, responds, wake
from core.worker.lock import worker_lock
from core.worker.record import WorkerRecord


@pytest.fixture
def woken() -> threading.Event:
    return threading.Event()


@pytest.fixture
def stopped() -> threading.Event:
    return threading.Event()


@pytest.fixture
def record(files, woken, stopped):
    """Open a channel, and write the record of its worker."""
    with worker_lock(files), ControlChannel(on_wake=woken.set, on_stop=stopped.set) as channel:
        record = WorkerRecord(pid=1, port=1, control_port=channel.port, secret=channel.secret, supervised=True)
        record.write(files)
        yield record


def test_a_worker_is_woken(files, record, woken):
    wake(files)
    assert woken.wait(10)


def test_only_who_knows_the_secret_stops_a_worker(record, woken, stopped):
    for secret in ("", "guess", record.secret[:-1], "ä" * 300):
        ask_to_stop(replace(record, secret=secret))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"wake", ("127.0.0.1", record.control_port))  # datagrams on loopback keep their order
    assert woken.wait(10)
    assert not stopped.is_set()
    ask_to_stop(record)
    assert stopped.wait(10)


def test_a_running_worker_responds_and_one_that_has_ended_does_not(record):
    assert responds(record, timeout=10)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", 0))
        assert not responds(replace(record, control_port=silent.getsockname()[1]), timeout=0.01)


def test_waking_a_home_without_a_worker_has_no_effect(files, record):
    wake(files)
    files.record.unlink()
    wake(files)
