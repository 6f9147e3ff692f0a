"""The function as Lambda invokes it, with AWS in moto and a posting server on loopback."""

import dataclasses
import json
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from standardwebhooks import Webhook

from lambda_pkg.clients import client
from lambda_pkg.handler import handle, relay_event
from lambda_pkg.relay import DeliveryFailed, InvokedTooEarly
from lambda_pkg.settings import RelaySettings, InvalidVariable


@pytest.fixture
def invoke(aws: RelaySettings, clock: Any) -> Any:
    """Invoke the function, configured for a posting server."""

    def call(event: Any, posting_server: Any, **changes: Any) -> Any:
        settings = dataclasses.replace(aws, posting_url=posting_server.url, **changes)
        return relay_event(event, settings, clock=clock, sleep=clock.sleep)

    return call


@pytest.fixture
def dead_letters(aws: RelaySettings) -> Any:
    """Read what lies in the dead-letter queue."""

    def read() -> list[dict[str, Any]]:
        received = client("sqs").receive_message(QueueUrl=aws.dead_letter_url, MaxNumberOfMessages=10)
        return [json.loads(message["Body"]) for message in received.get("Messages", [])]

    return read


def redelivered(payload: dict[str, Any]) -> dict[str, Any]:
    """Return the event of the on-failure queue that hands a failed invocation over again."""
    failure = {
        "version": "1.0",
        "timestamp": "2026-11-24T08:03:05.000Z",
        "requestContext": {"condition": "RetriesExhausted", "approximateInvokeCount": 3},
        "requestPayload": payload,
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST", "functionError": "Unhandled"},
        "responsePayload": {"errorMessage": "Nothing listens at posts.example:443.", "errorType": "HandOverFailed"},
    }
    return {"Records": [{"messageId": "1", "eventSource": "aws:sqs", "body": json.dumps(failure)}]}


def test_a_scheduled_post_goes_out_at_its_instant_and_its_receipt_is_in_the_table(
    invoke, payload, server, clock, due, written, occurrences
):
    results = [{"destination": "outbox", "state": "published"}]
    posting_server = server(200, json.dumps({"results": results}).encode())
    clock.now = due - timedelta(seconds=58)
    receipt = invoke(payload, posting_server)
    assert receipt["posted_at"] == "2026-11-24T08:00:00.000Z"
    [item] = written()
    assert item["pk"] == "post#k3v9q2m4cx7a"
    assert item["sk"].startswith("receipt#k3v9q2m4cx7a#2026-11-24T08:00:00.000Z#")
    assert (item["kind"], item["attempt"], item["status"], item["revision"]) == ("handed_over", 1, 200, 3)
    assert json.loads(item["results"]) == results
    assert item["at"] == receipt["finished_at"]
    assert item["expires_at"] == (due + timedelta(days=400)).timestamp()
    assert [json.loads(occurrence["content"]) for occurrence in occurrences()] == [payload]


def test_the_request_is_signed_with_the_secret_that_aws_generated(invoke, payload, server, secret, due):
    posting_server = server(200)
    invoke(payload, posting_server)
    [(_, headers, body)] = posting_server.requests
    signature = Webhook(secret).sign(headers["webhook-id"], due, body.decode())
    assert headers["webhook-signature"] == signature


def test_failures_are_recorded_and_raised_so_that_lambda_tries_again(invoke, payload, server, clock, written):
    for minutes in (1, 2):
        with pytest.raises(DeliveryFailed):
            invoke(payload, server(503))
        clock.now += timedelta(minutes=minutes)
    invoke(payload, server(200))
    assert [(item["kind"], item["attempt"]) for item in written()] == [
        ("attempt_failed", 1),
        ("attempt_failed", 2),
        ("handed_over", 3),
    ]


def test_a_redelivered_failure_is_unwrapped_and_handed_over(invoke, payload, server):
    posting_server = server(200)
    invoke(redelivered(payload), posting_server)
    assert json.loads(posting_server.requests[0][2]) == payload


