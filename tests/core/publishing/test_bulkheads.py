"""Bulkheads: the share of each account, the order of its publications, and accounts that are stuck."""

import math
import threading
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta

import pytest

from core.posts.destinations import Destination
from core.publishing.bulkheads import Bulkheads

NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
HANG, FAST = Destination("webhook:hang"), Destination("outbox")


@pytest.fixture
def held():
    """Return a stack that ends the publications of the test."""
    with ExitStack() as stack:
        yield stack


def test_an_account_runs_a_quarter_of_the_threads_and_another_still_starts(held):
    bulkheads = Bulkheads(32, patience=0)
    entered = [held.enter_context(bulkheads.share(HANG, NOON)) for _ in range(10)]
    assert entered == [True] * 8 + [False] * 2
    assert held.enter_context(bulkheads.share(FAST, NOON))


def test_many_accounts_that_hang_leave_threads_for_another(held):
    bulkheads = Bulkheads(32, patience=0)
    for number in range(8):
        while held.enter_context(bulkheads.share(Destination(f"webhook:{number}"), NOON)):
            pass
    assert bulkheads._busy < 32
    assert held.enter_context(bulkheads.share(FAST, NOON))


def test_a_publication_that_ends_frees_its_share():
    bulkheads = Bulkheads(1, patience=0)
    for _ in range(3):
        with bulkheads.share(HANG, NOON) as entered:
            assert entered


def test_publications_of_one_account_start_in_due_order():
    bulkheads, started, threads = Bulkheads(1, patience=30), [], []

    def publish(minute):
        with bulkheads.share(HANG, NOON + timedelta(minutes=minute)) as entered:
            assert entered
            started.append(minute)

    with bulkheads.share(HANG, NOON):
        for minute in (4, 1, 3, 2):
            threads.append(threading.Thread(target=publish, args=(minute,)))
            threads[-1].start()
        while len(bulkheads._waiting.get(HANG, ())) < 4:
            pass
    for thread in threads:
        thread.join(10)
    assert started == [1, 2, 3, 4]


def test_an_account_is_stuck_while_two_publications_are_slow(held, monotonic):
    bulkheads = Bulkheads(32, patience=1, monotonic=monotonic)
    held.enter_context(bulkheads.share(HANG, NOON))
    monotonic.now = 60
    assert not bulkheads.is_stuck(HANG)
    with bulkheads.share(HANG, NOON):
        monotonic.now = 61
        assert not bulkheads.is_stuck(HANG)
        monotonic.now = 61.5
        assert bulkheads.is_stuck(HANG)
        assert not bulkheads.is_stuck(FAST)
    assert not bulkheads.is_stuck(HANG)


def test_nothing_waits_for_a_stuck_account(held, monotonic):
    bulkheads = Bulkheads(8, patience=3600, slow_publications=2, monotonic=monotonic)
    for _ in range(2):
        assert held.enter_context(bulkheads.share(HANG, NOON))
    monotonic.now = 3601
    with bulkheads.share(HANG, NOON) as entered:
        assert not entered


def test_with_infinite_patience_no_account_is_stuck(held, monotonic):
    bulkheads = Bulkheads(8, patience=math.inf, monotonic=monotonic)
    for _ in range(2):
        held.enter_context(bulkheads.share(HANG, NOON))
    monotonic.now = 1e9
    assert not bulkheads.is_stuck(HANG)
