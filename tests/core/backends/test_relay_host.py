"""The relay's host on one machine: its deliveries, and the receipts that it records."""

import dataclasses
import http.server
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.backends import relay_host
from core.backends.relay_host import RelayHost
from core.engine.invocations import Invocation
from core.ledger.port import ClaimTerms
from core.ledger.states import outcome
from core.posts.payload import UnreadablePayload, write_invocation
from core.publishing.signature import verify
from core.storage.home import new_signing_secret
from core.time.instants import real_clock
from lambda_pkg.http_client import REUSES_CONNECTIONS
from lambda_pkg.relay import AttemptFailed

SECRET = new_signing_secret()


@pytest.fixture
def make_host(ledger, clock):
    """Make hosts that deliver to a URL, or to the URL that a function returns."""
    hosts = []

    def build(url, fence_lost_at=None, clock=clock):
        posting_url = url if callable(url) else lambda: url
        host = RelayHost(
            ledger, posting_url=posting_url, secrets=lambda: [SECRET], clock=clock, fence_lost_at=fence_lost_at
        )
        hosts.append(host)
        return host

    yield build
    for host in hosts:
        host.close_connection()


@pytest.fixture
def invocation(clock):
    """Build an invocation of the relay."""

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


def recorded(ledger, payload):
    receipts = ledger.occurrence(payload.occurrence_key).receipts
    return [(receipt.kind, receipt.attempt, receipt.detail.get("status")) for receipt in receipts]


def outcome_of(ledger, payload):
    return outcome(ledger.occurrence(payload.occurrence_key))


def test_a_delivery_is_signed_and_recorded(make_host, invocation, start_server, ledger, clock, a_post, invoked):
    server = start_server(200)
    payload = invoked(a_post(due_at=clock()))
    make_host(server.url)(invocation(payload))
    [(headers, body)] = server.requests
    assert headers["webhook-id"] == payload.occurrence_key
    assert body.decode() == write_invocation(payload)
    assert recorded(ledger, payload) == [("handed_over", 1, 200)]
    assert outcome_of(ledger, payload).state == "handed over"


@pytest.mark.parametrize("status", [302, 401, 429, 500, 503])
def test_a_failed_delivery_is_recorded_and_raised_so_that_the_engine_retries(
    make_host, invocation, start_server, ledger, clock, a_post, invoked, status
):
    payload = invoked(a_post(due_at=clock()))
    with pytest.raises(AttemptFailed):
        make_host(start_server(status).url)(invocation(payload, attempt=2))
    assert recorded(ledger, payload) == [("attempt_failed", 2, status)]
    assert str(status) in outcome_of(ledger, payload).reason


def test_past_its_late_limit_a_post_is_not_sent_and_its_end_is_recorded(
    make_host, invocation, start_server, ledger, clock, a_post, invoked
):
    server = start_server(200)
    payload = invoked(a_post(due_at=clock(), late_after_minutes=10))
    clock.move(minutes=11)
    make_host(server.url)(invocation(payload))
    assert server.requests == []
    assert outcome_of(ledger, payload).state == "missed"
    make_host(server.url)(invocation(payload, attempt=3))
    assert outcome_of(ledger, payload).state == "failed"


def test_the_posting_url_may_change_between_two_attempts(
    make_host, invocation, start_server, ledger, clock, a_post, invoked
):
    urls = ["http://127.0.0.1:9/publish"]
    host = make_host(lambda: urls[-1])
    payload = invoked(a_post(due_at=clock()))
    with pytest.raises(AttemptFailed):
        host(invocation(payload))
    server = start_server(200)
    urls.append(server.url)
    host(invocation(payload, attempt=2))
    assert [kind for kind, _, _ in recorded(ledger, payload)] == ["attempt_failed", "handed_over"]
    assert len(server.requests) == 1


@pytest.mark.parametrize("body", [b"{}", b"hello", b'{"version":2}'])
def test_an_unreadable_payload_is_raised_and_not_sent(make_host, invocation, start_server, body):
    server = start_server(200)
    with pytest.raises(UnreadablePayload):
        make_host(server.url)(invocation(body))
    assert server.requests == []


class OneConnectionServer:
    """A posting server that serves one connection at a time, until the client closes it."""

    def __init__(self):
        self.connections = []
        """The number of requests on each connection."""
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
def one_connection_server():
    server = OneConnectionServer()
    yield server
    server.close()


@pytest.mark.skipif(not REUSES_CONNECTIONS, reason="this system reuses no connections")
def test_the_posts_of_a_thread_share_a_connection_until_it_closes(
    make_host, invocation, clock, a_post, invoked, one_connection_server
):
    host = make_host(one_connection_server.url)
    for _ in range(3):
        host(invocation(invoked(a_post(due_at=clock()))))
    host.close_connection()
    host(invocation(invoked(a_post(due_at=clock()))))
    host.close_connection()
    assert one_connection_server.connections == [3, 1]


def test_after_a_thread_closes_its_connection_another_thread_reaches_the_server(
    make_host, invocation, clock, a_post, invoked, one_connection_server
):
    host = make_host(one_connection_server.url)
    host(invocation(invoked(a_post(due_at=clock()))))
    host.close_connection()
    with ThreadPoolExecutor(1) as another:
        another.submit(host, invocation(invoked(a_post(due_at=clock())))).result(timeout=10)
        another.submit(host.close_connection).result(timeout=10)
    assert one_connection_server.connections == [1, 1]


# A lost fence


@pytest.fixture
def payload(clock, a_post, invoked):
    """Return an occurrence for two destinations that is due now."""
    return invoked(a_post(due_at=clock(), destinations=("outbox", "webhook:sales")))


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
        patched.setattr(relay_host, "FENCE_LOST", "Punctual's record of what went out was damaged.")
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


# Secrets


def test_a_receipt_holds_neither_text_nor_secret(make_host, invocation, start_server, ledger, clock, a_post, invoked):
    payload = invoked(a_post(due_at=clock(), text="between us"))
    make_host(start_server(200).url)(invocation(payload))
    [receipt] = ledger.occurrence(payload.occurrence_key).receipts
    assert "between us" not in repr(receipt)
    assert SECRET not in repr(receipt)
    assert receipt.at - clock() < timedelta(seconds=1)


def test_on_the_real_clock_the_signature_is_valid(make_host, invocation, start_server, a_post, invoked):
    server = start_server(200)
    make_host(server.url, clock=real_clock)(invocation(invoked(a_post(due_at=real_clock()))))
    [(headers, body)] = server.requests
    verify(body, headers, [SECRET])
