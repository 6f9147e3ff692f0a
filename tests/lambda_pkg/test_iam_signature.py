"""Signatures of AWS on requests to a posting function, recomputed by botocore from what a server received."""

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from standardwebhooks import Webhook

from lambda_pkg import prepare
from lambda_pkg.iam_signature import IamSigner

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def credentials(monkeypatch: pytest.MonkeyPatch) -> Credentials:
    return set_credentials(monkeypatch, "first")


def set_credentials(monkeypatch: pytest.MonkeyPatch, name: str) -> Credentials:
    """Set the credentials of the function, as Lambda does, and return them."""
    found = Credentials(f"{name} key id", f"{name} secret", f"{name} token")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", found.access_key)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", found.secret_key)
    monkeypatch.setenv("AWS_SESSION_TOKEN", found.token)
    return found


@pytest.fixture
def configure_iam(configure: Any) -> Any:
    """Build a configuration for a posting function behind AWS_IAM."""
    return lambda url, **others: configure(url, authorize=IamSigner(url, REGION), **others)


def authorization(server: Any, number: int, credentials: Credentials) -> str:
    """Return the Authorization header that AWS expects with a request that the server received."""
    headers, body = server.requests[number]
    method, target, _ = server.request_lines[number].split()
    signed = re.search("SignedHeaders=([^,]+)", headers["authorization"])[1].split(";")
    url, covered = f"http://{headers['host']}{target}", {name: headers[name] for name in signed}
    request = AWSRequest(method, url, headers=covered, data=body)
    request.context["timestamp"] = headers["x-amz-date"]
    aws = SigV4Auth(credentials, "lambda", REGION)
    signature = aws.signature(aws.string_to_sign(request, aws.canonical_request(request)), request)
    return f"AWS4-HMAC-SHA256 Credential={aws.scope(request)}, SignedHeaders={';'.join(signed)}, Signature={signature}"


def test_aws_accepts_the_request_and_the_posting_function_its_own_signature(
    deliver_post, configure_iam, start_server, credentials, secret, due
):
    server = start_server(200)
    deliver_post(configure_iam(server.url + "?stage=a&b=%20"))
    [(headers, body)] = server.requests
    assert headers["authorization"] == authorization(server, 0, credentials)
    assert headers["x-amz-security-token"] == credentials.token
    covered = "content-type;host;webhook-id;webhook-signature;webhook-timestamp;x-amz-date;x-amz-security-token"
    assert f"SignedHeaders={covered}," in headers["authorization"]
    assert headers["webhook-signature"] == Webhook(secret).sign(headers["webhook-id"], due, body.decode())


def test_the_signature_covers_two_signing_secrets_and_the_whole_body(
    deliver_post, configure_iam, start_server, credentials, secret
):
    server = start_server(200)
    deliver_post(configure_iam(server.url, secrets=(secret, secret)))
    assert server.requests[0][0]["authorization"] == authorization(server, 0, credentials)
    headers, body = server.requests[0]
    server.requests[0] = headers, body + b" "
    assert headers["authorization"] != authorization(server, 0, credentials)


def test_each_request_has_the_credentials_of_its_time(deliver_post, configure_iam, start_server, monkeypatch):
    server = start_server(200)
    config = configure_iam(server.url)
    for number, name in enumerate(("second", "third")):
        credentials = set_credentials(monkeypatch, name)
        deliver_post(config)
        assert server.requests[number][0]["authorization"] == authorization(server, number, credentials)


def test_the_request_to_prepare_is_signed_for_aws_too(
    deliver_post, configure_iam, start_server, clock, due, credentials, monkeypatch
):
    server = start_server(200)
    threads: list[Any] = []
    start = prepare.threading.Thread.start
    monkeypatch.setattr(prepare.threading.Thread, "start", lambda thread: (threads.append(thread), start(thread)))
    clock.now = due - timedelta(seconds=10)
    clock.before_sleep = lambda: [thread.join(10) for thread in threads if thread.name == "prepare"]
    deliver_post(configure_iam(server.url, prepare_url=server.url.replace("/publish", "/prepare")))
    assert server.request_lines == ["POST /prepare HTTP/1.1", "POST /publish HTTP/1.1"]
    for number in (0, 1):
        assert server.requests[number][0]["authorization"] == authorization(server, number, credentials)


def test_a_posts_own_url_gets_no_signature_of_aws_even_at_the_same_server(deliver_post, configure_iam, start_server):
    server = start_server(200)
    deliver_post(configure_iam(server.url), url=server.url)
    assert_no_signature_of_aws(server)


def test_another_server_gets_no_signature_of_aws(deliver_post, configure_iam, start_server):
    function, other = start_server(200), start_server(200)
    deliver_post(replace(configure_iam(function.url), posting_url=other.url))
    assert_no_signature_of_aws(other)


def assert_no_signature_of_aws(server: Any) -> None:
    [(headers, _)] = server.requests
    assert not {"authorization", "x-amz-date", "x-amz-security-token"} & set(headers)


def test_without_credentials_nothing_is_sent_and_the_reason_is_reported(
    failed_receipt, configure_iam, start_server, monkeypatch, tmp_path: Path
):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    server = start_server(200)
    assert "no AWS credentials" in failed_receipt(configure_iam(server.url))["error"]
    assert server.requests == []


def test_a_posting_function_that_aws_does_not_let_the_relay_call_is_named(failed_receipt, configure_iam, start_server):
    error = failed_receipt(configure_iam(start_server(403).url))["error"]
    assert "AWS does not let the relay's role call it" in error


def test_a_post_with_the_posting_functions_url_of_its_own_is_told_to_leave_it_out(
    failed_receipt, configure_iam, start_server
):
    function, other = start_server(403), start_server(403)
    assert "no post with a URL of its own" in failed_receipt(configure_iam(function.url), url=function.url)["error"]
    assert "rejected the signature" in failed_receipt(configure_iam(function.url), url=other.url)["error"]
