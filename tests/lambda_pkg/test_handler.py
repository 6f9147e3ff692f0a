"""The relay's Lambda function, with AWS in moto and a posting server on loopback."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from standardwebhooks import Webhook

from lambda_pkg.clients import client
from lambda_pkg.handler import handle, relay_event
from lambda_pkg.relay import AttemptFailed, InvokedTooEarly
from lambda_pkg.settings import InvalidVariable, RelaySettings


@pytest.fixture
def invoke(relay_settings: RelaySettings, clock: Any) -> Any:
    """Invoke the function, configured for a posting server."""

    def call(event: Any, server: Any, **changes: Any) -> Any:
        settings = dataclasses.replace(relay_settings, posting_url=server.url, **changes)
        return relay_event(event, settings, clock=clock, sleep=clock.sleep)

    return call


@pytest.fixture
def dead_letters(relay_settings: RelaySettings) -> Any:
    """Read the messages in the dead-letter queue."""

    def read() -> list[dict[str, Any]]:
        received = client("sqs").receive_message(QueueUrl=relay_settings.dead_letter_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    return read


def redelivered(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the on-failure queue's event for a failed invocation."""
    failure = {
        "version": "1.0",
        "timestamp": "2026-11-24T08:03:05.000Z",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "Nothing listens at posts.example:443.", "errorType": "AttemptFailed"},
    }
    return {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps(failure)}]}


def test_a_post_goes_out_at_its_due_instant_and_its_receipt_is_stored(
    invoke, payload, start_server, clock, due, stored_receipts, stored_occurrences
):
    results = [{"destination": "outbox", "state": "published"}]
    clock.now = due - timedelta(seconds=58)
    receipt = invoke(payload, start_server(200, json.dumps({"results": results}).encode()))
    assert receipt["posted_at"] == "2026-11-24T08:00:00.000Z"
    [item] = stored_receipts()
    assert item["pk"] == "post#k3v9q2m4cx7a"
    assert item["sk"].startswith("receipt#k3v9q2m4cx7a#2026-11-24T08:00:00.000Z#")
    assert (item["kind"], item["attempt"], item["status"], item["revision"]) == ("handed_over", 1, 200, 3)
    assert json.loads(item["results"]) == results
    assert item["at"] == receipt["finished_at"]
    assert item["expires_at"] == (due + timedelta(days=400)).timestamp()
    assert [json.loads(occurrence["content"]) for occurrence in stored_occurrences()] == [payload]


def test_the_request_is_signed_with_the_secret_in_secrets_manager(invoke, payload, start_server, secret, due):
    server = start_server(200)
    invoke(payload, server)
    [(headers, body)] = server.requests
    signature = Webhook(secret).sign(headers["webhook-id"], due, body.decode())
    assert headers["webhook-signature"] == signature


def test_a_failed_attempt_is_recorded_and_raised_so_that_lambda_retries(
    invoke, payload, start_server, clock, stored_receipts
):
    for minutes in (1, 2):
        with pytest.raises(AttemptFailed):
            invoke(payload, start_server(503))
        clock.now += timedelta(minutes=minutes)
    invoke(payload, start_server(200))
    assert [(item["kind"], item["attempt"]) for item in stored_receipts()] == [
        ("attempt_failed", 1),
        ("attempt_failed", 2),
        ("handed_over", 3),
    ]


def test_a_redelivered_event_is_unwrapped_and_delivered(invoke, payload, start_server):
    server = start_server(200)
    invoke(redelivered(payload), server)
    assert json.loads(server.requests[0][1]) == payload


@pytest.mark.parametrize(("attempts", "kind"), [(0, "missed"), (1, "failed")])
def test_a_redelivery_past_the_late_limit_ends_with_a_receipt(
    invoke, payload, start_server, clock, due, stored_receipts, attempts, kind
):
    for _ in range(attempts):
        with pytest.raises(AttemptFailed):
            invoke(payload, start_server(500))
    clock.now = due + timedelta(hours=2)
    assert invoke(redelivered(payload), start_server(200))["kind"] == kind
    assert stored_receipts()[-1]["kind"] == kind


