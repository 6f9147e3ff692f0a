"""The relay's host on one machine: what it hands over, and the receipts that it keeps."""

import dataclasses
import http.server
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.backends.relay_host import RelayHost
from core.engine.invocations import Invocation
from core.ledger.states import outcome
from core.posts.payload import UnreadablePayload, write_invocation
from core.publishing.signature import verify
from core.storage.home import new_signing_secret
from core.time.instants import real_clock
from lambda_pkg.http_client import REUSES_CONNECTIONS
from lambda_pkg.relay import DeliveryFailed

SECRET = new_signing_secret()


@pytest.fixture
def host(ledger, clock):
    """Hosts a relay that hands over to an address, or to what a function answers."""
    hosts = []

    def build(url, fence_lost_at=None, clock=clock):
        posting_url = url if callable(url) else lambda: url
        host = RelayHost(
            ledger, posting_url=posting_url, secrets=lambda: [SECRET], clock=clock, fence_lost_at=fence_lost_at
        )
        hosts.append(host)
        return host

    yield build
    for each in hosts:
        each.close_connection()


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
    with pytest.raises(DeliveryFailed):
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


def test_the_posting_server_may_move_between_two_attempts(host, invocation, receiver, ledger, clock, a_post, invoked):
    urls = ["http://127.0.0.1:9/publish"]
    relay = host(lambda: urls[-1])
    payload = invoked(a_post(due_at=clock()))
    with pytest.raises(DeliveryFailed):
        relay(invocation(payload))
    server = receiver(200)
    urls.append(server.url)
    relay(invocation(payload, attempt=2))
    assert [kind for kind, _, _ in told(ledger, payload)] == ["attempt_failed", "handed_over"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"{}", b"hello", b'{"version":2}'])
def test_what_cannot_be_read_is_raised_and_reaches_nobody(host, invocation, receiver, body):
    server = receiver(200)
    with pytest.raises(UnreadablePayload):
        host(server.url)(invocation(body))
    assert server.requests == []


class Patient:
    """A posting server that serves connections one after the other, for as long as each has requests."""

    def __init__(self):
        self.connections = []
        """How many requests came over each connection."""
        counts = self.connections

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self):
                super().setup()
                counts.append(0)

            def do_POST(self):
                self.rfile.read(int(self.headers["Content-Length"]))
                counts[-1] += 1
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self._server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/publish"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def patient():
    server = Patient()
    yield server
    server.close()


@pytest.mark.skipif(not REUSES_CONNECTIONS, reason="this system cannot acknowledge at once")
def test_a_threads_posts_share_a_connection_until_it_hangs_up(host, invocation, clock, a_post, invoked, patient):
    relay = host(patient.url)
    for _ in range(3):
        relay(invocation(invoked(a_post(due_at=clock()))))
    relay.close_connection()
    relay(invocation(invoked(a_post(due_at=clock()))))
    relay.close_connection()
    assert patient.connections == [3, 1]


def test_once_a_thread_has_hung_up_another_one_reaches_a_server_that_serves_one_at_a_time(
    host, invocation, clock, a_post, invoked, patient
):
    relay = host(patient.url)
    relay(invocation(invoked(a_post(due_at=clock()))))
    relay.close_connection()
    with ThreadPoolExecutor(1) as another:
        another.submit(relay, invocation(invoked(a_post(due_at=clock())))).result(timeout=10)
        another.submit(relay.close_connection).result(timeout=10)
    assert patient.connections == [1, 1]


@pytest.fixture
def both(clock, a_post, invoked):
    """An occurrence for two destinations, due now."""
    return invoked(a_post(due_at=clock(), destinations=("outbox", "webhook:sales")))


def states(ledger, payload):
    found = outcome(ledger.occurrence(payload.occurrence_key)).destinations
    return {each.destination: each.state for each in found}


