"""The relay's Lambda function, with AWS in moto and a posting server on loopback."""

import dataclasses
import json
import os
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from standardwebhooks import Webhook

from lambda_pkg.clients import client
from lambda_pkg.handler import handle, make_ahead, relay_event
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


def test_the_request_is_signed_with_the_secret_in_parameter_store(invoke, payload, start_server, secret, due):
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
    invoke, start_server, dead_letters, stored_receipts, event, capsys
):
    assert invoke(event, start_server(200), stack_name="Punctual") is None
    assert metrics(capsys) == []  # the alarm of the queue reports it
    [letter] = dead_letters()
    assert letter["requestPayload"] == event
    assert letter["responsePayload"]["errorType"] == "UnreadableEvent"
    assert stored_receipts() == []


def test_without_its_secret_the_relay_sends_nothing_and_records_the_failure(
    invoke, payload, start_server, stored_receipts, relay_settings, capsys
):
    client("ssm").delete_parameter(Name=relay_settings.signing_secret_parameter)
    server = start_server(200)
    with pytest.raises(AttemptFailed):
        invoke(payload, server)
    assert server.requests == []
    [receipt] = stored_receipts()
    assert (receipt["kind"], receipt["error"]) == (
        "attempt_failed",
        "The signing secret /punctual/signing-secret is not stored. Run make deploy, or python -m core store-secret.",
    )
    assert "Reading the signing secret failed" in capsys.readouterr().out


def test_a_secret_that_may_not_be_read_is_reported_with_the_post(
    invoke, payload, start_server, stored_receipts, relay_settings, capsys
):
    def deny(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "Not allowed."}}, "GetParameter")

    client("ssm").meta.events.register_first("before-call.ssm.GetParameter", deny)
    with pytest.raises(AttemptFailed, match="/punctual/signing-secret could not be read"):
        invoke(payload, start_server(200))
    assert "Not allowed." in capsys.readouterr().out


@pytest.mark.parametrize("stored", ["whsec_YW5vdGhlciBrZXk=", "not a secret", " "])
def test_a_secret_with_which_an_attempt_failed_is_read_again_by_the_next_one(
    invoke, payload, start_server, relay_settings, secret, due, stored
):
    def store(value: str) -> None:
        name = relay_settings.signing_secret_parameter
        client("ssm").put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    store(stored)
    with pytest.raises(AttemptFailed):
        invoke(payload, start_server(401))
    store(secret)
    server = start_server(200)
    invoke(payload, server)
    [(headers, body)] = server.requests
    assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], due, body.decode())


def test_a_secret_that_was_read_before_signs_while_aws_does_not_answer(
    invoke, payload, start_server, relay_settings, clock
):
    def throttle(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException", "Message": "Rate exceeded"}}, "GetParameter")

    invoke(payload, start_server(200))
    clock.now += timedelta(minutes=6)
    client("ssm").meta.events.register_first("before-call.ssm.GetParameter", throttle)
    assert invoke(payload, start_server(200))["kind"] == "handed_over"


# A stack without table and queues


def test_without_a_table_a_post_goes_out_and_each_attempt_counts_as_the_first(
    invoke, payload, start_server, stored_receipts
):
    for _ in range(2):
        with pytest.raises(AttemptFailed) as failure:
            invoke(payload, start_server(503), table_name=None)
        assert failure.value.receipt["attempt"] == 1
    assert invoke(payload, start_server(200), table_name=None)["kind"] == "handed_over"
    assert stored_receipts() == []


def test_without_a_dead_letter_queue_an_unreadable_event_is_logged_and_counted_and_ends(
    invoke, start_server, dead_letters, capsys
):
    assert invoke({"version": 1}, start_server(200), dead_letter_url=None, stack_name="Punctual") is None
    counted, logged = map(json.loads, capsys.readouterr().out.splitlines())
    assert (logged["level"], logged["message"]) == ("ERROR", "unreadable event")
    assert (counted["Stack"], counted["Failed"]) == ("Punctual", 1)
    assert dead_letters() == []


# A posting function behind AWS_IAM


def test_requests_to_a_posting_function_have_a_signature_of_aws_too(invoke, payload, start_server, secret, due):
    server = start_server(200)
    invoke(payload, server, iam_region="eu-west-1")
    [(headers, body)] = server.requests
    assert "/eu-west-1/lambda/aws4_request" in headers["authorization"]
    assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], due, body.decode())


