"""Failed attempts: retries, dead letters and their reasons."""

import logging
from datetime import timedelta

import pytest

from core.storage.database import StorageError
from tests.core.engine.arns import FUNCTION


def fail(invocation):
    raise ConnectionError("the posting server is down")


def test_a_failed_function_is_retried_after_one_and_two_minutes_then_every_15_minutes(
    create, start_runner, function, store, clock, eventually
):
    function.side_effect = fail
    create()
    runner = start_runner()
    started_at = clock()
    waits = []
    for attempt in range(1, 6):
        assert function.wait_for(attempt)[-1].attempt == attempt
        eventually(lambda: store.next_due() is not None)
        waits.append((store.next_due() - clock()).total_seconds())
        clock.now = store.next_due()
        runner.wake()
    assert waits == [60, 120, 900, 900, 900]
    assert {invocation.id for invocation in function.invocations} == {function.invocations[0].id}
    assert clock() - started_at == timedelta(seconds=60 + 120 + 3 * 900)


def test_a_successful_attempt_ends_the_retries(create, start_runner, function, store, clock, eventually, states):
    function.side_effect = fail
    create()
    runner = start_runner()
    function.wait_for(1)
    eventually(lambda: store.next_due() is not None)
    function.side_effect = lambda invocation: None
    clock.move(seconds=60)
    runner.wake()
    function.wait_for(2)
    eventually(lambda: states() == [])
    assert store.next_due() is None


def test_an_invocation_that_is_too_old_becomes_a_dead_letter_with_its_reason(
    create, start_runner, function, store, clock, caplog, eventually
):
    function.side_effect = fail
    create()
    with caplog.at_level(logging.CRITICAL):
        start_runner(max_event_age=timedelta(seconds=59))
        eventually(lambda: store.dead_letters())
    (dead_letter,) = store.dead_letters()
    assert (dead_letter.schedule_name, dead_letter.attempts, dead_letter.error) == (
        "post",
        1,
        "the posting server is down",
    )
    assert (dead_letter.function_arn, dead_letter.payload, dead_letter.failed_at) == (FUNCTION, b"{}", clock())


def test_an_attempt_at_exactly_the_maximum_age_is_planned(create, start_runner, function, store, eventually):
    function.side_effect = fail
    create()
    start_runner(max_event_age=timedelta(seconds=60))
    eventually(lambda: store.next_due() is not None)
    assert store.dead_letters() == []


def test_an_invocation_of_an_unknown_function_becomes_a_dead_letter(create, start_runner, store, eventually):
    create(target={"Arn": FUNCTION + "-unknown"})
    start_runner()
    eventually(lambda: store.dead_letters())
    assert store.dead_letters()[0].error == f"There is no function {FUNCTION}-unknown."


def test_a_dead_letter_can_be_discarded(create, start_runner, store, eventually):
    create(target={"Arn": FUNCTION + "-unknown"})
    start_runner()
    eventually(lambda: store.dead_letters())
    dead_letter = store.dead_letters()[0]
    assert store.is_dead_letter(dead_letter.id)
    assert store.discard_dead_letter(dead_letter.id)
    assert not store.discard_dead_letter(dead_letter.id)
    assert not store.is_dead_letter(dead_letter.id)
    assert store.dead_letters() == []


def test_only_a_dead_letter_can_be_discarded(create, start_runner, function, store, clock, eventually):
    function.side_effect = fail
    create()
    start_runner()
    eventually(lambda: store.next_due() == clock() + timedelta(seconds=60))
    waiting = function.invocations[0].id
    assert not store.is_dead_letter(waiting)
    assert not store.discard_dead_letter(waiting)
    assert store.next_due() is not None


def test_a_result_is_recorded_when_a_full_disk_has_room_again(
    create, start_runner, function, store, monkeypatch, eventually, states
):
    create()
    monkeypatch.setattr("core.engine.recorder.RETRY_SECONDS", 0.01)
    write_unflushed, refusals = store.write_unflushed, []

    def refuse_at_first(work):
        if function.invocations and len(refusals) < 3:
            refusals.append(work)
            raise StorageError(store.database.path, "database or disk is full")
        return write_unflushed(work)

    monkeypatch.setattr(store, "write_unflushed", refuse_at_first)
    start_runner()
    eventually(lambda: len(refusals) == 3 and states() == [])
    assert len(function.invocations) == 1