def test_an_attempt_that_the_lost_fence_may_have_let_through_before_waits_for_a_person(
    host, invocation, receiver, ledger, clock, both
):
    server, again = receiver(200), invocation(both, attempt=2)
    clock.move(minutes=1)
    host(server.url, fence_lost_at=clock())(again)
    assert server.requests == []
    assert states(ledger, both) == {"outbox": "unconfirmed", "webhook:sales": "unconfirmed"}
    assert "look there" in outcome(ledger.occurrence(both.occurrence_key)).reason
    for destination in both.destinations:
        claim = ledger.claim(both, destination, deduplicates=True, prepared=None, lease_until=clock(), now=clock())
        assert claim.verdict == "unconfirmed"


@pytest.mark.parametrize("killed_before", ["first finish", "second claim", "second finish"])
def test_killed_while_it_leaves_a_post_to_a_person_it_goes_on_with_that(
    host, invocation, receiver, ledger, clock, both, monkeypatch, killed_before
):
    server, lost_at = receiver(200), clock.move(minutes=1)
    which, operation = killed_before.split()
    allowed, real = [None] * (which == "second"), getattr(ledger, operation)

    def until_killed(*arguments, **named):
        if not allowed:
            raise KeyboardInterrupt
        allowed.pop()
        return real(*arguments, **named)

    again = [dataclasses.replace(invocation(both, attempt=number), first_due=both.due) for number in (2, 3)]
    with monkeypatch.context() as patched:
        patched.setattr(ledger, operation, until_killed)
        with pytest.raises(KeyboardInterrupt):
            host(server.url, fence_lost_at=lost_at)(again[0])
    host(server.url, fence_lost_at=lost_at)(again[1])
    assert server.requests == []
    assert states(ledger, both) == {"outbox": "unconfirmed", "webhook:sales": "unconfirmed"}


def test_a_person_may_have_it_published_then(host, invocation, receiver, ledger, clock, both):
    server, again = receiver(200), invocation(both, attempt=2)
    clock.move(minutes=1)
    host(server.url, fence_lost_at=clock())(again)
    clock.move(minutes=1)
    ledger.reopen(both, both.destinations, now=clock())
    host(server.url, fence_lost_at=clock() - timedelta(minutes=1))(invocation(both))
    assert len(server.requests) == 1


def test_a_first_attempt_is_made_whatever_became_of_the_fence(host, invocation, receiver, ledger, clock, both):
    server, first = receiver(200), invocation(both)
    clock.move(minutes=1)
    host(server.url, fence_lost_at=clock())(first)
    assert len(server.requests) == 1


def test_what_began_after_the_fence_was_lost_is_tried_again(host, invocation, receiver, ledger, clock, both):
    lost_at = clock() - timedelta(minutes=1)
    server = receiver(200)
    host(server.url, fence_lost_at=lost_at)(invocation(both, attempt=2))
    assert len(server.requests) == 1


def test_an_overdue_post_whose_first_attempt_the_new_ledger_knows_is_tried_again(
    host, invocation, receiver, ledger, clock, both
):
    first, again = invocation(both), invocation(both, attempt=2)
    clock.move(minutes=1)
    with pytest.raises(DeliveryFailed):
        host(receiver(503).url, fence_lost_at=clock())(first)
    server = receiver(200)
    host(server.url, fence_lost_at=clock())(again)
    assert len(server.requests) == 1


def test_a_receipt_says_nothing_about_the_text_or_the_secret(
    host, invocation, receiver, ledger, clock, a_post, invoked
):
    payload = invoked(a_post(due_at=clock(), text="between us"))
    host(receiver(200).url)(invocation(payload))
    [receipt] = ledger.occurrence(payload.occurrence_key).receipts
    assert "between us" not in repr(receipt)
    assert SECRET not in repr(receipt)
    assert receipt.at - clock() < timedelta(seconds=1)


def test_by_the_real_clock_the_signature_is_taken(host, invocation, receiver, a_post, invoked):
    server = receiver(200)
    payload = invoked(a_post(due_at=real_clock()))
    host(server.url, clock=real_clock)(invocation(payload))
    [(headers, body)] = server.requests
    verify(body, headers, [SECRET])