@pytest.mark.parametrize(("attempts", "kind"), [(0, "missed"), (1, "failed")])
def test_a_redelivery_past_the_limit_ends_with_a_receipt(invoke, payload, server, clock, due, written, attempts, kind):
    for _ in range(attempts):
        with pytest.raises(DeliveryFailed):
            invoke(payload, server(500))
    clock.now = due + timedelta(hours=2)
    assert invoke(redelivered(payload), server(200))["kind"] == kind
    assert written()[-1]["kind"] == kind


def test_attempts_of_another_revision_or_another_run_do_not_count(invoke, payload, server):
    run = {**payload, "due_at": None, "occurrence": "2026-11-24T08:00:00Z"}
    for event in (run, {**run, "occurrence": "2026-11-24T07:30:00Z"}, {**run, "revision": 4}):
        with pytest.raises(DeliveryFailed) as failure:
            invoke(event, server(500))
        assert failure.value.receipt["attempt"] == 1


def test_a_direct_invocation_after_the_instant_posts_at_once(invoke, payload, server, clock, due):
    clock.now = due + timedelta(seconds=3)
    assert invoke(payload, server(200))["kind"] == "handed_over"
    assert clock.sleeps == []


def test_an_invocation_far_too_early_is_left_to_lambda_to_repeat(invoke, payload, server, clock, due, written):
    clock.now = due - timedelta(minutes=5)
    with pytest.raises(InvokedTooEarly):
        invoke(payload, server(200))
    assert written() == []


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
def test_what_cannot_be_read_goes_to_the_dead_letter_queue_at_once(invoke, server, dead_letters, written, event):
    assert invoke(event, server(200)) is None
    [letter] = dead_letters()
    assert letter["requestPayload"] == event
    assert letter["responsePayload"]["errorType"] == "UnreadableEvent"
    assert written() == []


def test_without_its_secret_nothing_is_sent_and_the_receipt_says_so(invoke, payload, server, written, aws, capsys):
    client("secretsmanager").delete_secret(SecretId=aws.signing_secret_arn, ForceDeleteWithoutRecovery=True)
    posting_server = server(200)
    with pytest.raises(DeliveryFailed, match="signing secret"):
        invoke(payload, posting_server)
    assert posting_server.requests == []
    assert [item["kind"] for item in written()] == ["attempt_failed"]
    assert "could not be read" in capsys.readouterr().out


def test_without_its_table_the_post_goes_out_and_the_failure_to_record_it_is_raised(invoke, payload, server):
    posting_server = server(200)
    with pytest.raises(ClientError):
        invoke(payload, posting_server, table_name="gone")
    assert len(posting_server.requests) == 1


@pytest.mark.parametrize("status", [200, 500])
def test_logs_are_lines_of_json_without_the_text_of_the_post(invoke, payload, server, capsys, secret, status):
    posting_server = server(status, json.dumps({"results": [{"echo": payload["text"]}]}).encode())
    if status == 200:
        invoke(payload, posting_server)
    else:
        with pytest.raises(DeliveryFailed):
            invoke(payload, posting_server)
    written = capsys.readouterr().out
    [line] = [json.loads(line) for line in written.splitlines()]
    assert (line["post_id"], line["status"], line["attempt"]) == (payload["post_id"], status, 1)
    assert "Köln" not in json.dumps(line, ensure_ascii=False)
    assert secret not in written


def test_the_environment_is_checked_before_anything_else(monkeypatch):
    monkeypatch.delenv("POSTING_URL", raising=False)
    with pytest.raises(InvalidVariable, match="POSTING_URL is not set"):
        handle({}, None)


def test_lambda_calls_it_with_the_environment_that_the_stack_sets(monkeypatch, aws, payload, server, written):
    posting_server = server(200)
    variables = {
        "POSTING_URL": posting_server.url,
        "ALLOWED_HOSTS": "",
        "TABLE_NAME": aws.table_name,
        "SIGNING_SECRET_ARN": aws.signing_secret_arn,
        "DEAD_LETTER_URL": aws.dead_letter_url,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    receipt = handle({**payload, "due_at": "2026-01-01T00:00:00Z", "late_after_minutes": None}, None)
    assert receipt["kind"] == "handed_over"
    assert [item["kind"] for item in written()] == ["handed_over"]
