"""The posting server as a function: an event of its URL in, an answer of its URL out."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from core.backends.posting_function import MissingVariable, posting_function
from core.ledger.items import table_definition
from core.posts.payload import write_invocation
from core.publishing.responses import BODY_LIMIT
from core.time.instants import real_clock
from lambda_pkg.clients import client
from lambda_pkg.signature import signed_headers

KEY = base64.b64encode(b"a key that only tests know").decode()
NEW_KEY = base64.b64encode(b"another key").decode()


@pytest.fixture
def variables(cloud: Any) -> dict[str, str]:
    """The function's environment, and AWS with all that it names."""
    cloud["dynamodb"].create_table(**table_definition("ledger"))
    cloud["s3"].create_bucket(Bucket="media")
    return {
        "TABLE_NAME": "ledger",
        "MEDIA_BUCKET": "media",
        "ACCOUNTS_PATH": "/punctual/Punctual/accounts",
        "SIGNING_SECRET_ARN": cloud["secretsmanager"].create_secret(Name="signing", SecretString=KEY)["ARN"],
    }


@pytest.fixture
def function(
    variables: dict[str, str], product_session: Any, clock: Any, monkeypatch: Any, serialized_moto: None
) -> Iterator[Any]:
    monkeypatch.setattr("boto3.client", product_session.client)
    client.cache_clear()
    yield posting_function(variables, clock)
    client.cache_clear()


@pytest.fixture
def body(a_post: Any, invoked: Any) -> str:
    """What the relay POSTs for a post to the outbox."""
    return write_invocation(invoked(a_post()))


def event(body: str, *, key: str = KEY) -> dict[str, Any]:
    """Return what Lambda hands over for a signed POST, in payload format 2.0."""
    headers = signed_headers("k3v9q2m4cx7a", real_clock(), body.encode(), [f"whsec_{key}"])
    return {
        "version": "2.0",
        "rawPath": "/",
        "headers": {"content-type": "application/json", "user-agent": "punctual-relay", **headers},
        "requestContext": {"http": {"method": "POST", "path": "/", "protocol": "HTTP/1.1"}},
        "body": body,
        "isBase64Encoded": False,
    }


def said(answer: dict[str, Any]) -> dict[str, Any]:
    assert answer["headers"]["content-type"] == "application/json"
    return json.loads(answer["body"])


def entries(cloud: Any) -> list[str]:
    """The texts in the outbox."""
    found = cloud["dynamodb"].scan(TableName="ledger")["Items"]
    return [item["text"]["S"] for item in found if item["sk"]["S"] == "entry"]


def test_a_signed_post_is_published_once_however_often_it_comes(function, body, cloud, a_post):
    first, second = function(event(body), None), function(event(body), None)
    assert first["statusCode"] == 200
    [result] = said(first)["results"]
    assert (result["destination"], result["state"]) == ("outbox", "published")
    assert said(second) == said(first)
    assert entries(cloud) == [a_post().text]


def test_a_body_that_comes_as_base64_is_the_same(function, body):
    encoded = base64.b64encode(body.encode()).decode()
    assert function(event(body) | {"body": encoded, "isBase64Encoded": True}, None)["statusCode"] == 200


@pytest.mark.parametrize("changed", [event("{}", key=NEW_KEY), {"headers": {}}, {"body": "{}"}])
def test_what_is_not_signed_is_refused_and_nothing_is_written(function, body, cloud, changed):
    answer = function(event(body) | changed, None)
    assert answer["statusCode"] == 401
    assert "signing secret" in said(answer)["hint"]
    assert cloud["dynamodb"].scan(TableName="ledger")["Items"] == []


def test_a_signed_body_that_is_no_post_is_refused(function):
    assert function(event("{}"), None)["statusCode"] == 400


def test_a_request_with_no_body_is_refused(function, body):
    empty = event(body)
    del empty["body"]
    assert function(empty, None)["statusCode"] == 401


def test_a_body_above_the_limit_is_refused_whoever_signed_it(function):
    assert function(event("x" * (BODY_LIMIT + 1)), None)["statusCode"] == 413


def test_only_post_is_answered(function, body):
    get = event(body) | {"requestContext": {"http": {"method": "GET"}}}
    assert function(get, None)["statusCode"] == 405
    assert function(get, None)["headers"]["allow"] == "POST"


def test_the_secret_is_read_at_most_every_five_minutes_and_changes_without_a_deployment(
    function, variables, body, cloud, clock, interference
):
    interference.seen.clear()
    assert function(event(body), None)["statusCode"] == 200
    cloud["secretsmanager"].put_secret_value(SecretId=variables["SIGNING_SECRET_ARN"], SecretString=f"{NEW_KEY} {KEY}")
    assert function(event(body, key=NEW_KEY), None)["statusCode"] == 401
    assert interference.seen.count("GetSecretValue") == 1
    clock.now += timedelta(minutes=5)
    assert function(event(body, key=NEW_KEY), None)["statusCode"] == 200
    assert function(event(body, key=KEY), None)["statusCode"] == 200
    assert interference.seen.count("GetSecretValue") == 2


@pytest.mark.parametrize("operation", ["GetSecretValue", "BatchGetItem", "TransactWriteItems"])
def test_where_aws_fails_nothing_is_lost_and_it_is_tried_again(function, body, cloud, interfere, operation, a_post):
    interfere(operation, "AccessDeniedException", f"You may not {operation}.")
    answer = function(event(body), None)
    assert answer["statusCode"] == 503
    assert f"You may not {operation}" in answer["body"]
    assert entries(cloud) == []
    interfere.clear()
    assert function(event(body), None)["statusCode"] == 200
    assert entries(cloud) == [a_post().text]


def test_an_account_that_is_not_connected_is_refused_in_words(function, a_post, invoked):
    body = write_invocation(invoked(a_post(destinations=("webhook:sales", "outbox"))))
    answer = function(event(body), None)
    assert answer["statusCode"] == 200
    refused, published = said(answer)["results"]
    assert (refused["state"], published["state"]) == ("refused", "published")
    assert "Connect it under Accounts" in refused["reason"]


def test_the_log_tells_the_occurrence_and_its_results_but_never_the_text(function, body, capsys, a_post):
    function(event(body), None)
    [line] = capsys.readouterr().out.splitlines()
    told = json.loads(line)
    assert (told["occurrence_key"], told["status"], told["results"]) == ("k3v9q2m4cx7a", 200, {"outbox": "published"})
    assert a_post().text not in line


@pytest.mark.parametrize("name", ["TABLE_NAME", "MEDIA_BUCKET", "ACCOUNTS_PATH", "SIGNING_SECRET_ARN"])
def test_a_function_that_was_told_too_little_does_not_start(variables, clock, name):
    del variables[name]
    with pytest.raises(MissingVariable, match=name):
        posting_function(variables, clock)
