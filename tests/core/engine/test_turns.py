"""Turns: one thread goes through what is quick, and what is slow holds up nobody."""

import threading
from datetime import UTC, datetime
from queue import SimpleQueue

import pytest

from core.engine import turns
from core.engine.invocations import Invocation
from core.engine.turns import Turns

LONG = 60.0
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def invocation(name):
    return Invocation(
        id=name,
        function_arn="arn",
        payload=b"{}",
        attempt=1,
        scheduled_at=NOON,
        schedule_name=name,
        first_due=NOON,
    )


class Workers:
    """Threads that go through invocations; each ends as soon as it is not held."""

    def __init__(self, count):
        self._ready = SimpleQueue()
        self._turns = Turns(self._ready)
        self._held = {}
        self._changed = threading.Condition()
        self.begun = []
        """The names of what was begun, each with the thread that did."""
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def hold(self, name):
        self._held[name] = threading.Event()

    def release(self, name):
        self._held[name].set()

    def put(self, *names):
        for name in names:
            self._ready.put(invocation(name))

    def have_begun(self, count, timeout=10.0):
        with self._changed:
            return self._changed.wait_for(lambda: len(self.begun) >= count, timeout)

    def end(self):
        for event in self._held.values():
            event.set()
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            thread.join(10)
        return not any(thread.is_alive() for thread in self._threads)

    def _work(self):
        while (given := self._turns.next()) is not None:
            with self._changed:
                self.begun.append((given.id, threading.current_thread()))
                self._changed.notify_all()
            if given.id in self._held:
                self._held[given.id].wait(LONG)


@pytest.fixture
def workers():
    workers = Workers(4)
    yield workers
    assert workers.end(), "every thread ends"


@pytest.fixture
def _patient(monkeypatch):
    """Whatever the machine is busy with, nothing counts as slow."""
    monkeypatch.setattr(turns, "QUICK", LONG)


@pytest.mark.usefixtures("_patient")
def test_one_thread_goes_through_all_that_is_quick_in_order(workers):
    names = [f"post-{number}" for number in range(50)]
    workers.put(*names[:30])
    assert workers.have_begun(30)
    workers.put(*names[30:])
    assert workers.have_begun(50)
    assert [name for name, _ in workers.begun] == names
    assert len({thread for _, thread in workers.begun}) == 1


@pytest.mark.usefixtures("_patient")
def test_while_a_quick_one_runs_the_next_one_waits(workers):
    workers.hold("first")
    workers.put("first", "second")
    assert workers.have_begun(1)
    assert not workers.have_begun(2, timeout=0.05)
    workers.release("first")
    assert workers.have_begun(2)


def test_slow_ones_hold_up_nobody_while_there_are_threads(workers):
    for name in ("a", "b", "c"):
        workers.hold(name)
    workers.put("a", "b", "c", "d", "e")
    assert workers.have_begun(5)


def test_a_slow_one_that_comes_after_nothing_was_ready_holds_up_nobody(workers):
    workers.put("quick")
    assert workers.have_begun(1)
    workers.hold("slow")
    workers.put("slow", "next")
    assert workers.have_begun(3)


def test_a_thread_that_was_slow_lines_up_again(workers):
    for name in ("a", "b", "c", "d"):
        workers.hold(name)
    workers.put("a", "b", "c", "d", "e")
    assert workers.have_begun(4)
    assert not workers.have_begun(5, timeout=0.05)
    workers.release("b")
    assert workers.have_begun(5)
    by_name = dict(workers.begun)
    assert by_name["e"] is by_name["b"]
