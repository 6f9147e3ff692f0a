"""The posting function: events of its URL, and its responses."""

import base64
import json
import sys
from datetime import timedelta
from typing import Any

import pytest

from core.backends.posting_function import MissingVariable, PostingFunction, build_posting_function
from core.ledger.dynamodb_layout import table_definition
from core.posts.payload import write_invocation
from core.publishing.server_messages import REQUEST_LIMIT
from core.time.instants import real_clock
from lambda_pkg.prepare import PREPARE_ID_PREFIX, PREPARE_PATH
from lambda_pkg.signature import signed_headers

KEY = base64.b64encode(b"a key that only tests know").decode()
NEW_KEY = base64.b64encode(b"another key").decode()
SIGNING_SECRET = "/Punctual/signing-secret"


def store_secret(cloud: Any, text: str) -> None:
    cloud["ssm"].put_parameter(Name=SIGNING_SECRET, Value=text, Type="SecureString", Overwrite=True)


@pytest.fixture
def variables(cloud: Any) -> dict[str, str]:
    """Create the function's resources in moto and return its environment variables."""
    cloud["dynamodb"].create_table(**table_definition("ledger"))
    cloud["s3"].create_bucket(Bucket="media")
    store_secret(cloud, f"whsec_{KEY}")
    return {
        "TABLE_NAME": "ledger",
        "MEDIA_BUCKET": "media",
        "ACCOUNTS_PATH": "/punctual/Punctual/accounts",
        "SIGNING_SECRET_PARAMETER": SIGNING_SECRET,
    }


@pytest.fixture
def function(
    variables: dict[str, str],
    application_session: Any,
    clock: Any,
    monkeypatch: Any,
    lambda_environment: None,
    serialized_moto: None,
) -> PostingFunction:
    monkeypatch.setattr("boto3.client", application_session.client)
    return build_posting_function(variables, clock)


@pytest.fixture
def body(a_post: Any, payload_for: Any) -> str:
    """Return the relay's request body for a post to the outbox."""
    return write_invocation(payload_for(a_post()))


def event(body: str, *, key: str = KEY, path: str = "/", id_prefix: str = "") -> dict[str, Any]:
    """Return the event of a signed POST, in payload format 2.0."""
    headers = signed_headers(f"{id_prefix}k3v9q2m4cx7a", real_clock(), body.encode(), [f"whsec_{key}"])
    return {
        "version": "2.0",
        "rawPath": path,
        "headers": {"content-type": "application/json", "user-agent": "punctual-relay", **headers},
        "requestContext": {"http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1"}},
        "body": body,
        "isBase64Encoded": False,
    }


def content(response: dict[str, Any]) -> dict[str, Any]:
    assert response["headers"]["content-type"] == "application/json"
    return json.loads(response["body"])


def outbox_texts(cloud: Any) -> list[str]:
    """Return the texts in the outbox."""
    found = cloud["dynamodb"].scan(TableName="ledger")["Items"]
    return [item["text"]["S"] for item in found if item["sk"]["S"] == "entry"]


def test_a_repeated_signed_post_is_published_once(function, body, cloud, a_post):
    first, second = function(event(body), None), function(event(body), None)
    assert first["statusCode"] == 200
    [result] = content(first)["results"]
    assert (result["destination"], result["state"]) == ("outbox", "published")
    assert content(second) == content(first)
    assert outbox_texts(cloud) == [a_post().text]


def test_a_body_may_be_base64(function, body):
    encoded = base64.b64encode(body.encode()).decode()
    assert function(event(body) | {"body": encoded, "isBase64Encoded": True}, None)["statusCode"] == 200


@pytest.mark.parametrize("changed", [event("{}", key=NEW_KEY), {"headers": {}}, {"body": "{}"}])
def test_a_request_without_a_valid_signature_is_rejected_and_writes_nothing(function, body, cloud, changed):
    response = function(event(body) | changed, None)
    assert response["statusCode"] == 401
    assert "signing secret" in content(response)["hint"]
    assert cloud["dynamodb"].scan(TableName="ledger")["Items"] == []


def test_a_signed_body_that_is_not_a_post_is_rejected(function):
    assert function(event("{}"), None)["statusCode"] == 400


def test_a_request_without_a_body_is_rejected(function, body):
    empty = event(body)
    del empty["body"]
    assert function(empty, None)["statusCode"] == 401


def test_a_body_above_the_limit_is_rejected_even_if_signed(function):
    assert function(event("x" * (REQUEST_LIMIT + 1)), None)["statusCode"] == 413


