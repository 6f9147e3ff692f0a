"""The recorder writes every result, in order, through storage errors and faulty results."""

import threading

import pytest

from core.engine.recorder import Recorder, Result
from core.storage.database import StorageError


@pytest.fixture
def reported():
    """Return the due instants that the recorder has reported."""
    return []


class ReceiptStore:
    """A store of receipts that raises `error` while one is set, and refuses the receipt `bad`."""

    def __init__(self, rows):
        self._rows = rows
        self.batches = []
        """The receipts of each call, and the rows of results at that time."""
        self.error = None
        self.attempts = 0

    def store(self, receipts):
        self.attempts += 1
        if self.error is not None:
            raise self.error
        if "bad" in receipts:
            raise ZeroDivisionError
        self.batches.append((receipts, self._rows()))


@pytest.fixture
def receipts(rows):
    return ReceiptStore(rows)


@pytest.fixture
def stopping():
    return threading.Event()


@pytest.fixture
def recorder(store, stopping, reported, receipts):
    """Return a recorder; its producer is done after the test at the latest."""
    recorder = Recorder(store, stopping=stopping, on_due=reported.append, store_receipts=receipts.store)
    yield recorder
    stopping.set()
    recorder.producer_done()


@pytest.fixture
def finish(recorder):
    """End the only producer, and wait until everything is recorded."""

    def finish():
        recorder.producer_done()
        recorder.join(10)
        assert not any(thread.name == "engine-recorder" for thread in threading.enumerate())

    return finish


@pytest.fixture
def disk(store, monkeypatch):
    """Count commits, and refuse them while `full` is set."""

    class Disk:
        full = threading.Event()
        attempts = 0

        def write_unflushed(self, work):
            self.attempts += 1
            if self.full.is_set():
                raise StorageError(store.database.path, "database or disk is full")
            return write_unflushed(work)

    disk, write_unflushed = Disk(), store.write_unflushed
    monkeypatch.setattr(store, "write_unflushed", disk.write_unflushed)
    monkeypatch.setattr("core.engine.recorder.RETRY_SECONDS", 0.005)
    return disk


@pytest.fixture
def add_row(store):
    """Return a result write that adds a row to the file."""

    def write_of(name, due=None):
        def write(connection):
            connection.execute("INSERT INTO client_token VALUES (?, 'x', x'', 0)", (name,))
            return due

        return write

    return write_of


@pytest.fixture
def rows(store):
    """Return the added rows."""
    return lambda: [row["token"] for row in store.database.read("SELECT token FROM client_token ORDER BY token")]


def fail(connection):
    raise ZeroDivisionError


def test_queued_results_share_a_transaction_and_keep_their_order(recorder, finish, disk):
    order = []
    for number in range(50):
        recorder.put(Result(lambda connection, number=number: order.append(number)))
    recorder.start(1)
    finish()
    assert order == list(range(50))
    assert disk.attempts == 1


def test_the_instants_of_the_next_attempts_are_reported(recorder, finish, reported, add_row):
    for name, due in (("a", 7), ("b", None), ("c", 5)):
        recorder.put(Result(add_row(name, due)))
    recorder.start(1)
    finish()
    assert reported == [7, 5]


def test_an_instant_is_reported_only_after_its_result_is_written(
    recorder, finish, reported, disk, add_row, rows, eventually
):
    disk.full.set()
    recorder.put(Result(add_row("a", 7)))
    recorder.start(1)
    eventually(lambda: disk.attempts >= 3)
    assert (reported, rows()) == ([], [])
    disk.full.clear()
    finish()
    assert (reported, rows()) == ([7], ["a"])


def test_results_queued_while_the_disk_is_full_are_written_when_it_has_room(recorder, finish, disk, add_row, rows):
    disk.full.set()
    recorder.put(Result(add_row("a")))
    recorder.start(1)
    recorder.put(Result(add_row("b")))
    disk.full.clear()
    finish()
    assert rows() == ["a", "b"]


