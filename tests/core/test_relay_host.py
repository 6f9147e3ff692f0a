"""The relay's host on one machine: what it hands over, and the receipts that it keeps."""

from datetime import timedelta

import pytest

from core.engine.invocations import Invocation
from core.home import new_signing_secret
from core.ledger.states import outcome
from core.moments import real_clock
from core.publishing.signature import verify
from core.relay_host import RelayHost
from core.wire import UnreadablePayload, write_invocation
from lambda_pkg.relay import HandOverFailed

SECRET = new_signing_secret()


@pytest.fixture
def host(ledger, clock):
    """Hosts a relay that hands over to an address."""

    def build(url):
        return RelayHost(ledger, posting_url=lambda: url, secrets=lambda: [SECRET], clock=clock)

    return build


@pytest.fixture
def invocation(clock):
    """An attempt to invoke the relay."""

    def build(body, *, attempt=1):
        return Invocation(
            id="0e0e",
            function_arn="arn:aws:lambda:us-east-1:000000000000:function:punctual-relay",
            payload=body if isinstance(body, bytes) else write_invocation(body).encode(),
            attempt=attempt,
            scheduled_at=clock(),
            schedule_name=None,
            first_due=clock(),
        )

    return build


def told(ledger, payload):
    receipts = ledger.occurrence(payload.occurrence_key).receipts
    return [(receipt.kind, receipt.attempt, receipt.detail.get("status")) for receipt in receipts]


def test_what_is_handed_over_is_signed_and_noted(host, invocation, receiver, ledger, clock, a_post, invoked):
    server = receiver(200)
    payload = invoked(a_post(due_at=clock()))
    host(server.url)(invocation(payload))
    [(headers, body)] = server.requests
    assert headers["webhook-id"] == payload.occurrence_key
    assert body.decode() == write_invocation(payload)
    assert told(ledger, payload) == [("handed_over", 1, 200)]
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "handed over"


@pytest.mark.parametrize("status", [302, 401, 429, 500, 503])
def test_what_was_not_taken_is_noted_and_raised_so_that_it_is_tried_again(
    host, invocation, receiver, ledger, clock, a_post, invoked, status
):
    payload = invoked(a_post(due_at=clock()))
    with pytest.raises(HandOverFailed):
        host(receiver(status).url)(invocation(payload, attempt=2))
    assert told(ledger, payload) == [("attempt_failed", 2, status)]
    assert str(status) in outcome(ledger.occurrence(payload.occurrence_key)).reason


def test_past_its_late_limit_nothing_is_sent_and_that_is_noted(
    host, invocation, receiver, ledger, clock, a_post, invoked
):
    server = receiver(200)
    payload = invoked(a_post(due_at=clock(), late_after_minutes=10))
    clock.move(minutes=11)
    host(server.url)(invocation(payload))
    assert server.requests == []
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "missed"
    host(server.url)(invocation(payload, attempt=3))
    assert outcome(ledger.occurrence(payload.occurrence_key)).state == "failed"


def test_the_posting_server_may_move_between_two_attempts(invocation, receiver, ledger, clock, a_post, invoked):
    urls = ["http://127.0.0.1:9/publish"]
    host = RelayHost(ledger, posting_url=lambda: urls[-1], secrets=lambda: [SECRET], clock=clock)
    payload = invoked(a_post(due_at=clock()))
    with pytest.raises(HandOverFailed):
        host(invocation(payload))
    server = receiver(200)
    urls.append(server.url)
    host(invocation(payload, attempt=2))
    assert [kind for kind, _, _ in told(ledger, payload)] == ["attempt_failed", "handed_over"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"{}", b"hello", b'{"version":2}'])
def test_what_cannot_be_read_is_raised_and_reaches_nobody(host, invocation, receiver, body):
    server = receiver(200)
    with pytest.raises(UnreadablePayload):
        host(server.url)(invocation(body))
    assert server.requests == []


def test_a_receipt_says_nothing_about_the_text_or_the_secret(
    host, invocation, receiver, ledger, clock, a_post, invoked
):
    payload = invoked(a_post(due_at=clock(), text="between us"))
    host(receiver(200).url)(invocation(payload))
    [receipt] = ledger.occurrence(payload.occurrence_key).receipts
    assert "between us" not in repr(receipt)
    assert SECRET not in repr(receipt)
    assert receipt.at - clock() < timedelta(seconds=1)


def test_by_the_real_clock_the_signature_is_taken(invocation, receiver, ledger, a_post, invoked):
    server = receiver(200)
    host = RelayHost(ledger, posting_url=lambda: server.url, secrets=lambda: [SECRET], clock=real_clock)
    payload = invoked(a_post(due_at=real_clock()))
    host(invocation(payload))
    [(headers, body)] = server.requests
    verify(body, headers, [SECRET])
