"""The relay against real servers on loopback, by a clock moved by hand."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lambda_pkg.http_client import Connection
from lambda_pkg.relay import RelayConfig, DeliveryFailed, InvokedTooEarly, deliver

MEMBERS = [
    *("kind", "post_id", "revision", "occurrence_key", "due_at", "started_at", "posted_at", "finished_at"),
    *("attempt", "status", "results", "error", "retry_after"),
]


@pytest.fixture
def hand_over(payload: Any, clock: Any) -> Any:
    """Deliver the payload, with the given members changed."""

    def deliver_now(environment: RelayConfig, *, attempt: int = 1, **changes: Any) -> dict[str, Any]:
        with Connection() as line:
            return deliver({**payload, **changes}, environment, line, attempt=attempt, clock=clock, sleep=clock.sleep)

    return deliver_now


@pytest.fixture
def failure(hand_over: Any) -> Any:
    """The receipt of a delivery that must fail."""

    def receipt_of(environment: RelayConfig, **changes: Any) -> dict[str, Any]:
        with pytest.raises(DeliveryFailed) as raised:
            hand_over(environment, **changes)
        receipt: dict[str, Any] = raised.value.receipt
        assert receipt["kind"] == "attempt_failed"
        assert str(raised.value) == receipt["error"]
        return receipt

    return receipt_of


# The due instant


def test_a_minute_early_it_waits_for_the_due_instant_exactly(hand_over, environment, server, clock, due):
    clock.now = due - timedelta(seconds=59, milliseconds=322)
    receipt = hand_over(environment(server(200).url))
    assert receipt["started_at"] == "2026-11-24T07:59:00.678Z"
    assert receipt["posted_at"] == "2026-11-24T08:00:00.000Z"
    assert max(clock.sleeps) <= 1


def test_a_due_instant_may_lie_between_two_seconds(hand_over, environment, server, clock, due):
    clock.now = due - timedelta(seconds=2)
    receipt = hand_over(environment(server(200).url), due_at="2026-11-24T08:00:00.250Z")
    assert receipt["posted_at"] == receipt["due_at"] == "2026-11-24T08:00:00.250Z"


def test_more_than_90_seconds_early_is_an_error_and_nothing_is_sent(hand_over, environment, server, clock, due):
    posting_server = server(200)
    clock.now = due - timedelta(seconds=91)
    with pytest.raises(InvokedTooEarly, match="91 s before"):
        hand_over(environment(posting_server.url))
    assert posting_server.requests == []


def test_a_clock_set_back_while_it_waits_is_noticed(hand_over, environment, server, clock, due):
    clock.now = due - timedelta(seconds=5)
    clock.at_sleep = lambda: setattr(clock, "now", due - timedelta(hours=1))
    with pytest.raises(InvokedTooEarly):
        hand_over(environment(server(200).url))


def test_a_machine_suspended_while_it_waits_misses_the_post(hand_over, environment, server, clock, due):
    posting_server = server(200)
    clock.now = due - timedelta(seconds=5)
    clock.at_sleep = lambda: setattr(clock, "now", due + timedelta(hours=2))
    assert hand_over(environment(posting_server.url))["kind"] == "missed"
    assert posting_server.requests == []


def real_time() -> datetime:
    return datetime.now(UTC)


def test_by_the_real_clock_the_post_leaves_within_milliseconds_of_its_instant(payload, environment, server):
    posting_server = server(200)
    lags = []
    for _ in range(3):
        due_at = datetime.now(UTC) + timedelta(milliseconds=50)
        event = {**payload, "due_at": due_at.isoformat()}
        with Connection() as line:
            receipt = deliver(
                event, environment(posting_server.url), line, attempt=1, clock=real_time, sleep=time.sleep
            )
        lags.append(datetime.fromisoformat(receipt["posted_at"]) - datetime.fromisoformat(receipt["due_at"]))
    assert timedelta() <= min(lags) < timedelta(milliseconds=10)


# Lateness


@pytest.mark.parametrize(("attempt", "kind"), [(1, "missed"), (2, "failed")])
def test_past_its_limit_a_post_is_not_sent(hand_over, environment, server, clock, due, attempt, kind):
    posting_server = server(200)
    clock.now = due + timedelta(minutes=75)
    receipt = hand_over(environment(posting_server.url), attempt=attempt)
    assert (receipt["kind"], receipt["posted_at"], receipt["attempt"]) == (kind, None, attempt)
    assert "75 minutes after its time" in receipt["error"]
    assert posting_server.requests == []


def test_at_its_limit_a_post_is_still_sent(hand_over, environment, server, clock, due):
    clock.now = due + timedelta(minutes=60)
    assert hand_over(environment(server(200).url))["kind"] == "handed_over"


def test_without_a_limit_a_post_is_never_too_late(hand_over, environment, server, clock, due):
    clock.now = due + timedelta(days=300)
    assert hand_over(environment(server(200).url), late_after_minutes=None)["kind"] == "handed_over"


# The request


def test_the_request_carries_the_event_itself_as_json_in_utf8(hand_over, environment, server, payload):
    posting_server = server(200)
    hand_over(environment(posting_server.url + "?from=relay"))
    [(line, headers, body)] = posting_server.requests
    assert line == "POST /publish?from=relay HTTP/1.1"
    assert headers["content-type"] == "application/json"
    assert json.loads(body) == payload
    assert payload["text"].encode() in body


def test_the_request_names_the_server_and_asks_for_an_answer_as_it_is(hand_over, environment, server):
    posting_server = server(200)
    hand_over(environment(posting_server.url))
    [(_, headers, _)] = posting_server.requests
    said = {"host": f"127.0.0.1:{posting_server.port}", "accept-encoding": "identity"}
    assert {name: headers[name] for name in said} == said


@pytest.fixture
def signed(payload: Any, environment: Any, server: Any, secret: str) -> Any:
    """Hand a post over when the real clock is `late` behind, signed with `secret` and others; return its request."""

    def request(*others: str, late: timedelta = timedelta()) -> tuple[bytes, dict[str, str]]:
        posting_server = server(200)
        settings = environment(posting_server.url, secrets=(secret, *others))
        at = datetime.now(UTC) - late
        event = {**payload, "due_at": at.isoformat()}
        with Connection() as line:
            deliver(event, settings, line, attempt=1, clock=lambda: at, sleep=time.sleep)
        [(_, headers, body)] = posting_server.requests
        return body, headers

    return request


def test_any_verifier_of_standard_webhooks_accepts_each_active_secret(signed, secret):
    second = whsec(b"the next key")
    body, headers = signed(second)
    for active in (secret, second):
        Webhook(active).verify(body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec(b"the last key but one")).verify(body, headers)


def test_a_verifier_refuses_a_request_that_was_altered_or_is_old(signed, secret):
    body, headers = signed()
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body + b" ", headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body, headers | {"webhook-id": "another"})
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(*signed(late=timedelta(minutes=6)))


def whsec(key: bytes) -> str:
    return "whsec_" + base64.b64encode(key).decode()


def test_the_key_of_a_one_time_post_is_its_id(hand_over, environment, server):
    posting_server = server(200)
    assert hand_over(environment(posting_server.url))["occurrence_key"] == "k3v9q2m4cx7a"
    assert posting_server.requests[0][1]["webhook-id"] == "k3v9q2m4cx7a"


def test_a_repeating_post_is_due_at_its_occurrence_which_is_in_its_key(hand_over, environment, server):
    posting_server = server(200)
    receipt = hand_over(environment(posting_server.url), due_at=None)
    assert receipt["due_at"] == "2026-11-24T07:59:00.000Z"
    assert receipt["occurrence_key"] == "k3v9q2m4cx7a/2026-11-24T07:59:00Z"
    assert posting_server.requests[0][1]["webhook-id"] == receipt["occurrence_key"]


# Answers


def test_the_receipt_of_a_hand_over_holds_the_answer_for_each_destination(hand_over, environment, server):
    results = [{"destination": "outbox", "state": "published"}]
    receipt = hand_over(environment(server(200, json.dumps({"results": results}).encode()).url))
    assert (receipt["kind"], receipt["status"], receipt["results"]) == ("handed_over", 200, results)
    assert receipt["error"] is None
    assert list(receipt) == MEMBERS
    assert json.loads(json.dumps(receipt)) == receipt


@pytest.mark.parametrize(
    "body", [b"", b"ok", b"<html>", b"[]", b"\xff", b'{"results": 7}', b'{"results": ["ok"]}', b"[" * 100_000]
)
def test_a_server_that_is_not_ours_takes_a_post_by_any_2xx(hand_over, environment, server, body):
    receipt = hand_over(environment(server(202, body).url))
    assert (receipt["kind"], receipt["status"], receipt["results"]) == ("handed_over", 202, [])


def test_of_a_huge_answer_only_the_beginning_is_read(hand_over, environment, server):
    receipt = hand_over(environment(server(200, b"x" * 3_000_000).url))
    assert (receipt["kind"], receipt["results"]) == ("handed_over", [])


@pytest.mark.parametrize("status", [400, 401, 404, 429, 500, 503])
def test_anything_but_2xx_fails_the_attempt(failure, environment, server, status):
    receipt = failure(environment(server(status).url))
    assert receipt["status"] == status
    assert str(status) in receipt["error"]


def test_an_unfinished_answer_says_what_each_destination_said_and_when_to_come_back(failure, environment, server):
    results = [{"destination": "bluesky:ada.example", "state": "failed"}]
    receipt = failure(environment(server(503, json.dumps({"results": results}).encode(), Retry_After="120").url))
    assert (receipt["results"], receipt["retry_after"]) == (results, 120)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("Tue, 24 Nov 2026 08:01:30 GMT", 90),
        ("Tue, 24 Nov 2026 07:00:00 GMT", 0),
        ("9" * 400, 86_400),
        ("soon", None),
        ("-5", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(failure, environment, server, header, seconds):
    assert failure(environment(server(429, Retry_After=header).url))["retry_after"] == seconds


def test_a_redirect_is_not_followed(failure, environment, server):
    elsewhere = server(200)
    receipt = failure(environment(server(307, Location=elsewhere.url).url))
    assert receipt["status"] == 307
    assert "redirect" in receipt["error"]
    assert elsewhere.requests == []


# Servers that misbehave


def test_a_server_that_is_down_fails_the_attempt_at_once(failure, environment, server):
    gone = server(200)
    gone.close()
    receipt = failure(environment(gone.url))
    assert (receipt["status"], receipt["posted_at"]) == (None, None)
    assert "Nothing listens" in receipt["error"]


@pytest.mark.parametrize("host", ["posts.invalid", "posts..invalid", "x" * 64 + ".invalid"])
def test_a_host_without_an_address_is_named(failure, environment, host):
    receipt = failure(environment(f"https://{host}/publish"))
    assert f"No address was found for {host}" in receipt["error"]


def drop(out: Any) -> None:
    """Hang up without a word."""


def stall(out: Any) -> None:
    time.sleep(1)


def trickle_headers(out: Any) -> None:
    for byte in b"HTTP/1.1 200 OK\r\nX-Padding: " + b"x" * 1000:
        out.write(bytes([byte]))
        time.sleep(0.05)


def trickle_body(out: Any) -> None:
    out.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")
    trickle_headers(out)


def keep_saying_continue(out: Any) -> None:
    for _ in range(100):
        out.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        time.sleep(0.05)


@pytest.mark.parametrize("talk", [stall, trickle_headers, trickle_body, keep_saying_continue])
def test_no_server_holds_the_relay_beyond_the_deadline(failure, environment, rude_server, talk):
    began = time.monotonic()
    receipt = failure(environment(rude_server(talk).url))
    assert 0.3 <= time.monotonic() - began < 0.8
    assert "did not answer in time" in receipt["error"]
    assert receipt["posted_at"] is not None


@pytest.mark.parametrize(
    "talk",
    [
        drop,
        lambda out: out.write(b"SSH-2.0-OpenSSH\r\n"),
        lambda out: out.write(b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nshort"),
        lambda out: out.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
        lambda out: out.write(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000),
    ],
)
def test_an_answer_that_is_not_whole_fails_the_attempt(failure, environment, rude_server, talk):
    receipt = failure(environment(rude_server(talk).url))
    assert "without a whole answer" in receipt["error"]
    assert receipt["status"] is None


# Addresses and secrets


def test_a_refused_posting_url_fails_the_attempt_without_repeating_it(failure, environment):
    receipt = failure(environment("http://hooks.example/T0KEN"))
    assert "https" in receipt["error"]
    assert "T0KEN" not in json.dumps(receipt)


def test_a_posts_own_url_is_used_when_its_host_is_allowed(hand_over, environment, server):
    posting_server, other = server(200), server(200)
    hand_over(environment(posting_server.url, allowed_hosts=frozenset({"LOCALHOST"})), url=_by_name(other.url))
    assert (len(posting_server.requests), len(other.requests)) == (0, 1)


def test_a_posts_own_url_is_refused_when_its_host_is_not_allowed(failure, environment, server):
    posting_server, other = server(200), server(200)
    receipt = failure(environment(posting_server.url), url=_by_name(other.url))
    assert "localhost, which is not allowed" in receipt["error"]
    assert (len(posting_server.requests), len(other.requests)) == (0, 0)


def _by_name(url: str) -> str:
    return url.replace("127.0.0.1", "localhost")


@pytest.mark.parametrize("secrets", [(), ("",), ("whsec_",), ("c2VjcmV0",), ("whsec_not base64",)])
def test_a_secret_in_another_form_fails_the_attempt_without_repeating_it(failure, environment, server, secrets):
    posting_server = server(200)
    receipt = failure(environment(posting_server.url, secrets=secrets))
    assert "whsec_" in receipt["error"]
    assert "not base64" not in receipt["error"]
    assert posting_server.requests == []


def test_neither_text_nor_secret_is_in_errors_receipts_or_reprs(failure, environment, server, payload, secret):
    settings = environment(server(500, payload["text"].encode()).url)
    receipt = json.dumps(failure(settings), ensure_ascii=False)
    assert payload["text"] not in receipt
    assert secret not in receipt + repr(settings)


def test_https_reaches_a_server_whose_certificate_is_trusted(hand_over, environment, server, certificate, trust):
    posting_server = server(200)
    posting_server.wrap(certificate)
    assert hand_over(environment(posting_server.url))["kind"] == "handed_over"


def test_https_refuses_a_certificate_that_nobody_vouches_for(failure, environment, server, certificate):
    posting_server = server(200)
    posting_server.wrap(certificate)
    receipt = failure(environment(posting_server.url))
    assert "certificate" in receipt["error"]
    assert posting_server.requests == []
