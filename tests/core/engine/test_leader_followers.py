"""One thread processes invocations while the process is busy; blocked functions do not delay others."""

import threading
import time
from datetime import UTC, datetime
from queue import SimpleQueue

import pytest

from core.engine import leader_followers
from core.engine.invocations import Invocation
from core.engine.leader_followers import LeaderFollowers

LONG = 60.0
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)


def new_invocation(name):
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
    """Threads that process invocations. An invocation ends at once unless the test blocks it."""

    def __init__(self, count):
        self.process_is_idle = True
        self._ready = SimpleQueue()
        self._leader_followers = LeaderFollowers(
            self._ready, self._record_idle, lambda: 0.0 if self.process_is_idle else 1e3 * time.monotonic()
        )
        self._blocked = {}
        self._changed = threading.Condition()
        self.started = []
        """The started invocations: names and threads."""
        self.events = []
        """The events of all threads, in order: the name of a started invocation or `idle`, and the thread."""
        self._threads = [threading.Thread(target=self._work, daemon=True) for _ in range(count)]
        for thread in self._threads:
            thread.start()

    def block(self, name):
        self._blocked[name] = threading.Event()

    def release(self, name):
        self._blocked[name].set()

    def put(self, *names):
        for name in names:
            self._ready.put(new_invocation(name))

    def wait_for_started(self, count, timeout=10.0):
        with self._changed:
            return self._changed.wait_for(lambda: len(self.started) >= count, timeout)

    def end(self):
        for event in self._blocked.values():
            event.set()
        for _ in self._threads:
            self._ready.put(None)
        for thread in self._threads:
            thread.join(10)
        return not any(thread.is_alive() for thread in self._threads)

    def _record_idle(self):
        self.events.append(("idle", threading.current_thread()))

    def _work(self):
        while (invocation := self._leader_followers.next_invocation()) is not None:
            with self._changed:
                self.started.append((invocation.id, threading.current_thread()))
                self.events.append((invocation.id, threading.current_thread()))
                self._changed.notify_all()
            if invocation.id in self._blocked:
                self._blocked[invocation.id].wait(LONG)


def becomes_true(condition):
    """Return whether a condition becomes true within ten seconds."""
    deadline = time.monotonic() + 10
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.001)
    return condition()


@pytest.fixture
def workers():
    workers = Workers(4)
    yield workers
    assert workers.end(), "every thread ends"


@pytest.fixture
def busy(workers, monkeypatch):
    """Return workers in a process that is busy for longer than the test."""
    monkeypatch.setattr(leader_followers, "MAX_LEADER_SECONDS", LONG)
    workers.process_is_idle = False
    return workers


def test_one_thread_processes_everything_in_order_while_the_process_is_busy(busy):
    names = [f"post-{number}" for number in range(50)]
    busy.put(*names[:30])
    assert busy.wait_for_started(30)
    busy.put(*names[30:])
    assert busy.wait_for_started(50)
    assert [name for name, _ in busy.started] == names
    assert len({thread for _, thread in busy.started}) == 1


def test_while_the_process_is_busy_the_next_invocation_waits_for_the_last_one(busy):
    busy.block("first")
    busy.put("first", "second")
    assert busy.wait_for_started(1)
    assert not busy.wait_for_started(2, timeout=0.05)
    busy.release("first")
    assert busy.wait_for_started(2)


def test_once_the_process_is_idle_the_next_invocation_starts(busy):
    busy.block("first")
    busy.put("first", "second")
    assert busy.wait_for_started(1)
    assert not busy.wait_for_started(2, timeout=0.05)
    busy.process_is_idle = True
    assert busy.wait_for_started(2)


def test_a_busy_process_holds_back_the_next_invocation_only_for_the_maximum_time(workers):
    workers.process_is_idle = False
    workers.block("first")
    workers.put("first", "second")
    assert workers.wait_for_started(2)


def test_blocked_functions_do_not_delay_others_while_there_are_threads(workers):
    for name in ("a", "b", "c"):
        workers.block(name)
    workers.put("a", "b", "c", "d", "e")
    assert workers.wait_for_started(5)


def test_a_blocked_function_after_an_empty_queue_does_not_delay_others(workers):
    workers.put("quick")
    assert workers.wait_for_started(1)
    workers.block("slow")
    workers.put("slow", "next")
    assert workers.wait_for_started(3)


def test_a_former_leader_becomes_a_follower_again(workers):
    for name in ("a", "b", "c", "d"):
        workers.block(name)
    workers.put("a", "b", "c", "d", "e")
    assert workers.wait_for_started(4)
    assert not workers.wait_for_started(5, timeout=0.05)
    workers.release("b")
    assert workers.wait_for_started(5)
    threads = dict(workers.started)
    assert threads["e"] is threads["b"]


def test_a_leader_is_watched_for_longer_after_a_quick_invocation(workers, monkeypatch):
    monkeypatch.setattr(leader_followers, "WATCH_SECONDS", LONG)
    for name in ("a", "b"):
        workers.block(name)
    workers.put("a", "b", "quick")
    assert workers.wait_for_started(3)
    workers.block("c")
    workers.put("c", "d")
    assert workers.wait_for_started(4)
    assert not workers.wait_for_started(5, timeout=0.05)


def test_on_idle_is_called_once_nothing_is_ready_and_not_before(busy):
    busy.block("first")
    busy.put("first", "second", "third")
    assert busy.wait_for_started(1)
    busy.release("first")
    assert busy.wait_for_started(3)
    leader = busy.started[0][1]
    assert becomes_true(lambda: [event for event, thread in busy.events if thread is leader][-1] == "idle")
    events = [event for event, thread in busy.events if thread is leader]
    assert events[events.index("first") :] == ["first", "second", "third", "idle"]


def test_on_idle_is_called_before_a_former_leader_waits(workers):
    workers.block("slow")
    workers.put("slow", "next")
    assert workers.wait_for_started(2)
    former_leader = workers.started[0][1]
    workers.block("more")
    workers.put("more")
    assert workers.wait_for_started(3)
    workers.release("slow")
    assert becomes_true(lambda: [event for event, thread in workers.events if thread is former_leader][-1] == "idle")


def test_on_idle_is_called_before_each_thread_ends():
    workers = Workers(3)
    workers.put("one")
    assert workers.wait_for_started(1)
    assert workers.end()
    last_events = {thread: event for event, thread in workers.events}
    assert list(last_events.values()) == ["idle"] * 3
