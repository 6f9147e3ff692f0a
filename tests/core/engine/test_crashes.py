"""After kills of real processes, every acknowledged schedule fires."""

import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest

from core.engine.api import Api
from core.engine.clients import local_clients
from core.engine.store import Store
from core.time.instants import real_clock
from tests.core.engine.arns import FUNCTION, ROLE

FIRING = Path(__file__).with_name("firing.py")


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def store(home):
    """Open the store of the home in this process, without a runner."""
    store = Store(home / "engine.db", now=real_clock())
    yield store
    store.close()


@pytest.fixture
def schedule(store):
    """Create a schedule that is due in `seconds`; return its due instant."""
    scheduler = local_clients(Api(store, real_clock)).scheduler

    def create(name, *, seconds=0.0):
        due = real_clock() + timedelta(seconds=seconds)
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={"Arn": FUNCTION, "RoleArn": ROLE, "Input": "{}"},
        )
        return due

    return create


@pytest.fixture
def engine(home):
    """Start an engine that kills itself at a point; kill it after the test if it still runs."""
    started = []

    def start(point="never", takes=0.0):
        command = [sys.executable, str(FIRING), str(home), point, str(takes)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline() == "started\n" or point != "never"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


@pytest.fixture
def fired(home):
    """Count the firings of each schedule."""

    def count():
        path = home / "fired"
        return Counter(line.split()[0] for line in path.read_text().splitlines()) if path.exists() else Counter()

    return count


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_schedule_fires_in_the_next_process_after_a_kill_before_its_instant(schedule, engine, fired, eventually):
    due = schedule("post", seconds=1.5)
    kill(engine())
    assert fired() == {}
    engine()
    eventually(lambda: fired() == {"post": 1})
    assert real_clock() >= due.replace(microsecond=0)


def test_a_schedule_overdue_after_a_crash_fires_at_once(schedule, engine, fired, eventually):
    kill(engine())
    schedule("post", seconds=-3600)
    engine()
    eventually(lambda: fired() == {"post": 1})


def test_the_next_process_fires_the_claims_of_a_killed_one_at_once(schedule, engine, fired, home, eventually):
    schedule("post")
    engine("after claiming").wait()
    assert fired() == {}
    started_at = time.monotonic()
    engine()
    eventually(lambda: fired() == {"post": 1})
    assert time.monotonic() - started_at < 10  # a lease lasts a minute
    assert (home / "fired").read_text().split()[2] == "2"


def test_a_running_process_takes_over_claims_within_seconds(schedule, engine, fired, eventually):
    first = engine(takes=30)
    schedule("post")
    time.sleep(0.6)
    second = engine()
    kill(first)
    eventually(lambda: fired() == {"post": 1})
    assert second.poll() is None


def test_an_unrecorded_attempt_is_repeated_with_the_same_id(schedule, engine, fired, home, eventually):
    """A function may run twice. The same id lets it recognise the second attempt."""
    schedule("post")
    engine("before recording").wait()
    engine()
    eventually(lambda: fired() == {"post": 2})
    ids = {line.split()[1] for line in (home / "fired").read_text().splitlines()}
    assert len(ids) == 1


@pytest.mark.parametrize("takes", [0.0, 0.1])
def test_random_kills_under_load_lose_no_schedule(schedule, engine, fired, home, store, eventually, takes):
    """A short version of benchmarks/soak.py."""
    randomness = random.Random(7)
    acknowledged = set()
    for round_number in range(6):
        process = engine(takes=takes)
        for number in range(40):
            name = f"r{round_number}-{number}"
            schedule(name, seconds=randomness.choice([-1, 0, 0, 1, 2]))
            acknowledged.add(name)
        time.sleep(randomness.uniform(0, 0.4))
        kill(process)
    engine()
    eventually(lambda: set(fired()) == acknowledged and store.next_due() is None)
    invocations = Counter(line.split()[1] for line in (home / "fired").read_text().splitlines())
    assert len(invocations) == len(acknowledged)
    store.database.check()
