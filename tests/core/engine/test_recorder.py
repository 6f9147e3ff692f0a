"""What becomes of outcomes: all written down, in order, whatever the disk and the others of them do."""

import threading

import pytest

from core.engine.recorder import Recorder
from core.storage.database import StorageFault


@pytest.fixture
def dues():
    """The instants that the recorder has told of."""
    return []


@pytest.fixture
def stopping():
    return threading.Event()


@pytest.fixture
def recorder(store, stopping, dues):
    """A recorder whose one writer leaves after the test, if it has not."""
    recorder = Recorder(store, stopping=stopping, on_due=dues.append)
    yield recorder
    stopping.set()
    recorder.leave()


@pytest.fixture
def finish(recorder):
    """Let the one writer leave, and wait until all is recorded."""

    def finish():
        recorder.leave()
        recorder.join(10)
        assert not any(thread.name == "engine-recorder" for thread in threading.enumerate())

    return finish


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


def test_what_waits_shares_a_transaction_and_is_written_in_its_order(recorder, finish, disk):
    order = []
    for number in range(50):
        recorder.put(lambda connection, number=number: order.append(number))
    recorder.start(1)
    finish()
    assert order == list(range(50))
    assert disk.tried == 1


def test_whoever_wakes_for_the_next_attempts_is_told_when_they_are_due(recorder, finish, dues, token):
    for name, due in (("a", 7), ("b", None), ("c", 5)):
        recorder.put(token(name, due))
    recorder.start(1)
    finish()
    assert dues == [7, 5]


def test_nobody_is_told_of_what_the_disk_has_refused(recorder, finish, dues, disk, token, written, eventually):
    disk.full.set()
    recorder.put(token("a", 7))
    recorder.start(1)
    eventually(lambda: disk.tried >= 3)
    assert (dues, written()) == ([], [])
    disk.full.clear()
    finish()
    assert (dues, written()) == ([7], ["a"])


def test_what_comes_while_the_disk_refuses_is_stored_once_it_has_room(recorder, finish, disk, token, written):
    disk.full.set()
    recorder.put(token("a"))
    recorder.start(1)
    recorder.put(token("b"))
    disk.full.clear()
    finish()
    assert written() == ["a", "b"]


def test_once_all_stops_the_disk_is_asked_only_once_more(recorder, finish, disk, dues, stopping, token, written):
    disk.full.set()
    stopping.set()
    recorder.put(token("a", 7))
    recorder.start(1)
    finish()
    assert (disk.tried, dues, written()) == (1, [], [])


@pytest.mark.parametrize("others", [["a"], ["a", "b"]])
def test_an_outcome_that_cannot_be_written_takes_no_other_along(recorder, finish, dues, token, written, caplog, others):
    recorder.put(fail)
    for due, name in enumerate(others):
        recorder.put(token(name, due))
    recorder.start(1)
    finish()
    assert (written(), dues) == (others, [*range(len(others))])
    (logged,) = caplog.records
    assert "ZeroDivisionError" in logged.exc_text


def test_an_outcome_that_cannot_be_written_does_not_end_the_recording(
    recorder, finish, token, written, caplog, eventually
):
    recorder.put(fail)
    recorder.start(1)
    eventually(lambda: caplog.records)
    recorder.put(token("a"))
    finish()
    assert written() == ["a"]


def test_the_recording_ends_with_the_last_writer_and_not_before(recorder, finish, token, written, eventually):
    recorder.start(2)
    recorder.leave()
    recorder.put(token("a"))
    eventually(lambda: written() == ["a"])
    recorder.put(token("b"))
    finish()
    assert written() == ["a", "b"]


def test_all_writers_may_leave_at_once(recorder, finish):
    for _ in range(2):
        recorder.leave()
    recorder.start(3)
    finish()


def test_who_waits_for_the_end_waits_no_longer_than_it_likes(recorder, token, written, eventually):
    recorder.start(1)
    recorder.join(0.01)
    recorder.put(token("a"))
    eventually(lambda: written() == ["a"])