def test_after_stopping_a_full_disk_is_tried_only_once(recorder, finish, disk, reported, stopping, add_row, rows):
    disk.full.set()
    stopping.set()
    recorder.put(Result(add_row("a", 7)))
    recorder.start(1)
    finish()
    assert (disk.attempts, reported, rows()) == (1, [], [])


@pytest.mark.parametrize("others", [["a"], ["a", "b"]])
def test_a_faulty_result_does_not_lose_the_others(recorder, finish, reported, add_row, rows, caplog, others):
    recorder.put(Result(fail))
    for due, name in enumerate(others):
        recorder.put(Result(add_row(name, due)))
    recorder.start(1)
    finish()
    assert (rows(), reported) == (others, [*range(len(others))])
    (logged,) = caplog.records
    assert "ZeroDivisionError" in logged.exc_text


def test_a_faulty_result_does_not_end_the_recording(recorder, finish, add_row, rows, caplog, eventually):
    recorder.put(Result(fail))
    recorder.start(1)
    eventually(lambda: caplog.records)
    recorder.put(Result(add_row("a")))
    finish()
    assert rows() == ["a"]


def test_the_recording_ends_after_the_last_producer(recorder, finish, add_row, rows, eventually):
    recorder.start(2)
    recorder.producer_done()
    recorder.put(Result(add_row("a")))
    eventually(lambda: rows() == ["a"])
    recorder.put(Result(add_row("b")))
    finish()
    assert rows() == ["a", "b"]


def test_all_producers_may_finish_at_once(recorder, finish):
    for _ in range(2):
        recorder.producer_done()
    recorder.start(3)
    finish()


def test_join_returns_after_its_timeout(recorder, add_row, rows, eventually):
    recorder.start(1)
    recorder.join(0.01)
    recorder.put(Result(add_row("a")))
    eventually(lambda: rows() == ["a"])


def test_the_receipts_of_a_batch_are_stored_at_once_before_its_results(recorder, finish, receipts, add_row, rows):
    recorder.put(Result(add_row("a"), ["first"]))
    recorder.put(Result(add_row("b"), ["second", "third"]))
    recorder.put(Result(add_row("c")))
    recorder.start(1)
    finish()
    assert receipts.batches == [(["first", "second", "third"], [])]
    assert rows() == ["a", "b", "c"]


def test_results_wait_while_their_receipts_cannot_be_stored(
    recorder, finish, receipts, disk, add_row, rows, eventually, store
):
    receipts.error = StorageError(store.database.path, "database or disk is full")
    recorder.put(Result(add_row("a"), ["receipt"]))
    recorder.start(1)
    eventually(lambda: receipts.attempts >= 3)
    assert rows() == []
    receipts.error = None
    finish()
    assert (receipts.batches, rows()) == ([(["receipt"], [])], ["a"])


def test_receipts_are_not_stored_again_while_their_results_cannot_be_written(
    recorder, finish, receipts, disk, add_row, rows, eventually
):
    disk.full.set()
    recorder.put(Result(add_row("a"), ["receipt"]))
    recorder.start(1)
    eventually(lambda: disk.attempts >= 3)
    disk.full.clear()
    finish()
    assert (receipts.attempts, rows()) == (1, ["a"])


def test_after_stopping_the_results_of_receipts_that_cannot_be_stored_are_not_written(
    recorder, finish, receipts, stopping, add_row, rows, store
):
    """Their invocations run again, and leave their receipts then."""
    receipts.error = StorageError(store.database.path, "database or disk is full")
    stopping.set()
    recorder.put(Result(add_row("a"), ["receipt"]))
    recorder.start(1)
    finish()
    assert (receipts.attempts, rows()) == (1, [])


def test_a_receipt_that_no_store_accepts_loses_no_other_and_no_result(
    recorder, finish, receipts, add_row, rows, caplog
):
    for name, receipt in (("a", "good"), ("b", "bad"), ("c", "fine")):
        recorder.put(Result(add_row(name), [receipt]))
    recorder.start(1)
    finish()
    assert [stored for stored, _ in receipts.batches] == [["good"], ["fine"]]
    assert rows() == ["a", "b", "c"]
    (logged,) = caplog.records
    assert "ZeroDivisionError" in logged.exc_text