def test_a_request_to_prepare_a_post_without_media_only_starts_the_function(function, body, fault_injector, capsys):
    """It reads the signing secret, and leaves nothing to import for the post."""
    fault_injector.requests.clear()
    known = set(sys.modules)
    response = function(event(body, path=PREPARE_PATH, id_prefix=PREPARE_ID_PREFIX), None)
    assert (response["statusCode"], content(response)) == (200, {"uploaded": {"outbox": True}})
    assert fault_injector.requests == ["GetParameter"]
    assert set(sys.modules) == known
    assert json.loads(capsys.readouterr().out)["level"] == "INFO"


def test_a_function_that_connected_reads_neither_secret_nor_accounts_for_its_first_post(
    function, body, fault_injector, cloud, a_post
):
    fault_injector.requests.clear()
    function.connect()
    assert fault_injector.requests == ["GetParameter", "GetParametersByPath", "BatchGetItem"]
    fault_injector.requests.clear()
    function(event(body), None)
    assert outbox_texts(cloud) == [a_post().text]
    assert not {"GetParameter", "GetParametersByPath"} & set(fault_injector.requests)


def test_a_function_that_cannot_connect_starts_and_reports_the_fault_with_the_post(
    function, body, inject_fault, cloud, a_post
):
    inject_fault("*", "AccessDeniedException", "Not allowed.")
    function.connect()
    response = function(event(body), None)
    assert (response["statusCode"], "Not allowed." in response["body"]) == (503, True)
    inject_fault.clear()
    assert function(event(body), None)["statusCode"] == 200
    assert outbox_texts(cloud) == [a_post().text]


def test_only_post_is_allowed(function, body):
    get = event(body) | {"requestContext": {"http": {"method": "GET"}}}
    assert function(get, None)["statusCode"] == 405
    assert function(get, None)["headers"]["allow"] == "POST"


def test_a_changed_secret_is_read_within_five_minutes_without_a_deployment(
    function, body, cloud, clock, fault_injector
):
    fault_injector.requests.clear()
    assert function(event(body), None)["statusCode"] == 200
    store_secret(cloud, f"whsec_{NEW_KEY} whsec_{KEY}")
    assert function(event(body, key=NEW_KEY), None)["statusCode"] == 401
    assert fault_injector.requests.count("GetParameter") == 1
    clock.now += timedelta(minutes=5)
    assert function(event(body, key=NEW_KEY), None)["statusCode"] == 200
    assert function(event(body, key=KEY), None)["statusCode"] == 200
    assert fault_injector.requests.count("GetParameter") == 2


@pytest.mark.parametrize("operation", ["GetParameter", "BatchGetItem", "TransactWriteItems"])
def test_a_failed_aws_request_answers_503_and_the_next_request_publishes(
    function, body, cloud, inject_fault, operation, a_post
):
    inject_fault(operation, "AccessDeniedException", f"You may not {operation}.")
    response = function(event(body), None)
    assert response["statusCode"] == 503
    assert f"You may not {operation}" in response["body"]
    assert outbox_texts(cloud) == []
    inject_fault.clear()
    assert function(event(body), None)["statusCode"] == 200
    assert outbox_texts(cloud) == [a_post().text]


def test_an_unconnected_account_is_refused_with_a_remedy(function, a_post, payload_for):
    body = write_invocation(payload_for(a_post(destinations=("webhook:sales", "outbox"))))
    response = function(event(body), None)
    assert response["statusCode"] == 200
    refused, published = content(response)["results"]
    assert (refused["state"], published["state"]) == ("refused", "published")
    assert "Connect it under Accounts" in refused["reason"]


def test_the_log_names_the_occurrence_and_its_results_without_the_text(function, body, capsys, a_post):
    function(event(body), None)
    [line] = capsys.readouterr().out.splitlines()
    facts = json.loads(line)
    assert (facts["occurrence_key"], facts["status"], facts["results"]) == (
        "k3v9q2m4cx7a",
        200,
        {"outbox": "published"},
    )
    assert a_post().text not in line


@pytest.mark.parametrize("name", ["TABLE_NAME", "MEDIA_BUCKET", "ACCOUNTS_PATH", "SIGNING_SECRET_PARAMETER"])
def test_the_error_names_a_missing_environment_variable(variables, clock, name):
    del variables[name]
    with pytest.raises(MissingVariable, match=name):
        build_posting_function(variables, clock)
