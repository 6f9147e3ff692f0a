"""What becomes of outcomes: all written down, in order, whatever the disk and the others of them do."""

import threading

import pytest

from core.database import StorageFault
from core.engine.recorder import Recorder


class Recorded:
    """What a recorder says that it has dealt with."""

    def __init__(self):
        self.count = 0
        self.dues = []
        self._changed = threading.Condition()

    def __call__(self, count, dues):
        with self._changed:
            self.count += count
            self.dues += dues
            self._changed.notify_all()

    def wait_for(self, count):
        with self._changed:
            assert self._changed.wait_for(lambda: self.count >= count, 10), self.count


@pytest.fixture
def recorded():
    return Recorded()


@pytest.fixture
def stopping():
    return threading.Event()


@pytest.fixture
def recorder(store, stopping, recorded):
    """A recorder whose one writer leaves after the test, if it has not."""
    recorder = Recorder(store, stopping=stopping, recorded=recorded)
    yield recorder
    stopping.set()
    recorder.leave()


@pytest.fixture
def thread():
    """Return the recorder's thread."""
    return lambda: next(each for each in threading.enumerate() if each.name == "engine-recorder")


@pytest.fixture
def disk(store, monkeypatch):
    """The commits of notes; while `full` is set, the disk refuses them."""

    class Disk:
        full = threading.Event()
        tried = 0

        def note(self, work):
            self.tried += 1
            if self.full.is_set():
                raise StorageFault(store.database.path, "database or disk is full")
            return note(work)

    disk, note = Disk(), store.note
    monkeypatch.setattr(store, "note", disk.note)
    monkeypatch.setattr("core.engine.recorder.PATIENCE", 0.005)
    return disk


@pytest.fixture
def token(store):
    """Return an outcome that leaves a mark in the file."""

    def outcome_of(name, due=None):
        def outcome(connection):
            connection.execute("INSERT INTO client_token VALUES (?, 'x', x'', 0)", (name,))
            return due

        return outcome

    return outcome_of


@pytest.fixture
def written(store):
    """Return the marks in the file."""
    return lambda: [row["token"] for row in store.database.read("SELECT token FROM client_token ORDER BY token")]


def fail(connection):
    raise ZeroDivisionError


def test_what_waits_shares_a_transaction_and_is_written_in_its_order(recorder, recorded, store, disk):
    order = []
    for number in range(50):
        recorder.put(lambda connection, number=number: order.append(number))
    recorder.start(1)
    recorded.wait_for(50)
    assert order == list(range(50))
    assert disk.tried == 1


def test_whoever_wakes_for_the_next_attempts_is_told_when_they_are_due(recorder, recorded, token):
    for name, due in (("a", 7), ("b", None), ("c", 5)):
        recorder.put(token(name, due))
    recorder.start(1)
    recorded.wait_for(3)
    assert recorded.dues == [7, 5]


def test_claims_are_not_given_up_before_their_outcomes_are_stored(recorder, recorded, disk, token, written, eventually):
    disk.full.set()
    recorder.put(token("a"))
    recorder.start(1)
    eventually(lambda: disk.tried >= 3)
    assert (recorded.count, written()) == (0, [])
    disk.full.clear()
    recorded.wait_for(1)
    assert written() == ["a"]


def test_what_comes_while_the_disk_refuses_is_stored_once_it_has_room(recorder, recorded, disk, token, written):
    disk.full.set()
    recorder.put(token("a"))
    recorder.start(1)
    recorder.put(token("b"))
    disk.full.clear()
    recorded.wait_for(2)
    assert written() == ["a", "b"]


def test_once_all_stops_the_disk_is_asked_only_once_more(recorder, recorded, disk, stopping, token, written):
    disk.full.set()
    stopping.set()
    recorder.put(token("a"))
    recorder.start(1)
    recorded.wait_for(1)
    assert (disk.tried, recorded.dues, written()) == (1, [], [])


@pytest.mark.parametrize("others", [["a"], ["a", "b"]])
def test_an_outcome_that_cannot_be_written_takes_no_other_along(recorder, recorded, token, written, caplog, others):
    recorder.put(fail)
    for due, name in enumerate(others):
        recorder.put(token(name, due))
    recorder.start(1)
    recorded.wait_for(1 + len(others))
    assert (written(), recorded.dues) == (others, [*range(len(others))])
    (logged,) = caplog.records
    assert "ZeroDivisionError" in logged.exc_text


def test_an_outcome_that_cannot_be_written_does_not_end_the_recording(recorder, recorded, token, written):
    recorder.put(fail)
    recorder.start(1)
    recorded.wait_for(1)
    recorder.put(token("a"))
    recorded.wait_for(2)
    assert written() == ["a"]


def test_the_recording_ends_with_the_last_writer_and_not_before(recorder, recorded, token, written, thread):
    recorder.start(2)
    running = thread()
    recorder.leave()
    recorder.put(token("a"))
    recorded.wait_for(1)
    assert running.is_alive()
    recorder.put(token("b"))
    recorder.leave()
    running.join(10)
    assert not running.is_alive()
    assert written() == ["a", "b"]


def test_all_writers_may_leave_at_once(recorder):
    for _ in range(3):
        recorder.leave()
    recorder.start(3)
    running = [each for each in threading.enumerate() if each.name == "engine-recorder"]
    for each in running:
        each.join(10)
        assert not each.is_alive()
