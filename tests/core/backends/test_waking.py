"""A process without an engine wakes the worker of its home."""

import queue
from datetime import timedelta

import pytest

from core.worker.control import ControlChannel
from core.worker.lock import worker_lock
from core.worker.record import WorkerFiles, WorkerRecord


@pytest.fixture
def wakes(application):
    """Return a queue that gets an item for each time that the worker of the home is woken."""
    received = queue.Queue()
    files = WorkerFiles(application.home.path)
    with worker_lock(files), ControlChannel(on_wake=lambda: received.put("woken"), on_stop=lambda: None) as channel:
        record = WorkerRecord(pid=1, port=1, control_port=channel.port, secret=channel.secret, supervised=True)
        record.write(files)
        yield received


def test_post_now_wakes_the_worker(application, wakes, a_post):
    application.schedules.post_now(a_post())
    assert wakes.get(timeout=10) == "woken"


def test_a_schedule_that_is_due_at_once_wakes_the_worker(application, wakes, clock, a_post):
    scheduled = application.schedules.schedule(a_post())
    assert wakes.empty()  # the worker looks by itself before it is due
    application.schedules.send_now(scheduled)
    assert wakes.get(timeout=10) == "woken"


def test_post_now_works_without_a_worker(application, a_post, clock):
    application.schedules.post_now(a_post())
    assert application.one_machine.engine_store.next_due() <= clock() + timedelta(seconds=1)
