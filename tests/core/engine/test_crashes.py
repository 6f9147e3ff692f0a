"""Real processes that are killed: what was acknowledged fires all the same."""

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

FIRING = Path(__file__).with_name("firing.py")
FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"


@pytest.fixture
def home(tmp_path):
    return tmp_path


@pytest.fixture
def store(home):
    """The home as a process that does not fire has it open."""
    store = Store(home / "engine.db", now=real_clock())
    yield store
    store.close()


@pytest.fixture
def schedule(store):
    """Create a schedule that is due in some seconds, and return when."""
    scheduler = local_clients(Api(store, real_clock)).scheduler

    def create(name, *, seconds=0.0):
        due = real_clock() + timedelta(seconds=seconds)
        scheduler.create_schedule(
            Name=name,
            ScheduleExpression=f"at({due:%Y-%m-%dT%H:%M:%S})",
            FlexibleTimeWindow={"Mode": "OFF"},
            ActionAfterCompletion="DELETE",
            Target={"Arn": FUNCTION, "RoleArn": "arn:aws:iam::000000000000:role/x", "Input": "{}"},
        )
        return due

    return create


@pytest.fixture
def engine(home):
    """Start an engine that dies at a point; those that live are killed after the test."""
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
    """The names that were fired so far, with how often."""

    def count():
        path = home / "fired"
        return Counter(line.split()[0] for line in path.read_text().splitlines()) if path.exists() else Counter()

    return count


def eventually(holds, timeout=20):
    deadline = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def kill(process):
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_process_killed_before_the_due_instant_leaves_it_to_the_next_one(schedule, engine, fired):
    due = schedule("post", seconds=1.5)
    kill(engine())
    assert fired() == {}
    engine()
    eventually(lambda: fired() == {"post": 1})
    assert real_clock() >= due.replace(microsecond=0)


def test_a_post_that_is_overdue_after_a_crash_fires_at_once(schedule, engine, fired):
    kill(engine())
    schedule("post", seconds=-3600)
    engine()
    eventually(lambda: fired() == {"post": 1})


def test_what_a_killed_process_had_claimed_is_fired_by_the_next_one_at_once(schedule, engine, fired, home):
    schedule("post")
    engine("after claiming").wait()
    assert fired() == {}
    begun = time.monotonic()
    engine()
    eventually(lambda: fired() == {"post": 1})
    assert time.monotonic() - begun < 10  # far less than the minute that a lease lasts
    assert (home / "fired").read_text().split()[2] == "2"


def test_another_process_that_runs_takes_over_within_seconds(schedule, engine, fired):
    doomed = engine(takes=30)
    schedule("post")
    time.sleep(0.6)
    survivor = engine()
    kill(doomed)
    eventually(lambda: fired() == {"post": 1})
    assert survivor.poll() is None


def test_an_attempt_that_was_made_but_not_recorded_is_made_again_under_the_same_id(schedule, engine, fired, home):
    """At least once: the fence behind the function makes the second one harmless, by the occurrence that both name."""
    schedule("post")
    engine("before recording").wait()
    engine()
    eventually(lambda: fired() == {"post": 2})
    ids = {line.split()[1] for line in (home / "fired").read_text().splitlines()}
    assert len(ids) == 1


@pytest.mark.parametrize("takes", [0.0, 0.1])
def test_random_kills_under_load_lose_nothing(schedule, engine, fired, home, store, takes):
    """The short form of benchmarks/soak.py."""
    chance = random.Random(7)
    acknowledged = set()
    for round_number in range(6):
        process = engine(takes=takes)
        for number in range(40):
            name = f"r{round_number}-{number}"
            schedule(name, seconds=chance.choice([-1, 0, 0, 1, 2]))
            acknowledged.add(name)
        time.sleep(chance.uniform(0, 0.4))
        kill(process)
    engine()
    eventually(lambda: set(fired()) == acknowledged and store.next_due() is None)
    invocations = Counter(line.split()[1] for line in (home / "fired").read_text().splitlines())
    assert len(invocations) == len(acknowledged)
    store.database.check()
