"""Turns: one thread goes on while the process has work, and what waits for somebody else holds up nobody."""

import threading
import time
from datetime import UTC, datetime
from queue import SimpleQueue

import pytest

from core.engine import leader_followers
from core.engine.invocations import Invocation
from core.engine.leader_followers import Turns

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
    """Threads that go through invocations; each is done at once unless it is held."""

    def __init__(self, count):
        self.process_idles = True
        self._ready = SimpleQueue()
        self._turns = Turns(self._ready, self._rest, lambda: 0.0 if self.process_idles else 1e3 * time.monotonic())
        self._held = {}
        self._changed = threading.Condition()
        self.begun = []
        """The names of what was begun, each with the thread that did."""
        self.story = []
        """What each thread did, in order: the name of what it began, or that it rests."""
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

    def _rest(self):
        self.story.append(("rests", threading.current_thread()))

    def _work(self):
        while (given := self._turns.next()) is not None:
            with self._changed:
                self.begun.append((given.id, threading.current_thread()))
                self.story.append((given.id, threading.current_thread()))
                self._changed.notify_all()
            if given.id in self._held:
                self._held[given.id].wait(LONG)


def wait_for(true):
    """Tell whether something becomes true within ten seconds."""
    ends = time.monotonic() + 10
    while not true() and time.monotonic() < ends:
        time.sleep(0.001)
    return true()


@pytest.fixture
def workers():
    workers = Workers(4)
    yield workers
    assert workers.end(), "every thread ends"


@pytest.fixture
def busy(workers, monkeypatch):
    """Workers in a process that has so much to do that nobody goes on in another one's place."""
    monkeypatch.setattr(leader_followers, "LONGEST", LONG)
    workers.process_idles = False
    return workers


def test_one_thread_goes_through_all_that_is_there_in_order(busy):
    names = [f"post-{number}" for number in range(50)]
    busy.put(*names[:30])
    assert busy.have_begun(30)
    busy.put(*names[30:])
    assert busy.have_begun(50)
    assert [name for name, _ in busy.begun] == names
    assert len({thread for _, thread in busy.begun}) == 1


def test_while_the_process_has_work_the_next_one_waits_until_the_last_one_is_done(busy):
    busy.hold("first")
    busy.put("first", "second")
    assert busy.have_begun(1)
    assert not busy.have_begun(2, timeout=0.05)
    busy.release("first")
    assert busy.have_begun(2)


def test_once_the_process_idles_the_next_one_goes_on(busy):
    busy.hold("first")
    busy.put("first", "second")
    assert busy.have_begun(1)
    assert not busy.have_begun(2, timeout=0.05)
    busy.process_idles = True
    assert busy.have_begun(2)


def test_even_while_the_process_has_work_nobody_is_held_up_for_ever(workers):
    workers.process_idles = False
    workers.hold("first")
    workers.put("first", "second")
    assert workers.have_begun(2)


def test_those_that_wait_for_somebody_else_hold_up_nobody_while_there_are_threads(workers):
    for name in ("a", "b", "c"):
        workers.hold(name)
    workers.put("a", "b", "c", "d", "e")
    assert workers.have_begun(5)


def test_one_that_comes_after_nothing_was_ready_holds_up_nobody(workers):
    workers.put("quick")
    assert workers.have_begun(1)
    workers.hold("slow")
    workers.put("slow", "next")
    assert workers.have_begun(3)


def test_a_thread_that_lost_its_turn_lines_up_again(workers):
    for name in ("a", "b", "c", "d"):
        workers.hold(name)
    workers.put("a", "b", "c", "d", "e")
    assert workers.have_begun(4)
    assert not workers.have_begun(5, timeout=0.05)
    workers.release("b")
    assert workers.have_begun(5)
    by_name = dict(workers.begun)
    assert by_name["e"] is by_name["b"]


def test_a_thread_is_looked_at_for_longer_once_one_was_quick(workers, monkeypatch):
    monkeypatch.setattr(leader_followers, "GLANCE", LONG)
    for name in ("a", "b"):
        workers.hold(name)
    workers.put("a", "b", "quick")
    assert workers.have_begun(3)
    workers.hold("c")
    workers.put("c", "d")
    assert workers.have_begun(4)
    assert not workers.have_begun(5, timeout=0.05)


def test_a_thread_rests_once_nothing_is_ready_and_not_before(busy):
    busy.hold("first")
    busy.put("first", "second", "third")
    assert busy.have_begun(1)
    busy.release("first")
    assert busy.have_begun(3)
    by = busy.begun[0][1]
    assert wait_for(lambda: [done for done, thread in busy.story if thread is by][-1] == "rests")
    done = [name for name, thread in busy.story if thread is by]
    assert done[done.index("first") :] == ["first", "second", "third", "rests"]


def test_a_thread_that_lost_its_turn_rests_before_it_lines_up_again(workers):
    workers.hold("slow")
    workers.put("slow", "next")
    assert workers.have_begun(2)
    slow = workers.begun[0][1]
    workers.hold("more")
    workers.put("more")
    assert workers.have_begun(3)
    workers.release("slow")
    assert wait_for(lambda: [name for name, thread in workers.story if thread is slow][-1] == "rests")


def test_every_thread_rests_before_it_ends():
    workers = Workers(3)
    workers.put("one")
    assert workers.have_begun(1)
    assert workers.end()
    last = {thread: name for name, thread in workers.story}
    assert list(last.values()) == ["rests"] * 3
