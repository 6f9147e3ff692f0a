"""The relay's host after a new ledger replaced a damaged one, and with it the fence."""

import dataclasses
from datetime import timedelta

import pytest

from core.backends import lost_results
from core.ledger.port import ClaimTerms
from core.ledger.states import outcome
from lambda_pkg.relay import AttemptFailed


def outcome_of(ledger, payload):
    return outcome(ledger.occurrence(payload.occurrence_key))


@pytest.fixture
def payload(clock, a_post, payload_for):
    """Return an occurrence for two destinations that is due now."""
    return payload_for(a_post(due_at=clock(), destinations=("outbox", "webhook:sales")))


def states(ledger, payload):
    return {result.destination: result.state for result in outcome_of(ledger, payload).destinations}


UNCONFIRMED = {"outbox": "unconfirmed", "webhook:sales": "unconfirmed"}


def test_a_retry_of_an_attempt_before_the_fence_was_lost_is_unconfirmed(
    make_host, invocation, start_server, ledger, clock, payload
):
    server, retry = start_server(200), invocation(payload, attempt=2)
    clock.move(minutes=1)
    make_host(server.url, fence_lost_at=clock())(retry)
    assert server.requests == []
    assert states(ledger, payload) == UNCONFIRMED
    assert "check the network" in outcome_of(ledger, payload).reason
    for destination in payload.destinations:
        claim = ledger.claim(payload, destination, ClaimTerms(deduplicates=True, lease_until=clock(), now=clock()))
        assert claim.verdict == "unconfirmed"


@pytest.mark.parametrize("killed_before", ["first finish", "second claim", "second finish"])
def test_a_host_killed_while_it_marks_a_post_unconfirmed_continues_at_the_next_attempt(
    make_host, invocation, start_server, ledger, clock, payload, monkeypatch, killed_before
):
    server, lost_at = start_server(200), clock.move(minutes=1)
    which, operation = killed_before.split()
    allowed, real = [None] * (which == "second"), getattr(ledger, operation)

    def until_killed(*arguments, **options):
        if not allowed:
            raise KeyboardInterrupt
        allowed.pop()
        return real(*arguments, **options)

    retries = [dataclasses.replace(invocation(payload, attempt=number), first_due=payload.due) for number in (2, 3)]
    with monkeypatch.context() as patched:
        patched.setattr(ledger, operation, until_killed)
        with pytest.raises(KeyboardInterrupt):
            make_host(server.url, fence_lost_at=lost_at)(retries[0])
    make_host(server.url, fence_lost_at=lost_at)(retries[1])
    assert server.requests == []
    assert states(ledger, payload) == UNCONFIRMED


def test_a_reason_recorded_by_an_earlier_version_is_recognised(
    make_host, invocation, start_server, ledger, clock, payload, monkeypatch
):
    server, lost_at = start_server(200), clock.move(minutes=1)
    retry = dataclasses.replace(invocation(payload, attempt=2), first_due=payload.due)
    with monkeypatch.context() as patched:
        patched.setattr(lost_results, "FENCE_LOST", "Punctual's record of what went out was damaged.")
        make_host(server.url, fence_lost_at=lost_at)(retry)
    make_host(server.url, fence_lost_at=lost_at)(dataclasses.replace(retry, attempt=3))
    assert server.requests == []


def test_a_person_may_publish_an_unconfirmed_post_again(make_host, invocation, start_server, ledger, clock, payload):
    server, retry = start_server(200), invocation(payload, attempt=2)
    clock.move(minutes=1)
    make_host(server.url, fence_lost_at=clock())(retry)
    clock.move(minutes=1)
    ledger.reopen(payload, payload.destinations, now=clock())
    make_host(server.url, fence_lost_at=clock() - timedelta(minutes=1))(invocation(payload))
    assert len(server.requests) == 1


def test_a_first_attempt_is_made_even_after_the_fence_was_lost(make_host, invocation, start_server, clock, payload):
    server, first = start_server(200), invocation(payload)
    clock.move(minutes=1)
    make_host(server.url, fence_lost_at=clock())(first)
    assert len(server.requests) == 1


def test_a_post_due_after_the_fence_was_lost_is_retried(make_host, invocation, start_server, clock, payload):
    lost_at = clock() - timedelta(minutes=1)
    server = start_server(200)
    make_host(server.url, fence_lost_at=lost_at)(invocation(payload, attempt=2))
    assert len(server.requests) == 1


def test_an_overdue_post_whose_first_attempt_is_in_the_new_ledger_is_retried(
    make_host, invocation, start_server, clock, payload
):
    first, retry = invocation(payload), invocation(payload, attempt=2)
    clock.move(minutes=1)
    with pytest.raises(AttemptFailed):
        make_host(start_server(503).url, fence_lost_at=clock())(first)
    server = start_server(200)
    make_host(server.url, fence_lost_at=clock())(retry)
    assert len(server.requests) == 1
