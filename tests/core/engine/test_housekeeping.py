"""Heartbeats, leases, dead processes, pruning and clock jumps."""

import logging
from datetime import timedelta

import pytest

from core.engine import invocations
from core.engine.housekeeping import Housekeeping
from core.storage.processes import Presence
from core.time.instants import epoch_ms
from tests.core.engine.arns import FUNCTION


class ManualMonotonicClock:
    """A monotonic clock that moves only when the test moves it."""

    seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def monotonic():
    return ManualMonotonicClock()


@pytest.fixture
def housekeeping(store, presence, clock, monotonic):
    housekeeping = Housekeeping(store, presence, clock, longest_retry_delay=timedelta(minutes=15), monotonic=monotonic)
    housekeeping.run_due_duties()
    return housekeeping


@pytest.fixture
def advance(clock, monotonic, housekeeping):
    """Move the wall clock and the monotonic clock, and run the due duties."""

    def move_clocks(seconds):
        clock.move(seconds=seconds)
        monotonic.seconds += seconds
        housekeeping.run_due_duties()

    return move_clocks


@pytest.fixture
def other_process(tmp_path):
    """Return another presence, which acts as another process."""
    presence = Presence(tmp_path / "processes")
    yield presence
    presence.leave()


@pytest.fixture
def claimed(create, store, other_process, clock):
    """Return an invocation that the other process has claimed."""
    create()
    store.record_heartbeat(other_process.token, epoch_ms(clock()))
    (invocation,) = store.claim_due(other_process.token, epoch_ms(clock()), 10)
    return invocation


def test_the_claims_of_a_live_process_stay(housekeeping, claimed, store):
    housekeeping.run_due_duties()
    assert store.next_due() is None


def test_the_claims_of_a_dead_process_are_due_at_once(housekeeping, claimed, store, other_process, clock, presence):
    other_process.leave()
    housekeeping.run_due_duties()
    assert store.next_due() <= clock()
    (again,) = store.claim_due(presence.token, epoch_ms(clock()), 10)
    assert (again.id, again.attempt, again.payload) == (claimed.id, 2, claimed.payload)


def test_a_stuck_process_loses_its_claims_when_their_lease_ends(housekeeping, claimed, store, clock, advance):
    advance(59)
    assert store.next_due() is None
    advance(2)
    assert store.next_due() <= clock()


def test_a_process_with_an_unreadable_lock_keeps_its_claims_while_the_lease_lasts(
    claimed, store, other_process, clock, advance, tmp_path
):
    """A lock file of another user is unreadable. It must not prevent firing."""
    lock = tmp_path / "processes" / f"{other_process.token}.lock"
    lock.unlink()
    lock.mkdir()
    advance(30)
    assert store.next_due() is None
    advance(31)
    assert store.next_due() <= clock()
    lock.rmdir()


def test_a_process_with_heartbeats_keeps_its_claims_during_a_long_function(
    housekeeping, claimed, store, other_process, clock, advance
):
    for _ in range(20):
        advance(30)
        store.record_heartbeat(other_process.token, epoch_ms(clock()))
    assert store.next_due() is None


def test_after_a_clock_jump_live_processes_have_time_to_renew_their_leases(
    housekeeping, claimed, store, other_process, clock, advance, caplog
):
    with caplog.at_level(logging.WARNING):
        clock.move(hours=3)
        housekeeping.run_due_duties()
    assert "The clock jumped by 10800.0 s." in caplog.text
    assert store.next_due() is None
    store.record_heartbeat(other_process.token, epoch_ms(clock()))
    advance(10)
    assert store.next_due() is None


def test_a_runner_renews_its_leases_at_once_after_a_clock_jump(housekeeping, create, store, presence, clock):
    create()
    store.claim_due(presence.token, epoch_ms(clock()), 10)
    clock.move(hours=3)
    housekeeping.run_due_duties()
    assert store.lease_ends()[presence.token] > epoch_ms(clock())


def test_a_runner_records_a_heartbeat_every_ten_seconds(housekeeping, store, clock, advance):
    started_at = clock()
    advance(9)
    assert store.last_heartbeat() == started_at
    advance(1)
    assert store.last_heartbeat() == clock()


