"""The relay's host on one machine: its deliveries, and the receipts that it records."""

import http.server
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.ledger.states import outcome
from core.posts.models import Repeat
from core.posts.payload import UnreadablePayload, write_invocation
from core.publishing.signature import verify
from core.time.instants import real_clock
from lambda_pkg.http_client import REUSES_CONNECTIONS
from lambda_pkg.relay import AttemptFailed


def recorded(ledger, payload):
    receipts = ledger.occurrence(payload.occurrence_key).receipts
    return [(receipt.kind, receipt.attempt, receipt.detail.get("status")) for receipt in receipts]


def outcome_of(ledger, payload):
    return outcome(ledger.occurrence(payload.occurrence_key))


def test_a_delivery_is_signed_and_recorded(make_host, invocation, start_server, ledger, clock, a_post, payload_for):
    server = start_server(200)
    payload = payload_for(a_post(due_at=clock()))
    make_host(server.url)(invocation(payload))
    [(headers, body)] = server.requests
    assert headers["webhook-id"] == payload.occurrence_key
    assert body.decode() == write_invocation(payload)
    assert recorded(ledger, payload) == [("handed_over", 1, 200)]
    assert outcome_of(ledger, payload).state == "handed over"


@pytest.mark.parametrize("status", [302, 401, 429, 500, 503])
def test_a_failed_delivery_is_recorded_and_raised_so_that_the_engine_retries(
    make_host, invocation, start_server, ledger, clock, a_post, payload_for, status
):
    payload = payload_for(a_post(due_at=clock()))
    with pytest.raises(AttemptFailed):
        make_host(start_server(status).url)(invocation(payload, attempt=2))
    assert recorded(ledger, payload) == [("attempt_failed", 2, status)]
    assert str(status) in outcome_of(ledger, payload).reason


def test_a_post_past_its_late_limit_is_not_sent_and_is_recorded_as_missed_or_failed(
    make_host, invocation, start_server, ledger, clock, a_post, payload_for
):
    server = start_server(200)
    payload = payload_for(a_post(due_at=clock(), late_after_minutes=10))
    clock.move(minutes=11)
    make_host(server.url)(invocation(payload))
    assert server.requests == []
    assert outcome_of(ledger, payload).state == "missed"
    make_host(server.url)(invocation(payload, attempt=3))
    assert outcome_of(ledger, payload).state == "failed"


def test_a_skipped_run_is_not_sent_and_leaves_no_receipt(
    make_host, invocation, start_server, ledger, clock, a_series, payload_for
):
    server = start_server(200)
    payload = payload_for(a_series(repeat=Repeat(expression="rate(1 hour)", skipped=(clock(),))), occurrence=clock())
    make_host(server.url)(invocation(payload))
    assert server.requests == []
    assert ledger.occurrence(payload.occurrence_key) is None


def test_the_posting_url_may_change_between_two_attempts(
    make_host, invocation, start_server, ledger, clock, a_post, payload_for
):
    urls = ["http://127.0.0.1:9/publish"]
    host = make_host(lambda: urls[-1])
    payload = payload_for(a_post(due_at=clock()))
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
    make_host, invocation, clock, a_post, payload_for, one_connection_server
):
    host = make_host(one_connection_server.url)
    for _ in range(3):
        host(invocation(payload_for(a_post(due_at=clock()))))
    host.close_connection()
    host(invocation(payload_for(a_post(due_at=clock()))))
    host.close_connection()
    assert one_connection_server.connections == [3, 1]


def test_after_a_thread_closes_its_connection_another_thread_reaches_the_server(
    make_host, invocation, clock, a_post, payload_for, one_connection_server
):
    host = make_host(one_connection_server.url)
    host(invocation(payload_for(a_post(due_at=clock()))))
    host.close_connection()
    with ThreadPoolExecutor(1) as another:
        another.submit(host, invocation(payload_for(a_post(due_at=clock())))).result(timeout=10)
        another.submit(host.close_connection).result(timeout=10)
    assert one_connection_server.connections == [1, 1]


# Secrets


def test_a_receipt_holds_neither_text_nor_secret(
    make_host, invocation, start_server, secret, ledger, clock, a_post, payload_for
):
    payload = payload_for(a_post(due_at=clock(), text="between us"))
    make_host(start_server(200).url)(invocation(payload))
    [receipt] = ledger.occurrence(payload.occurrence_key).receipts
    assert "between us" not in repr(receipt)
    assert secret not in repr(receipt)
    assert receipt.at - clock() < timedelta(seconds=1)


def test_on_the_real_clock_the_signature_is_valid(make_host, invocation, start_server, secret, a_post, payload_for):
    server = start_server(200)
    make_host(server.url, clock=real_clock)(invocation(payload_for(a_post(due_at=real_clock()))))
    [(headers, body)] = server.requests
    verify(body, headers, [secret])


@pytest.mark.parametrize(("headers", "asked"), [({}, None), ({"Retry_After": "120"}, timedelta(minutes=2))])
def test_the_error_of_an_attempt_has_the_wait_that_the_posting_server_asks_for(
    make_host, invocation, start_server, clock, a_post, payload_for, headers, asked
):
    payload = payload_for(a_post(due_at=clock()))
    with pytest.raises(AttemptFailed) as failed:
        make_host(start_server(503, **headers).url)(invocation(payload))
    assert failed.value.retry_after == asked
