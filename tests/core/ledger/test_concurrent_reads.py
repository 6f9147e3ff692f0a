"""Independent reads wait for the network together."""

import threading
from collections.abc import Callable

import pytest

from core.errors import PunctualError
from core.ledger.concurrent_reads import IN_ORDER, ConcurrentReads

PATIENCE = 30
"""Seconds until a read that waits for others fails the test."""


class Unreachable(PunctualError):
    """A read failed."""


@pytest.fixture
def meeting() -> Callable[[], int]:
    """Return a read that ends once two others have begun."""
    barrier = threading.Barrier(3)
    return lambda: barrier.wait(PATIENCE)


def failing() -> int:
    raise Unreachable("No answer.")


def test_reads_of_a_network_are_under_way_together(meeting):
    assert sorted(ConcurrentReads(remote=True).all(meeting, meeting, meeting)) == [0, 1, 2]


def test_reads_of_this_machine_run_in_order_in_the_thread_of_the_caller():
    order = []
    assert IN_ORDER.all(*(lambda number=number: order.append(number) for number in range(3))) == [None] * 3
    assert order == [0, 1, 2]
    assert IN_ORDER.all(threading.get_ident, threading.get_ident) == [threading.get_ident()] * 2


def test_the_error_of_a_read_reaches_the_caller():
    for concurrent in (IN_ORDER, ConcurrentReads(remote=True)):
        with pytest.raises(Unreachable):
            concurrent.all(lambda: 1, failing)


def test_what_begins_ahead_does_not_keep_the_caller_waiting(meeting):
    ConcurrentReads(remote=True).begin(meeting, meeting, failing)
    assert meeting() in range(3)


def test_nothing_begins_ahead_on_this_machine(monkeypatch):
    monkeypatch.setattr("core.ledger.concurrent_reads.Thread", lambda **_: pytest.fail("A thread was started."))
    IN_ORDER.begin(lambda: pytest.fail("The read has begun."))
