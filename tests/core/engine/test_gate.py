"""The gate: quick functions take turns, slow ones hold up nobody."""

import threading

import pytest

from core.engine import gate
from core.engine.gate import AT_ONCE, Gate

LONG = 60.0


class Threads:
    """Threads that enter a gate, one after the other, and leave it when they are told."""

    def __init__(self, entrance: Gate) -> None:
        self._entrance = entrance
        self._taking = threading.Lock()
        self._leaving = [threading.Event() for _ in range(2 * AT_ONCE + 1)]
        self.inside: list[int] = []
        self._changed = threading.Condition()

    def enter(self, number: int) -> None:
        threading.Thread(target=self._run, args=(number,), daemon=True).start()

    def leave(self, number: int) -> None:
        self._leaving[number].set()

    def are_inside(self, count: int, timeout: float = 10.0) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: len(self.inside) >= count, timeout)

    def _run(self, number: int) -> None:
        with self._taking:
            self._entrance.enter()
        with self._changed:
            self.inside.append(number)
            self._changed.notify_all()
        self._leaving[number].wait(LONG)
        self._entrance.leave()


@pytest.fixture
def threads():
    """Threads before a gate; all of them leave in the end."""
    threads = Threads(Gate())
    yield threads
    for number in range(2 * AT_ONCE + 1):
        threads.leave(number)


def test_a_function_waits_while_as_many_run_as_may_and_begins_when_one_of_them_is_done(threads, monkeypatch):
    monkeypatch.setattr(gate, "QUICK", LONG)
    for number in range(AT_ONCE):
        threads.enter(number)
    assert threads.are_inside(AT_ONCE)
    threads.enter(AT_ONCE)
    assert not threads.are_inside(AT_ONCE + 1, timeout=0.05)
    threads.leave(0)
    assert threads.are_inside(AT_ONCE + 1)


def test_functions_that_take_long_hold_up_nobody(threads):
    for number in range(2 * AT_ONCE + 1):
        threads.enter(number)
    assert threads.are_inside(2 * AT_ONCE + 1)


def test_a_slow_function_that_is_done_makes_no_room_a_second_time(threads, monkeypatch):
    for number in range(AT_ONCE + 1):
        threads.enter(number)
    assert threads.are_inside(AT_ONCE + 1)  # the first ones count as slow by now
    monkeypatch.setattr(gate, "QUICK", LONG)
    for number in range(AT_ONCE + 1, 2 * AT_ONCE):
        threads.enter(number)
    assert threads.are_inside(2 * AT_ONCE)  # as many quick ones as may be
    threads.leave(0)
    threads.enter(2 * AT_ONCE)
    assert not threads.are_inside(2 * AT_ONCE + 1, timeout=0.05)
    threads.leave(AT_ONCE)
    assert threads.are_inside(2 * AT_ONCE + 1)