def test_attempts_of_another_revision_or_occurrence_do_not_count(invoke, payload, start_server):
    run = {**payload, "due_at": None, "occurrence": "2026-11-24T08:00:00Z"}
    for event in (run, {**run, "occurrence": "2026-11-24T07:30:00Z"}, {**run, "revision": 4}):
        with pytest.raises(AttemptFailed) as failure:
            invoke(event, start_server(500))
        assert failure.value.receipt["attempt"] == 1


def test_an_invocation_after_the_due_instant_posts_at_once(invoke, payload, start_server, clock, due):
    clock.now = due + timedelta(seconds=3)
    assert invoke(payload, start_server(200))["kind"] == "handed_over"
    assert clock.sleeps == []


def test_an_invocation_far_too_early_is_raised_so_that_lambda_retries(
    invoke, payload, start_server, clock, due, stored_receipts
):
    clock.now = due - timedelta(minutes=5)
    with pytest.raises(InvokedTooEarly):
        invoke(payload, start_server(200))
    assert stored_receipts() == []


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"version": 1},
        ["a list"],
        {"Records": []},
        {"Records": [{"body": "not json"}]},
        {"Records": [{"body": "[" * 100_000}]},
        {"Records": [{"body": "{}"}]},
        {"Records": [{"body": "[]"}]},
        {"Records": [{"body": '{"requestPayload": "text"}'}]},
        {"Records": 7},
    ],
)
def test_an_unreadable_event_goes_to_the_dead_letter_queue_at_once(
    invoke, start_server, dead_letters, stored_receipts, event
):
    assert invoke(event, start_server(200)) is None
    [letter] = dead_letters()
    assert letter["requestPayload"] == event
    assert letter["responsePayload"]["errorType"] == "UnreadableEvent"
    assert stored_receipts() == []


def test_without_its_secret_the_relay_sends_nothing_and_records_the_failure(
    invoke, payload, start_server, stored_receipts, relay_settings, capsys
):
    client("secretsmanager").delete_secret(SecretId=relay_settings.signing_secret_arn, ForceDeleteWithoutRecovery=True)
    server = start_server(200)
    with pytest.raises(AttemptFailed, match="signing secret"):
        invoke(payload, server)
    assert server.requests == []
    assert [item["kind"] for item in stored_receipts()] == ["attempt_failed"]
    assert "Reading the signing secret failed" in capsys.readouterr().out


def test_without_its_table_the_relay_posts_and_raises_the_failure_to_record(invoke, payload, start_server):
    server = start_server(200)
    with pytest.raises(ClientError):
        invoke(payload, server, table_name="gone")
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [200, 500])
def test_the_log_is_one_line_of_json_without_the_posts_text(invoke, payload, start_server, capsys, secret, status):
    server = start_server(status, json.dumps({"results": [{"echo": payload["text"]}]}).encode())
    if status == 200:
        invoke(payload, server)
    else:
        with pytest.raises(AttemptFailed):
            invoke(payload, server)
    log = capsys.readouterr().out
    [line] = [json.loads(line) for line in log.splitlines()]
    assert (line["post_id"], line["status"], line["attempt"]) == (payload["post_id"], status, 1)
    assert "Köln" not in json.dumps(line, ensure_ascii=False)
    assert secret not in log


def test_the_environment_variables_are_checked_first(monkeypatch):
    monkeypatch.delenv("POSTING_URL", raising=False)
    with pytest.raises(InvalidVariable, match="POSTING_URL is not set"):
        handle({}, None)


def test_the_entry_point_reads_the_stacks_environment_variables(
    monkeypatch, relay_settings, payload, start_server, stored_receipts
):
    variables = {
        "POSTING_URL": start_server(200).url,
        "ALLOWED_HOSTS": "",
        "TABLE_NAME": relay_settings.table_name,
        "SIGNING_SECRET_ARN": relay_settings.signing_secret_arn,
        "DEAD_LETTER_URL": relay_settings.dead_letter_url,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    receipt = handle({**payload, "due_at": "2026-01-01T00:00:00Z", "late_after_minutes": None}, None)
    assert receipt["kind"] == "handed_over"
    assert [item["kind"] for item in stored_receipts()] == ["handed_over"]