def test_a_runner_records_a_heartbeat_at_once_when_the_clock_is_set_back(
    housekeeping, create, store, presence, clock, advance
):
    """Otherwise the next heartbeat is hours later, and a runner that hangs keeps its claims for hours."""
    create()
    store.claim_due(presence.token, epoch_ms(clock()), 10)
    clock.move(hours=-3)
    housekeeping.run_due_duties()
    assert store.last_heartbeat() == clock()
    assert store.lease_ends()[presence.token] == epoch_ms(clock()) + 60_000
    advance(10)
    assert store.last_heartbeat() == clock()


@pytest.fixture
def failed_attempt(create, store, other_process, clock):
    """Record a failed attempt whose retry is due in `minutes`; return the retry's instant."""

    def fail(minutes):
        create()
        (claimed,) = store.claim_due(other_process.token, epoch_ms(clock()), 10)
        at = clock() + timedelta(minutes=minutes)
        store.write_unflushed(
            lambda connection: invocations.schedule_retry(
                connection, claimed.id, other_process.token, "x", epoch_ms(at)
            )
        )
        return at

    return fail


@pytest.mark.parametrize(("hours", "minutes"), [(-3, 15), (-0.2, 15), (-0.1, 14), (3, -172)])
def test_no_retry_waits_longer_than_the_longest_delay_after_the_clock_was_set_back(
    housekeeping, failed_attempt, store, clock, hours, minutes
):
    """Otherwise a post is hours late if its first attempt failed while the clock was ahead."""
    failed_attempt(minutes=8)
    clock.move(hours=hours)
    housekeeping.run_due_duties()
    assert store.next_due() == clock() + timedelta(minutes=minutes)


def test_a_retry_with_the_longest_delay_stays(housekeeping, failed_attempt, store, advance):
    at = failed_attempt(minutes=15)
    advance(0.5)
    housekeeping.run_due_duties()
    assert store.next_due() == at


def test_client_tokens_are_deleted_also_after_the_clock_was_set_back(create, store, advance, clock):
    clock.move(days=-30)
    advance(0.1)
    create(expression="rate(1 day)")
    for _ in range(2):
        advance(13 * 3600)
    assert store.database.read("SELECT * FROM client_token") == []


def test_a_live_process_without_claims_stays_known(advance, store, other_process, clock):
    store.record_heartbeat(other_process.token, epoch_ms(clock()))
    advance(3600)
    assert other_process.token in store.lease_ends()


def test_client_tokens_are_deleted_after_a_day(create, store, advance):
    create()
    assert len(store.database.read("SELECT * FROM client_token")) == 1
    for _ in range(2):
        advance(13 * 3600)
    assert store.database.read("SELECT * FROM client_token") == []


@pytest.fixture
def fail_all_due(store, other_process, clock):
    """Claim everything that is due and turn it into dead letters."""

    def all_due():
        now = epoch_ms(clock())
        while claimed := store.claim_due(other_process.token, now, 100):
            for each in claimed:
                store.write_unflushed(
                    lambda connection, each=each: invocations.make_dead_letter(
                        connection, each.id, other_process.token, "x", now
                    )
                )

    return all_due


def test_dead_letters_are_deleted_after_a_year_and_not_before(create, store, advance, fail_all_due):
    """Receipts are kept for 400 days. A retry after that could publish a post again."""
    create()
    fail_all_due()
    advance(364 * 24 * 3600)
    assert len(store.dead_letters()) == 1
    advance(2 * 24 * 3600)
    assert store.dead_letters() == []


def test_the_newest_200_dead_letters_are_listed_and_all_are_counted(store, clock, fail_all_due):
    for number in range(250):
        store.add_direct_invocation(FUNCTION, b"%d" % number, epoch_ms(clock()))
        clock.move(seconds=1)
        fail_all_due()
    assert store.dead_letter_count() == 250
    assert [int(letter.payload) for letter in store.dead_letters()] == list(range(249, 49, -1))


def test_a_process_that_left_is_removed(housekeeping, store, other_process, clock):
    store.record_heartbeat(other_process.token, epoch_ms(clock()))
    other_process.leave()
    housekeeping.run_due_duties()
    assert other_process.token not in store.lease_ends()
