import logging
from datetime import timedelta

import pytest

from core.engine import invocations
from core.engine.housekeeping import Housekeeping
from core.engine.timing import milliseconds
from core.storage.processes import Presence


class Steady:
    """A steady clock that stands still until it is moved."""

    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def steady():
    return Steady()


@pytest.fixture
def housekeeping(store, presence, clock, steady):
    housekeeping = Housekeeping(store, presence, clock, longest_pause=timedelta(minutes=15), steady=steady)
    housekeeping.look()
    return housekeeping


@pytest.fixture
def walk(clock, steady, housekeeping):
    """Let time pass, on the wall and on the steady clock alike, and look."""

    def pass_time(seconds):
        clock.move(seconds=seconds)
        steady.seconds += seconds
        housekeeping.look()

    return pass_time


@pytest.fixture
def other(tmp_path):
    """Another process's presence, in this process: its lock is as good as another's."""
    presence = Presence(tmp_path / "processes")
    yield presence
    presence.leave()


@pytest.fixture
def claimed(create, store, other, clock):
    """An invocation that the other process has claimed."""
    create()
    store.beat(other.token, milliseconds(clock()))
    (invocation,) = store.take(other.token, milliseconds(clock()), 10)
    return invocation


def test_what_a_live_process_claimed_is_left_alone(housekeeping, claimed, store):
    housekeeping.look()
    assert store.next_due() is None


def test_what_a_dead_process_claimed_is_due_at_once(housekeeping, claimed, store, other, clock, presence):
    other.leave()
    housekeeping.look()
    assert store.next_due() == clock()
    (again,) = store.take(presence.token, milliseconds(clock()), 10)
    assert (again.id, again.attempt, again.payload) == (claimed.id, 2, claimed.payload)


def test_a_process_that_lives_but_is_stuck_loses_its_claims_when_their_lease_ends(
    housekeeping, claimed, store, clock, walk
):
    walk(59)
    assert store.next_due() is None
    walk(2)
    assert store.next_due() == clock()


def test_a_process_of_which_nobody_can_tell_whether_it_lives_counts_as_living_while_its_lease_lasts(
    claimed, store, other, clock, walk, tmp_path
):
    """A lock file of another user, say. That must not keep anything from firing."""
    lock = tmp_path / "processes" / f"{other.token}.lock"
    lock.unlink()
    lock.mkdir()
    walk(30)
    assert store.next_due() is None
    walk(31)
    assert store.next_due() == clock()
    lock.rmdir()


def test_a_process_that_reports_keeps_its_claims_however_long_its_function_takes(
    housekeeping, claimed, store, other, clock, walk
):
    for _ in range(20):
        walk(30)
        store.beat(other.token, milliseconds(clock()))
    assert store.next_due() is None


def test_after_a_jump_of_the_clock_live_processes_have_time_to_renew_their_leases(
    housekeeping, claimed, store, other, clock, walk, caplog
):
    with caplog.at_level(logging.WARNING):
        clock.move(hours=3)
        housekeeping.look()
    assert "The clock jumped by 10800.0 s." in caplog.text
    assert store.next_due() is None
    store.beat(other.token, milliseconds(clock()))
    walk(10)
    assert store.next_due() is None


def test_a_runner_prolongs_its_own_leases_at_once_when_the_clock_jumps(housekeeping, create, store, presence, clock):
    create()
    store.take(presence.token, milliseconds(clock()), 10)
    clock.move(hours=3)
    housekeeping.look()
    assert store.owners()[presence.token] > milliseconds(clock())


def test_a_runner_reports_every_ten_seconds(housekeeping, store, clock, walk):
    begun = clock()
    walk(9)
    assert store.heartbeat() == begun
    walk(1)
    assert store.heartbeat() == clock()


def test_a_runner_reports_at_once_when_the_clock_is_set_back(housekeeping, create, store, presence, clock, walk):
    """Else it would not for hours, and what it holds would stay its own for as long after it hung."""
    create()
    store.take(presence.token, milliseconds(clock()), 10)
    clock.move(hours=-3)
    housekeeping.look()
    assert store.heartbeat() == clock()
    assert store.owners()[presence.token] == milliseconds(clock()) + 60_000
    walk(10)
    assert store.heartbeat() == clock()


@pytest.fixture
def failed(create, store, other, clock):
    """Let an attempt fail, the next one following in some minutes; return when."""

    def fail(minutes):
        create()
        (claimed,) = store.take(other.token, milliseconds(clock()), 10)
        at = clock() + timedelta(minutes=minutes)
        store.note(lambda connection: invocations.try_again(connection, claimed.id, other.token, "x", milliseconds(at)))
        return at

    return fail


@pytest.mark.parametrize(("hours", "minutes"), [(-3, 15), (-0.2, 15), (-0.1, 14), (3, -172)])
def test_no_retry_waits_longer_than_retries_do_although_the_clock_was_set_back(
    housekeeping, failed, store, clock, hours, minutes
):
    """Else a post whose first attempt failed while the clock was ahead would be too late by hours."""
    failed(minutes=8)
    clock.move(hours=hours)
    housekeeping.look()
    assert store.next_due() == clock() + timedelta(minutes=minutes)


def test_a_retry_that_waits_as_long_as_it_may_is_left_alone(housekeeping, failed, store, walk):
    at = failed(minutes=15)
    walk(0.5)
    housekeeping.look()
    assert store.next_due() == at


def test_client_tokens_are_forgotten_also_when_the_clock_was_set_back_meanwhile(create, store, walk, clock):
    clock.move(days=-30)
    walk(0.1)
    create(expression="rate(1 day)")
    for _ in range(2):
        walk(13 * 3600)
    assert store.database.read("SELECT * FROM client_token") == []


def test_a_process_that_holds_nothing_is_known_for_as_long_as_it_lives(walk, store, other, clock):
    store.beat(other.token, milliseconds(clock()))
    walk(3600)
    assert other.token in store.owners()


def test_client_tokens_are_forgotten_after_a_day(create, store, walk):
    create()
    assert len(store.database.read("SELECT * FROM client_token")) == 1
    for _ in range(2):
        walk(13 * 3600)
    assert store.database.read("SELECT * FROM client_token") == []


@pytest.fixture
def give_up(store, other, clock):
    """Let all that is due be claimed and given up."""

    def all_due():
        now = milliseconds(clock())
        while taken := store.take(other.token, now, 100):
            for each in taken:
                store.note(
                    lambda connection, each=each: invocations.give_up(connection, each.id, other.token, "x", now)
                )

    return all_due


def test_dead_letters_are_forgotten_after_a_year_and_not_before(create, store, walk, give_up):
    """The fence remembers for 400 days what went out; a retry after that could publish it again."""
    create()
    give_up()
    walk(364 * 24 * 3600)
    assert len(store.dead_letters()) == 1
    walk(2 * 24 * 3600)
    assert store.dead_letters() == []


def test_of_very_many_dead_letters_the_newest_are_read_and_all_are_counted(store, clock, give_up):
    for number in range(250):
        store.invoke("arn:aws:lambda:us-east-1:000000000000:function:relay", b"%d" % number, milliseconds(clock()))
        clock.move(seconds=1)
        give_up()
    assert store.dead_count() == 250
    assert [int(letter.payload) for letter in store.dead_letters()] == list(range(249, 49, -1))


def test_a_process_that_left_is_not_known_any_more(housekeeping, store, other, clock):
    store.beat(other.token, milliseconds(clock()))
    other.leave()
    housekeeping.look()
    assert other.token not in store.owners()
