"""A worker that stops for a while, as a laptop or an overloaded machine stops it, loses no post and doubles none."""

import os
import signal
import sys
import time

import pytest

from core.time.instants import real_clock
from core.worker.supervisor import Supervisor
from tests.crash.signals import is_stopped

STOPPED_SECONDS = 4


@pytest.fixture
def supervisor(home, home_path):
    """Keep a real worker running as a dashboard does, and ask it every 0.5 s whether it lives."""
    supervising = Supervisor(home_path, real_clock, check_home=home.check_home, pauses=(0.1, 0.5), ping_seconds=0.5)
    supervising.start()
    yield supervising
    supervising.stop()


def test_a_worker_that_stops_around_a_due_instant_is_replaced_and_its_posts_end_once(
    eventually, home, supervisor, pid, schedule, due, connect, waiting, observer, ends_as
):
    """It is reported and killed. What a webhook had already received is left to a person."""
    connect(waiting.address)
    worker = pid()
    in_flight = schedule("webhook:shop")
    eventually(lambda: waiting.ids)
    post_id = schedule()
    due(post_id, seconds=1)
    os.kill(worker, signal.SIGSTOP)
    eventually(lambda: observer.now(post_id) == "Queue: going out")
    assert observer.now(in_flight) == "History: going out"
    eventually(lambda: "does not respond: nothing is published" in (supervisor.problem() or ""))
    assert pid(other=worker)
    ends_as(post_id, "published")
    ends_as(in_flight, "unconfirmed")
    assert [entry.post_id for entry in home.outbox.feed(limit=10)] == [post_id]
    assert waiting.ids == [in_flight]


def test_a_worker_that_goes_on_after_a_stop_publishes_what_was_due_and_takes_the_response_that_came_meanwhile(
    eventually, home, engine, pid, schedule, due, connect, waiting, observer, ends_as
):
    """Nobody replaces a worker that a person started."""
    connect(waiting.address)
    process = engine()
    in_flight = schedule("webhook:shop")
    eventually(lambda: waiting.ids)
    post_id = schedule()
    due(post_id, seconds=1)
    process.send_signal(signal.SIGSTOP)
    waiting.release.set()
    time.sleep(STOPPED_SECONDS)
    assert observer.now(post_id) == "Queue: going out"
    process.send_signal(signal.SIGCONT)
    assert ends_as(post_id, "published").lag_ms > 1000 * (STOPPED_SECONDS - 2)
    ends_as(in_flight, "published")
    assert [entry.post_id for entry in home.outbox.feed(limit=10)] == [post_id]
    assert waiting.ids == [in_flight]


@pytest.mark.skipif(sys.platform != "linux", reason="/proc tells whether a process is stopped on Linux")
def test_a_process_that_goes_on_after_the_end_of_its_lease_does_not_send_what_another_one_has_sent(
    eventually, home, serve, post_now, connect, accepting, run_of, observer, ends_as
):
    """It stops between its claim and its request, for longer than the lease. A person has the post sent meanwhile."""
    connect(accepting.address)
    post_id = post_now("webhook:shop")
    stopped = serve("after claiming", "stop", "brief")
    eventually(lambda: run_of(post_id) and is_stopped(stopped.pid))
    serve("never", "brief")
    run = ends_as(post_id, "unconfirmed")
    observer.follow(post_id)
    home.schedules.retry(run.payload, run.retriable)
    ends_as(post_id, "published")
    os.kill(stopped.pid, signal.SIGCONT)
    time.sleep(1)  # nothing tells that a process will not send
    assert accepting.ids == [post_id]
    assert observer.now(post_id) == "History: published"
