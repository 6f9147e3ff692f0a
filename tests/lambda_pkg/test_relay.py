"""The relay against servers on loopback, with a clock that only sleeps and tests move."""

import base64
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from lambda_pkg.http_client import Connection
from lambda_pkg.relay import InvokedTooEarly, deliver

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
def test_a_relay_invoked_more_than_90_seconds_early_fails_and_sends_nothing(
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