# Metrics


@pytest.mark.parametrize(("attempts", "name"), [(0, "Missed"), (1, "Failed")])
def test_a_post_that_ends_without_publication_is_counted_for_its_stack(
    invoke, payload, start_server, clock, due, capsys, attempts, name
):
    for _ in range(attempts):
        with pytest.raises(AttemptFailed):
            invoke(payload, start_server(500), stack_name="Punctual")
    assert metrics(capsys) == []
    clock.now = due + timedelta(hours=2)
    invoke(payload, start_server(200), stack_name="Punctual")
    [line] = metrics(capsys)
    described = {"Namespace": "Punctual", "Dimensions": [["Stack"]], "Metrics": [{"Name": name, "Unit": "Count"}]}
    assert line == {
        "_aws": {"Timestamp": clock.now.timestamp() * 1000, "CloudWatchMetrics": [described]},
        "Stack": "Punctual",
        name: 1,
    }


def test_a_post_that_went_out_and_a_stack_without_a_name_are_not_counted(
    invoke, payload, start_server, clock, due, capsys
):
    invoke(payload, start_server(200), stack_name="Punctual")
    clock.now = due + timedelta(hours=2)
    invoke(payload, start_server(200))
    assert metrics(capsys) == []


def metrics(capsys: Any) -> list[dict[str, Any]]:
    """Return the printed lines in CloudWatch's embedded metric format."""
    return [line for line in map(json.loads, capsys.readouterr().out.splitlines()) if "_aws" in line]


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


@pytest.fixture
def set_variables(monkeypatch: pytest.MonkeyPatch, relay_settings: RelaySettings) -> Any:
    """Set the function's environment variables for a posting server."""

    def set_all(server: Any) -> None:
        variables = {
            "POSTING_URL": server.url,
            "ALLOWED_HOSTS": "",
            "TABLE_NAME": relay_settings.table_name,
            "SIGNING_SECRET_PARAMETER": relay_settings.signing_secret_parameter,
            "DEAD_LETTER_URL": relay_settings.dead_letter_url,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)

    return set_all


def past(payload: dict[str, Any]) -> dict[str, Any]:
    """Return a post that is due in the past on the real clock, without a late limit."""
    return {**payload, "due_at": "2026-01-01T00:00:00Z", "late_after_minutes": None}


def test_the_entry_point_reads_the_stacks_environment_variables(set_variables, payload, start_server, stored_receipts):
    set_variables(start_server(200))
    assert handle(past(payload), None)["kind"] == "handed_over"
    assert [item["kind"] for item in stored_receipts()] == ["handed_over"]


def test_the_start_of_the_function_reads_the_signing_secret(set_variables, payload, start_server, relay_settings):
    set_variables(start_server(200))
    make_ahead(os.environ)
    client("ssm").delete_parameter(Name=relay_settings.signing_secret_parameter)
    assert handle(past(payload), None)["kind"] == "handed_over"


def test_the_function_starts_without_its_secret_and_reads_one_that_is_stored_later(
    set_variables, payload, start_server, relay_settings, secret
):
    set_variables(start_server(200))
    client("ssm").delete_parameter(Name=relay_settings.signing_secret_parameter)
    make_ahead(os.environ)
    client("ssm").put_parameter(Name=relay_settings.signing_secret_parameter, Value=secret, Type="SecureString")
    assert handle(past(payload), None)["kind"] == "handed_over"
