"""The worker publishes on time whatever happens to the dashboard, and comes back when it is killed."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from datetime import timedelta
from pathlib import Path

import pytest

from core.ledger.history import runs
from core.posts.models import new_post_id
from core.publishing.composing import compose
from core.worker.lock import worker_runs
from core.worker.record import WorkerFiles, WorkerRecord
from tests.crash.conftest import free_port

ROOT = Path(__file__).parents[2]
MOST_LATE = 5.0
"""Seconds. On a machine with other work, a post that is published at once is less late; the faults were a minute."""
HANDSHAKE = (
    b"GET /_stcore/stream HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nOrigin: http://evil.example\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Dashboard:
    """`streamlit run dashboard.py` as a process."""

    def __init__(self, home: Path, **variables: str) -> None:
        self.port = free_port()
        command = [sys.executable, "-m", "streamlit", "run", "dashboard.py", "--server.headless", "true"]
        self.process = subprocess.Popen(
            [*command, "--server.port", str(self.port)],
            cwd=ROOT,
            env=os.environ | {"PUNCTUAL_HOME": str(home)} | variables,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )

    def answers(self) -> bool:
        """Return whether its server responds."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stcore/health", timeout=1) as response:
                return response.status == 200
        except OSError:
            return False

    def end(self, number: int) -> None:
        """Send a signal, and wait for the end."""
        self.process.send_signal(number)
        self.process.wait(20)


@pytest.fixture
def files(home):
    return WorkerFiles(home.home.path)


@pytest.fixture
def pid(files, home, eventually):
    """Return a function that returns the process id of the worker that fires, another one than `other`."""

    def running(other=None):
        def found():
            record = WorkerRecord.read(files) if worker_runs(files) else None
            return record and record.pid != other and home.one_machine.has_live_runner() and record.pid

        return eventually(found)

    return running


@pytest.fixture
def dashboard(home, files, eventually):
    """Return a function that starts a dashboard and waits until it responds."""
    started = []

    def start(**variables):
        started.append(Dashboard(home.home.path, **variables))
        eventually(started[-1].answers)
        return started[-1]

    yield start
    for each in started:
        each.process.kill()
        each.process.wait()
    if worker_runs(files) and (record := WorkerRecord.read(files)):
        os.kill(record.pid, signal.SIGKILL)


@pytest.fixture
def schedule(home):
    """Schedule a post that is due in three seconds; return its id."""

    def schedule_post(*destinations):
        due = (home.clock() + timedelta(seconds=3.1)).replace(microsecond=0)
        post = compose(
            post_id=new_post_id(),
            text="Through a crash",
            destinations=destinations or ("outbox",),
            wall=due.replace(tzinfo=None),
            zone="UTC",
            which=None,
            late_after_minutes=60,
            accounts=home.accounts,
            networks=home.networks,
        )
        return home.schedules.schedule(post).post.post_id

    return schedule_post


@pytest.fixture
def due(home, eventually):
    """Return a function that waits for the instant just before a post is due."""

    def wait(post_id):
        instant = home.ledger.get(post_id).post.due_at - timedelta(seconds=0.05)
        eventually(lambda: home.clock() >= instant)

    return wait


@pytest.fixture
def published(home, eventually):
    """Return a function that waits until a post is published, and returns its lag in seconds."""

    def wait(post_id):
        def run():
            return next((run for run in runs(home.ledger, limit=10) if (run.post_id, run.state) == key), None)

        key = (post_id, "published")
        return eventually(run).lag_ms / 1000

    yield wait
    entries = [entry.post_id for entry in home.outbox.feed(limit=100)]
    assert len(entries) == len(set(entries))


def test_a_stopped_dashboard_delays_no_post(dashboard, pid, schedule, published):
    stopped = dashboard()
    pid()
    post_id = schedule()
    stopped.process.send_signal(signal.SIGSTOP)
    assert published(post_id) < MOST_LATE
    assert not stopped.answers()


def test_foreign_handshakes_while_the_address_service_hangs_delay_no_post(dashboard, pid, schedule, published):
    """Streamlit asks checkip.amazonaws.com in its event loop for the address to compare an unknown origin with."""
    with socket.create_server(("127.0.0.1", 0)) as hanging:
        proxy = f"http://127.0.0.1:{hanging.getsockname()[1]}"
        flooded = dashboard(http_proxy=proxy, https_proxy=proxy)
        pid()
        post_id, ended = schedule(), threading.Event()

        def flood():
            while not ended.is_set():
                with socket.create_connection(("127.0.0.1", flooded.port), timeout=5) as connection:
                    connection.sendall(HANDSHAKE % flooded.port)

        flooding = threading.Thread(target=flood)
        flooding.start()
        try:
            assert published(post_id) < MOST_LATE
        finally:
            ended.set()
            flooding.join()


def test_the_worker_publishes_after_its_dashboard_was_killed_and_the_next_one_takes_it_over(
    dashboard, pid, schedule, published, files
):
    first = dashboard()
    worker = pid()
    post_id = schedule()
    first.end(signal.SIGKILL)
    assert published(post_id) < MOST_LATE
    second = dashboard()
    assert pid() == worker
    second.end(signal.SIGTERM)
    assert not worker_runs(files)


def test_a_worker_that_is_killed_when_a_post_is_due_is_replaced_and_publishes_it(
    dashboard, pid, schedule, due, published
):
    dashboard()
    worker = pid()
    post_id = schedule()
    due(post_id)
    os.kill(worker, signal.SIGKILL)
    assert published(post_id) < 3 * MOST_LATE
    assert pid(other=worker)


def test_the_next_dashboard_publishes_what_was_due_when_both_processes_were_killed(
    dashboard, pid, schedule, due, published
):
    first = dashboard()
    worker = pid()
    post_id = schedule()
    due(post_id)
    os.kill(worker, signal.SIGKILL)
    first.end(signal.SIGKILL)
    dashboard()
    published(post_id)


def test_two_dashboards_have_one_worker_which_outlives_the_first_of_them(dashboard, pid, schedule, published, files):
    first, second = dashboard(), dashboard()
    worker = pid()
    first.end(signal.SIGTERM)
    assert published(schedule()) < MOST_LATE
    assert pid() == worker
    second.end(signal.SIGTERM)
    assert not worker_runs(files)


def test_ctrl_c_ends_the_dashboard_and_then_the_worker_which_finishes_its_post(
    dashboard, pid, schedule, published, home, files, slow_webhook, eventually
):
    form = {"name": "slow", "address": slow_webhook.address, "deduplicates": "no"}
    home.accounts.connect(home.networks["webhook"].connect(form))
    interrupted = dashboard()
    pid()
    post_id = schedule("webhook:slow")
    eventually(slow_webhook.received.is_set)
    os.killpg(interrupted.process.pid, signal.SIGINT)
    eventually(lambda: not interrupted.answers())
    slow_webhook.respond.set()
    interrupted.process.wait(20)
    assert not worker_runs(files)
    published(post_id)


def test_a_worker_that_a_person_started_serves_the_dashboard_and_stays(dashboard, pid, home, schedule, published):
    command = [sys.executable, "-m", "core", "engine", "--home", str(home.home.path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL) as worker:
        try:
            assert pid() == worker.pid
            dashboard().end(signal.SIGTERM)
            assert published(schedule()) < MOST_LATE
            assert pid() == worker.pid
        finally:
            worker.terminate()
