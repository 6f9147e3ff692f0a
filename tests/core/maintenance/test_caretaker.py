import logging
import threading
from datetime import timedelta

import pytest

from core.errors import PunctualError
from core.maintenance.caretaker import Caretaker, at_most_every
from core.storage.identity import HomeReplaced


class TaskFailed(PunctualError):
    """An error that a person can act on."""

    hint = "Repair it."


@pytest.mark.parametrize("fault", [TaskFailed("It is broken."), ZeroDivisionError("a bug in the task")])
def test_a_failing_task_is_logged_and_does_not_stop_the_others(caplog, fault):
    done = threading.Semaphore(0)

    def fail():
        raise fault

    caretaker = Caretaker({"repair it": fail, "tidy": done.release}, interval_seconds=0.01)
    with caplog.at_level(logging.WARNING):
        caretaker.start()
        assert all(done.acquire(timeout=5) for _ in range(3))
        caretaker.stop()
    assert "Could not repair it" in caplog.text


def test_a_limited_task_runs_at_once_and_then_once_per_interval(clock):
    done = []
    task = at_most_every(timedelta(days=1), lambda: done.append(clock()), clock)
    for hours in (0, 12, 11, 1, 1):
        clock.move(hours=hours)
        task()
    assert len(done) == 2


def test_a_limited_task_runs_again_after_the_clock_is_set_back(clock):
    done = []
    task = at_most_every(timedelta(hours=1), lambda: done.append(clock()), clock)
    clock.move(days=365)
    task()
    clock.move(days=-365)
    for _ in range(2):
        task()
    assert len(done) == 2


def test_a_limited_task_that_failed_runs_at_the_next_call(clock):
    attempts = []

    def fail():
        attempts.append(clock())
        raise TaskFailed("It is broken.")

    task = at_most_every(timedelta(days=1), fail, clock)
    for _ in range(2):
        with pytest.raises(TaskFailed):
            task()
    assert len(attempts) == 2


def test_no_further_task_starts_after_stop():
    started, released, done = threading.Event(), threading.Event(), []

    def first():
        started.set()
        released.wait(5)

    caretaker = Caretaker({"begin": first, "go on": lambda: done.append(1)}, interval_seconds=0.01)
    caretaker.start()
    started.wait(5)
    stopping = threading.Thread(target=caretaker.stop)
    stopping.start()
    while not caretaker._stopped.is_set():
        pass
    released.set()
    stopping.join(5)
    assert done == []


def test_no_further_task_starts_after_the_home_was_replaced(caplog, tmp_path):
    done = []

    def check_home():
        if done:
            raise HomeReplaced(tmp_path)

    caretaker = Caretaker(
        {"begin": lambda: done.append(1), "go on": lambda: done.append(2)}, interval_seconds=0.01, check_home=check_home
    )
    caretaker.start()
    caretaker._thread.join(5)
    assert done == [1]
    assert "No further task starts" in caplog.text
