"""The relay against servers on loopback, with a clock moved by hand."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lambda_pkg.http_client import Connection
from lambda_pkg.relay import AttemptFailed, InvokedTooEarly, RelayConfig, deliver

MEMBERS = [
    *("kind", "post_id", "revision", "occurrence_key", "due_at", "started_at", "posted_at", "finished_at"),
    *("attempt", "status", "results", "error", "retry_after"),
]


@pytest.fixture
def deliver_post(payload: Any, clock: Any) -> Any:
    """Deliver the payload, with the given members changed."""

    def call(config: RelayConfig, *, attempt: int = 1, **changes: Any) -> dict[str, Any]:
        event = {**payload, **changes}
        with Connection() as connection:
            return deliver(event, config, connection, attempt=attempt, clock=clock, sleep=clock.sleep)

    return call


@pytest.fixture
def failed_receipt(deliver_post: Any) -> Any:
    """Attempt a delivery that must fail, and return its receipt."""

    def receipt_of(config: RelayConfig, **changes: Any) -> dict[str, Any]:
        with pytest.raises(AttemptFailed) as raised:
            deliver_post(config, **changes)
        receipt: dict[str, Any] = raised.value.receipt
        assert receipt["kind"] == "attempt_failed"
        assert str(raised.value) == receipt["error"]
        return receipt

    return receipt_of


# The due instant


def test_a_relay_invoked_a_minute_early_posts_at_the_due_instant(deliver_post, configure, start_server, clock, due):
    clock.now = due - timedelta(seconds=59, milliseconds=322)
    receipt = deliver_post(configure(start_server(200).url))
    assert receipt["started_at"] == "2026-11-24T07:59:00.678Z"
    assert receipt["posted_at"] == "2026-11-24T08:00:00.000Z"
    assert max(clock.sleeps) <= 1


def test_a_relay_invoked_at_the_due_instant_does_not_sleep(deliver_post, configure, start_server, clock):
    clock.before_sleep = lambda: pytest.fail("the relay slept")
    assert deliver_post(configure(start_server(200).url))["posted_at"] == "2026-11-24T08:00:00.000Z"


def test_a_due_instant_may_have_milliseconds(deliver_post, configure, start_server, clock, due):
    clock.now = due - timedelta(seconds=2)
    receipt = deliver_post(configure(start_server(200).url), due_at="2026-11-24T08:00:00.250Z")
    assert receipt["posted_at"] == receipt["due_at"] == "2026-11-24T08:00:00.250Z"


def test_the_relay_waits_for_up_to_90_seconds(deliver_post, configure, start_server, clock, due):
    clock.now = due - timedelta(seconds=90)
    assert deliver_post(configure(start_server(200).url))["posted_at"] == "2026-11-24T08:00:00.000Z"


@pytest.mark.parametrize("early", [timedelta(seconds=91), timedelta(seconds=90, microseconds=1)])
def test_a_relay_invoked_earlier_than_that_fails_and_sends_nothing(
    deliver_post, configure, start_server, clock, due, early
):
    server = start_server(200)
    clock.now = due - early
    with pytest.raises(InvokedTooEarly, match="9[01] s before"):
        deliver_post(configure(server.url))
    assert server.requests == []


def test_the_relay_notices_a_clock_that_is_set_back_while_it_waits(deliver_post, configure, start_server, clock, due):
    clock.now = due - timedelta(seconds=5)
    clock.before_sleep = lambda: setattr(clock, "now", due - timedelta(hours=1))
    with pytest.raises(InvokedTooEarly):
        deliver_post(configure(start_server(200).url))


def test_a_machine_suspended_past_the_late_limit_misses_the_post(deliver_post, configure, start_server, clock, due):
    server = start_server(200)
    clock.now = due - timedelta(seconds=5)
    clock.before_sleep = lambda: setattr(clock, "now", due + timedelta(hours=2))
    assert deliver_post(configure(server.url))["kind"] == "missed"
    assert server.requests == []


def real_time() -> datetime:
    return datetime.now(UTC)


def test_on_the_real_clock_a_post_leaves_within_milliseconds_of_its_due_instant(payload, configure, start_server):
    config = configure(start_server(200).url)
    lags = []
    for _ in range(3):
        due_at = datetime.now(UTC) + timedelta(milliseconds=50)
        event = {**payload, "due_at": due_at.isoformat()}
        with Connection() as connection:
            receipt = deliver(event, config, connection, attempt=1, clock=real_time, sleep=time.sleep)
        lags.append(datetime.fromisoformat(receipt["posted_at"]) - datetime.fromisoformat(receipt["due_at"]))
    assert timedelta() <= min(lags) < timedelta(milliseconds=10)


# The late limit


@pytest.mark.parametrize(("attempt", "kind"), [(1, "missed"), (2, "failed")])
def test_a_post_past_its_late_limit_is_not_sent(deliver_post, configure, start_server, clock, due, attempt, kind):
    server = start_server(200)
    clock.now = due + timedelta(minutes=75)
    receipt = deliver_post(configure(server.url), attempt=attempt)
    assert (receipt["kind"], receipt["posted_at"], receipt["attempt"]) == (kind, None, attempt)
    assert "75 minutes after its time" in receipt["error"]
    assert server.requests == []


@pytest.mark.parametrize(("minutes", "limit"), [(60, {}), (0, {"late_after_minutes": 0})])
@pytest.mark.parametrize(("beyond", "kind"), [(timedelta(), "handed_over"), (timedelta(microseconds=1), "missed")])
def test_a_post_is_sent_up_to_and_including_its_late_limit(
    deliver_post, configure, start_server, clock, due, minutes, limit, beyond, kind
):
    clock.now = due + timedelta(minutes=minutes) + beyond
    assert deliver_post(configure(start_server(200).url), **limit)["kind"] == kind


def test_a_post_without_a_late_limit_is_never_too_late(deliver_post, configure, start_server, clock, due):
    clock.now = due + timedelta(days=300)
    assert deliver_post(configure(start_server(200).url), late_after_minutes=None)["kind"] == "handed_over"


# The request


def test_the_request_body_is_the_event_as_json_in_utf8(deliver_post, configure, start_server, payload):
    server = start_server(200)
    deliver_post(configure(server.url + "?from=relay"))
    [(headers, body)] = server.requests
    assert server.request_lines == ["POST /publish?from=relay HTTP/1.1"]
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == payload
    assert payload["text"].encode() in body


def test_the_request_names_its_host_and_accepts_no_compression(deliver_post, configure, start_server):
    server = start_server(200)
    deliver_post(configure(server.url))
    [(headers, _)] = server.requests
    assert (headers["host"], headers["accept-encoding"]) == (f"127.0.0.1:{server.port}", "identity")


@pytest.fixture
def signed_request(payload: Any, configure: Any, start_server: Any, secret: str) -> Any:
    """Deliver the post at an instant that is `age` ago, signed with `secret` and others; return its request."""

    def request(*others: str, age: timedelta = timedelta()) -> tuple[bytes, dict[str, str]]:
        server = start_server(200)
        config = configure(server.url, secrets=(secret, *others))
        at = datetime.now(UTC) - age
        event = {**payload, "due_at": at.isoformat()}
        with Connection() as connection:
            deliver(event, config, connection, attempt=1, clock=lambda: at, sleep=time.sleep)
        [(headers, body)] = server.requests
        return body, headers

    return request


def test_a_standard_webhooks_verifier_accepts_each_active_secret(signed_request, secret):
    second = whsec(b"the next key")
    body, headers = signed_request(second)
    for active in (secret, second):
        Webhook(active).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(b"a retired key")).verify(body, headers)


def test_a_verifier_rejects_an_altered_or_old_request(signed_request, secret):
    body, headers = signed_request()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers | {"webhook-id": "another"})
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(*signed_request(age=timedelta(minutes=6)))


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def test_the_key_of_a_one_time_post_is_its_id(deliver_post, configure, start_server):
    server = start_server(200)
    assert deliver_post(configure(server.url))["occurrence_key"] == "k3v9q2m4cx7a"
    assert server.requests[0][0]["webhook-id"] == "k3v9q2m4cx7a"


def test_a_repeating_post_is_due_at_its_occurrence_and_its_key_names_it(deliver_post, configure, start_server):
    server = start_server(200)
    receipt = deliver_post(configure(server.url), due_at=None)
    assert receipt["due_at"] == "2026-11-24T07:59:00.000Z"
    assert receipt["occurrence_key"] == "k3v9q2m4cx7a/2026-11-24T07:59:00Z"
    assert server.requests[0][0]["webhook-id"] == receipt["occurrence_key"]


# Responses


def test_the_receipt_holds_the_result_of_each_destination(deliver_post, configure, start_server):
    results = [{"destination": "outbox", "state": "published"}]
    receipt = deliver_post(configure(start_server(200, json.dumps({"results": results}).encode()).url))
    assert (receipt["kind"], receipt["status"], receipt["results"]) == ("handed_over", 200, results)
    assert receipt["error"] is None
    assert list(receipt) == MEMBERS
    assert json.loads(json.dumps(receipt)) == receipt


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"<html>", b"[]", b"\xff", b'{"results": 7}', b'{"results": ["ok"]}', b"[" * 100_000]
)
def test_another_servers_response_body_is_ignored(deliver_post, configure, start_server, body):
    receipt = deliver_post(configure(start_server(202, body).url))
    assert (receipt["kind"], receipt["status"], receipt["results"]) == ("handed_over", 202, [])


@pytest.mark.parametrize("status", [200, 299])
def test_any_2xx_status_delivers_the_post(deliver_post, configure, start_server, status):
    assert deliver_post(configure(start_server(status).url))["kind"] == "handed_over"


def test_only_the_start_of_a_huge_response_is_read(deliver_post, configure, start_server):
    results = [{"destination": "outbox", "reason": "x" * 3_000_000}]
    receipt = deliver_post(configure(start_server(200, json.dumps({"results": results}).encode()).url))
    assert (receipt["kind"], receipt["results"]) == ("handed_over", [])


@pytest.mark.parametrize("status", [300, 400, 401, 404, 429, 500, 503])
def test_any_other_status_fails_the_attempt(failed_receipt, configure, start_server, status):
    receipt = failed_receipt(configure(start_server(status).url))
    assert receipt["status"] == status
    assert str(status) in receipt["error"]


def test_the_receipt_of_a_503_holds_the_results_and_the_retry_after(failed_receipt, configure, start_server):
    results = [{"destination": "bluesky:ada.example", "state": "failed"}]
    receipt = failed_receipt(
        configure(start_server(503, json.dumps({"results": results}).encode(), Retry_After="120").url)
    )
    assert (receipt["results"], receipt["retry_after"]) == (results, 120)


@pytest.mark.parametrize(
    ("header", "seconds"), [("Tue, 24 Nov 2026 08:01:30 GMT", 90), ("1.6", 2), ("9" * 400, 86_400), ("soon", None)]
)
def test_the_receipt_holds_retry_after_in_whole_seconds(failed_receipt, configure, start_server, header, seconds):
    assert failed_receipt(configure(start_server(429, Retry_After=header).url))["retry_after"] == seconds


def test_a_redirect_is_not_followed(failed_receipt, configure, start_server):
    target = start_server(200)
    receipt = failed_receipt(configure(start_server(307, Location=target.url).url))
    assert receipt["status"] == 307
    assert "redirect" in receipt["error"]
    assert target.requests == []


# Servers that misbehave


def test_a_stopped_server_fails_the_attempt_at_once(failed_receipt, configure, start_server):
    stopped = start_server(200)
    stopped.close()
    receipt = failed_receipt(configure(stopped.url))
    assert (receipt["status"], receipt["posted_at"]) == (None, None)
    assert "Nothing listens" in receipt["error"]


@pytest.mark.parametrize("host", ["posts.invalid", "posts..invalid", "x" * 64 + ".invalid"])
def test_the_error_names_a_host_without_an_address(failed_receipt, configure, host):
    receipt = failed_receipt(configure(f"https://{host}/publish"))
    assert f"No address was found for {host}" in receipt["error"]


def close_at_once(handler: Any) -> None:
    pass


def stall(handler: Any) -> None:
    time.sleep(1)


def trickle_headers(handler: Any) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000:
        handler.wfile.write(bytes([byte]))
        time.sleep(0.05)


def trickle_body(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    trickle_headers(handler)


def repeat_continue(handler: Any) -> None:
    for _ in range(100):
        handler.wfile.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("respond", [stall, trickle_headers, trickle_body, repeat_continue])
def test_no_server_delays_the_relay_past_its_deadline(failed_receipt, configure, misbehaving_server, respond):
    began = time.monotonic()
    receipt = failed_receipt(configure(misbehaving_server(respond).url))
    assert 0.3 <= time.monotonic() - began < 0.8
    assert "did not answer in time" in receipt["error"]
    assert receipt["posted_at"] is not None


@pytest.mark.parametrize(
    "respond",
    [
        close_at_once,
        lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH\r\n"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
    ],
)
def test_an_incomplete_response_fails_the_attempt(failed_receipt, configure, misbehaving_server, respond):
    receipt = failed_receipt(configure(misbehaving_server(respond).url))
    assert "before a complete response" in receipt["error"]
    assert receipt["status"] is None


# Addresses and secrets


def test_a_refused_posting_url_fails_the_attempt_and_is_not_repeated(failed_receipt, configure):
    receipt = failed_receipt(configure("http://hooks.example/T0KEN"))
    assert "https" in receipt["error"]
    assert "T0KEN" not in json.dumps(receipt)


def test_a_posts_own_url_is_used_if_its_host_is_allowed(deliver_post, configure, start_server):
    server, other = start_server(200), start_server(200)
    deliver_post(configure(server.url, allowed_hosts=frozenset({"LOCALHOST"})), url=_by_name(other.url))
    assert (len(server.requests), len(other.requests)) == (0, 1)


def test_a_posts_own_url_is_refused_if_its_host_is_not_allowed(failed_receipt, configure, start_server):
    server, other = start_server(200), start_server(200)
    receipt = failed_receipt(configure(server.url), url=_by_name(other.url))
    assert "localhost, which is not allowed" in receipt["error"]
    assert (len(server.requests), len(other.requests)) == (0, 0)


def _by_name(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("c2VjcmV0",), ("whsec_not base64",)])
def test_an_invalid_secret_fails_the_attempt_and_is_not_repeated(failed_receipt, configure, start_server, secrets):
    server = start_server(200)
    receipt = failed_receipt(configure(server.url, secrets=secrets))
    assert "whsec_" in receipt["error"]
    assert "not base64" not in receipt["error"]
    assert server.requests == []


def test_errors_receipts_and_reprs_hold_neither_text_nor_secret(
    failed_receipt, configure, start_server, payload, secret
):
    config = configure(start_server(500, payload["text"].encode()).url)
    receipt = json.dumps(failed_receipt(config), ensure_ascii=False)
    assert payload["text"] not in receipt
    assert secret not in receipt + repr(config)


def test_https_accepts_a_trusted_certificate(deliver_post, configure, start_server, certificate, trusted_certificate):
    server = start_server(200)
    server.use_tls(certificate)
    assert deliver_post(configure(server.url))["kind"] == "handed_over"


def test_https_rejects_an_untrusted_certificate(failed_receipt, configure, start_server, certificate):
    server = start_server(200)
    server.use_tls(certificate)
    receipt = failed_receipt(configure(server.url))
    assert "certificate" in receipt["error"]
    assert server.requests == []
