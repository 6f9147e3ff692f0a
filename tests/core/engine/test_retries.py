"""What becomes of attempts that fail."""

import logging
from datetime import timedelta

import pytest

from core.storage.database import StorageFault

FUNCTION = "arn:aws:lambda:us-east-1:000000000000:function:relay"


def fail(invocation):
    raise ConnectionError("the posting server is down")


def test_a_function_that_fails_is_invoked_again_after_one_and_two_minutes_then_every_quarter_of_an_hour(
    create, start_runner, receiver, store, clock, eventually
):
    receiver.behave = fail
    create()
    runner = start_runner()
    begun = clock()
    waits = []
    for attempt in range(1, 6):
        assert receiver.wait_for(attempt)[-1].attempt == attempt
        eventually(lambda: store.next_due() is not None)
        waits.append((store.next_due() - clock()).total_seconds())
        clock.now = store.next_due()
        runner.wake()
    assert waits == [60, 120, 900, 900, 900]
    assert {invocation.id for invocation in receiver.invocations} == {receiver.invocations[0].id}
    assert clock() - begun == timedelta(seconds=60 + 120 + 3 * 900)


def test_an_attempt_that_succeeds_ends_the_retries(create, start_runner, receiver, store, clock, eventually, states):
    receiver.behave = fail
    create()
    runner = start_runner()
    receiver.wait_for(1)
    eventually(lambda: store.next_due() is not None)
    receiver.behave = lambda invocation: None
    clock.move(seconds=60)
    runner.wake()
    receiver.wait_for(2)
    eventually(lambda: states() == [])
    assert store.next_due() is None


def test_an_invocation_that_is_too_old_becomes_a_dead_letter_with_its_reason(
    create, start_runner, receiver, store, clock, caplog, eventually
):
    receiver.behave = fail
    create()
    with caplog.at_level(logging.CRITICAL):
        start_runner(max_event_age=timedelta(seconds=59))
        eventually(lambda: store.dead_letters())
    (dead,) = store.dead_letters()
    assert (dead.schedule_name, dead.attempts, dead.error) == ("post", 1, "the posting server is down")
    assert (dead.function_arn, dead.payload, dead.failed_at) == (FUNCTION, b"{}", clock())


def test_an_attempt_that_is_exactly_as_old_as_may_be_is_still_made(create, start_runner, receiver, store, eventually):
    receiver.behave = fail
    create()
    start_runner(max_event_age=timedelta(seconds=60))
    eventually(lambda: store.next_due() is not None)
    assert store.dead_letters() == []


def test_a_function_that_nobody_gave_is_recorded(create, start_runner, store, eventually):
    create(target={"Arn": FUNCTION + "-unknown"})
    start_runner()
    eventually(lambda: store.dead_letters())
    assert store.dead_letters()[0].error == f"There is no function {FUNCTION}-unknown."


def test_a_dead_letter_can_be_discarded(create, start_runner, store, eventually):
    create(target={"Arn": FUNCTION + "-unknown"})
    start_runner()
    eventually(lambda: store.dead_letters())
    dead = store.dead_letters()[0]
    assert store.is_dead(dead.id)
    assert store.discard(dead.id)
    assert not store.discard(dead.id)
    assert not store.is_dead(dead.id)
    assert store.dead_letters() == []


def test_only_what_was_given_up_can_be_discarded(create, start_runner, receiver, store, clock, eventually):
    receiver.behave = fail
    create()
    start_runner()
    eventually(lambda: store.next_due() == clock() + timedelta(seconds=60))
    waiting = receiver.invocations[0].id
    assert not store.is_dead(waiting)
    assert not store.discard(waiting)
    assert store.next_due() is not None


def test_what_the_disk_refuses_to_record_is_recorded_once_it_has_room(
    create, start_runner, receiver, store, monkeypatch, eventually, states
):
    create()
    monkeypatch.setattr("core.engine.recorder.PATIENCE", 0.01)
    note, refusals = store.note, []

    def refuse_at_first(work):
        if receiver.invocations and len(refusals) < 3:
            refusals.append(work)
            raise StorageFault(store.database.path, "database or disk is full")
        return note(work)

    monkeypatch.setattr(store, "note", refuse_at_first)
    start_runner()
    eventually(lambda: len(refusals) == 3 and states() == [])
    assert len(receiver.invocations) == 1


def test_a_bug_in_firing_is_logged_and_does_not_end_it(create, start_runner, receiver, store, monkeypatch, caplog):
    monkeypatch.setattr("core.engine.runner.PATIENCE", 0.01)
    take, failures = store.take, []

    def fail_at_first(*arguments):
        if len(failures) < 3:
            failures.append(arguments)
            raise ZeroDivisionError
        return take(*arguments)

    monkeypatch.setattr(store, "take", fail_at_first)
    create()
    start_runner()
    receiver.wait_for(1)
    assert "ZeroDivisionError" in caplog.text


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("raised", "reason"),
    [
        (ValueError("half a character: \ud83d"), "half a character: ?"),
        (ValueError("\x00"), "\x00"),
        (ValueError("x" * 5000), "x" * 2000),
        (ValueError(), "ValueError"),
        (Unspeakable(), "Unspeakable"),
        (SystemExit(3), "3"),
    ],
)
def test_whatever_a_function_raises_is_a_failed_attempt_and_holds_up_no_other(
    create, start_runner, receiver, store, clock, eventually, raised, reason
):
    def misbehave(invocation):
        if invocation.schedule_name == "bad":
            raise raised

    receiver.behave = misbehave
    create("bad")
    create("good")
    start_runner(workers=1)
    receiver.wait_for(2)
    eventually(lambda: store.next_due() == clock() + timedelta(seconds=60))
    (row,) = store.database.read("SELECT schedule_name, error FROM invocation")
    assert tuple(row) == ("bad", reason)
