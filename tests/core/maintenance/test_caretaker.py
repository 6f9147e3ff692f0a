"""Duties that are done again and again."""

import logging
import threading
from datetime import timedelta

import pytest

from core.errors import PunctualError
from core.maintenance.caretaker import Caretaker, at_most_every


class Nothing(PunctualError):
    """Nothing works today."""

    hint = "Go home."


@pytest.mark.parametrize("fault", [Nothing("It is broken."), ZeroDivisionError("one of ours")])
def test_a_duty_that_fails_is_told_and_ends_no_other(caplog, fault):
    done = threading.Semaphore(0)

    def fail():
        raise fault

    caretaker = Caretaker({"mend it": fail, "tidy": done.release}, name="errands", every_seconds=0.01)
    with caplog.at_level(logging.WARNING):
        caretaker.start()
        assert all(done.acquire(timeout=5) for _ in range(3))
        caretaker.stop()
    assert "Could not mend it" in caplog.text


def test_what_is_seldom_is_done_at_once_and_then_after_its_pause(clock):
    done = []
    duty = at_most_every(timedelta(days=1), lambda: done.append(clock()), clock)
    for hours in (0, 12, 11, 1, 1):
        clock.move(hours=hours)
        duty()
    assert len(done) == 2


def test_a_clock_that_was_wrong_and_is_set_back_holds_nothing_up(clock):
    done = []
    duty = at_most_every(timedelta(hours=1), lambda: done.append(clock()), clock)
    clock.move(days=365)
    duty()
    clock.move(days=-365)
    for _ in range(2):
        duty()
    assert len(done) == 2


def test_what_is_seldom_and_failed_is_tried_next_time(clock):
    tried = []

    def fail():
        tried.append(clock())
        raise Nothing("It is broken.")

    duty = at_most_every(timedelta(days=1), fail, clock)
    for _ in range(2):
        with pytest.raises(Nothing):
            duty()
    assert len(tried) == 2
