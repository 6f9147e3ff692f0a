import logging
import threading
from datetime import timedelta

import pytest

from core.errors import PunctualError
from core.maintenance.caretaker import Caretaker, at_most_every


class Broken(PunctualError):
    """A fault that a person can act on."""

    hint = "Mend it."


@pytest.mark.parametrize("fault", [Broken("It is broken."), ZeroDivisionError("one of ours")])
def test_a_failing_task_is_logged_and_stops_no_other(caplog, fault):
    done = threading.Semaphore(0)

    def fail():
        raise fault

    caretaker = Caretaker({"mend it": fail, "tidy": done.release}, interval_seconds=0.01)
    with caplog.at_level(logging.WARNING):
        caretaker.start()
        assert all(done.acquire(timeout=5) for _ in range(3))
        caretaker.stop()
    assert "Could not mend it" in caplog.text


def test_a_limited_task_runs_at_once_and_then_once_per_pause(clock):
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
    tried = []

    def fail():
        tried.append(clock())
        raise Broken("It is broken.")

    task = at_most_every(timedelta(days=1), fail, clock)
    for _ in range(2):
        with pytest.raises(Broken):
            task()
    assert len(tried) == 2