def test_an_unexpected_error_in_the_timer_is_logged_and_does_not_end_it(
    create, start_runner, function, store, monkeypatch, caplog
):
    monkeypatch.setattr("core.engine.runner.RETRY_SECONDS", 0.01)
    claim_due, failures = store.claim_due, []

    def fail_at_first(*arguments):
        if len(failures) < 3:
            failures.append(arguments)
            raise ZeroDivisionError
        return claim_due(*arguments)

    monkeypatch.setattr(store, "claim_due", fail_at_first)
    create()
    start_runner()
    function.wait_for(1)
    assert "ZeroDivisionError" in caplog.text


class ErrorWithoutText(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (ValueError("half a character: \ud83d"), "half a character: ?"),
        (ValueError("\x00"), "\x00"),
        (ValueError("x" * 5000), "x" * 2000),
        (ValueError(), "ValueError"),
        (ErrorWithoutText(), "ErrorWithoutText"),
        (SystemExit(3), "3"),
    ],
)
def test_any_exception_of_a_function_is_a_failed_attempt_and_does_not_delay_others(
    create, start_runner, function, store, clock, eventually, raised, reason
):
    def raise_for_bad(invocation):
        if invocation.schedule_name == "bad":
            raise raised

    function.side_effect = raise_for_bad
    create("bad")
    create("good")
    start_runner(workers=1)
    function.wait_for(2)
    eventually(lambda: store.next_due() == clock() + timedelta(seconds=60))
    (row,) = store.database.read("SELECT schedule_name, error FROM invocation")
    assert tuple(row) == ("bad", reason)


class Busy(Exception):
    """A receiver that asks to wait."""

    def __init__(self, seconds):
        super().__init__("busy")
        self.retry_after = timedelta(seconds=seconds)


@pytest.mark.parametrize(("asked", "waits"), [(1, [60, 120, 900]), (300, [300, 300, 900]), (86_400, [900, 900, 900])])
def test_the_next_attempt_is_not_earlier_than_the_receiver_asks_within_the_bounds(
    create, start_runner, function, store, clock, eventually, asked, waits
):
    def refuse(invocation):
        raise Busy(asked)

    function.side_effect = refuse
    create()
    runner = start_runner()
    found = []
    for attempt in range(1, 4):
        function.wait_for(attempt)
        eventually(lambda: store.next_due() is not None)
        found.append((store.next_due() - clock()).total_seconds())
        clock.now = store.next_due()
        runner.wake()
    assert found == waits


@pytest.mark.parametrize("recorder_fails", [False, True])
def test_the_end_of_an_overdue_run_is_told_when_it_gets_no_further_attempt(
    create, start_runner, function, store, clock, eventually, caplog, recorder_fails
):
    reported = []

    def on_given_up(invocation, reason, record):
        reported.append((invocation.schedule_name, invocation.attempt, reason))
        if recorder_fails:
            raise StorageError(store.database.path, "database or disk is full")

    function.side_effect = fail
    create()
    clock.move(days=3)
    with caplog.at_level(logging.CRITICAL):
        start_runner(max_event_age=timedelta(hours=26), on_given_up=on_given_up)
        eventually(lambda: store.dead_letters())
    assert reported == [("post", 1, "the posting server is down")]


@pytest.mark.parametrize("error", [None, ConnectionError("the posting server is down")])
def test_the_receipt_of_an_attempt_is_stored_before_its_result(
    create, start_runner, function, store, eventually, states, error
):
    stored = []

    def fail_or_not(invocation):
        if error is not None:
            raise error

    function.side_effect = fail_or_not
    create()
    start_runner(store_receipts=lambda receipts: stored.append((receipts, states())))
    (invocation,) = function.wait_for(1)
    eventually(lambda: states() == ([] if error is None else ["waiting"]))
    assert stored == [([invocation.id], ["running"])]


def test_the_end_of_an_overdue_run_leaves_a_receipt_too(create, start_runner, function, clock, store, eventually):
    stored = []
    function.side_effect = fail
    create()
    clock.move(days=3)
    start_runner(
        max_event_age=timedelta(hours=26),
        on_given_up=lambda invocation, reason, record: record(reason),
        store_receipts=stored.extend,
    )
    eventually(lambda: store.dead_letters())
    assert stored == [function.invocations[0].id, "the posting server is down"]
