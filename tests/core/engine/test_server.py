"""The engine over HTTP: signatures, browsers and limits."""

import http.client
import json
import re
from datetime import timedelta
from urllib.parse import urlsplit

import boto3
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials as BotocoreCredentials
from botocore.exceptions import ClientError

from core.engine.server import MAX_BODY_BYTES, HttpApi
from core.engine.signatures import Credentials
from core.time.instants import real_clock


@pytest.fixture
def send(engine_url, credentials):
    """Send a request that botocore signs and `alter` changes afterwards; return status, error code and body."""

    def send_request(
        method, path, *, body=b"", headers=None, without=(), service="scheduler", alter=lambda request: request
    ):
        aws_request = AWSRequest(method=method, url=engine_url + path, data=body, headers=headers or {})
        key = BotocoreCredentials(credentials.access_key_id, credentials.secret_access_key)
        SigV4Auth(key, service, "us-east-1").add_auth(aws_request)
        request = alter({"method": method, "path": path, "body": body, "headers": dict(aws_request.headers)})
        for name in without:
            del request["headers"][name]
        return send_raw(engine_url, **request)

    return send_request


def send_raw(url, method, path, body=b"", headers=()):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    status, code, content = response.status, response.getheader("x-amzn-ErrorType"), response.read()
    connection.close()
    return status, code, json.loads(content or b"null")


def replacing(**members):
    """Return a function that replaces members of a request."""
    return lambda request: {**request, **members}


def test_a_signed_request_is_accepted(send):
    assert send("GET", "/schedules?MaxResults=5&NamePrefix=a") == (200, None, {"Schedules": []})


@pytest.mark.parametrize(
    "path",
    [
        "/schedules/a%20b",
        "/schedules/%E2%98%83",
        "/schedules/a%2Fb",
        "/schedules/a%252Fb",
        "/schedules?NamePrefix=a%2Bb&State=ENABLED",
        "/schedules?b=2&a=1&a=0&empty=&flag",
        "/schedules?a=1&a-b=2&a.b=3&a1=4",  # SigV4 sorts by name, not by the whole field
        "/schedules?a=b%3Dc&a=%C3%A9&%E2%98%83=1",
    ],
)
def test_signatures_cover_the_path_and_query_as_sent(send, path):
    status, code, _ = send("GET", path)
    assert (status, code) in [(200, None), (400, "ValidationException")]


def test_an_unsigned_request_is_refused(engine_url):
    status, code, content = send_raw(engine_url, "GET", "/schedules")
    assert (status, code) == (403, "MissingAuthenticationTokenException")
    assert content == {"Message": "Missing Authentication Token"}


@pytest.mark.parametrize(
    "alter",
    [
        replacing(path="/schedules?NamePrefix=b"),
        replacing(method="DELETE"),
        replacing(path="/schedules/post?NamePrefix=a"),
    ],
)
def test_an_altered_request_is_refused(send, alter):
    status, code, content = send("GET", "/schedules?NamePrefix=a", alter=alter)
    assert (status, code) == (403, "InvalidSignatureException")
    assert "does not match the signature you provided" in content["Message"]


def test_an_altered_body_is_refused(send, engine_client):
    status, code, _ = send("POST", "/schedule-groups/a", body=b"{}", alter=replacing(body=b'{"Tags": []}'))
    assert (status, code) == (403, "InvalidSignatureException")
    assert len(engine_client.list_schedule_groups()["ScheduleGroups"]) == 1


@pytest.mark.parametrize("claimed", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64])
def test_an_unsigned_body_is_refused(send, claimed):
    headers = {"X-Amz-Content-SHA256": claimed}
    status, code, _ = send("POST", "/schedule-groups/a", body=b"{}", headers=headers)
    assert (status, code) == (403, "InvalidSignatureException")


@pytest.mark.parametrize(
    ("other", "code"),
    [
        ({"access_key_id": "LOCALOTHER"}, "UnrecognizedClientException"),
        ({"secret_access_key": "guessed"}, "InvalidSignatureException"),
    ],
)
def test_another_key_is_refused(aws_session, engine_url, credentials, other, code):
    keys = {"access_key_id": credentials.access_key_id, "secret_access_key": credentials.secret_access_key, **other}
    client = aws_session.client(
        "scheduler",
        endpoint_url=engine_url,
        aws_access_key_id=keys["access_key_id"],
        aws_secret_access_key=keys["secret_access_key"],
        config=Config(retries={"total_max_attempts": 1}),
    )
    with pytest.raises(ClientError) as refusal:
        client.list_schedules()
    client.close()
    assert refusal.value.response["Error"]["Code"] == code
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 403


@pytest.mark.parametrize(
    ("minutes", "message"),
    [(4.9, None), (-4.9, None), (5.1, "Signature expired: "), (-5.1, "Signature not yet current: ")],
)
def test_clocks_may_differ_by_five_minutes(engine_server, send, api, credentials, minutes, message):
    engine_server.http_api = HttpApi(api, credentials, lambda: real_clock() + timedelta(minutes=minutes))
    status, code, content = send("GET", "/schedules")
    assert (status, code) == ((403, "InvalidSignatureException") if message else (200, None))
    assert message is None or content["Message"].startswith(message)


def authorization_rewritten(pattern, replacement):
    """Return a function that changes the Authorization header after signing."""

    def rewrite(request):
        authorization = re.sub(pattern, replacement, request["headers"]["Authorization"])
        return {**request, "headers": {**request["headers"], "Authorization": authorization}}

    return rewrite


@pytest.mark.parametrize(
    ("alter", "refusal"),
    [
        (
            authorization_rewritten(r"(.)$", lambda last: "0" if last[1] != "0" else "1"),
            (403, "InvalidSignatureException"),
        ),
        (authorization_rewritten(r"/\d{8}/", "/20200101/"), (403, "InvalidSignatureException")),
        (authorization_rewritten("us-east-1", "eu-west-1"), (403, "InvalidSignatureException")),
        (authorization_rewritten("SignedHeaders=host;", "SignedHeaders="), (400, "IncompleteSignatureException")),
        (authorization_rewritten("Signature=", "Signature=0"), (400, "IncompleteSignatureException")),
    ],
)
def test_a_change_in_any_part_of_a_signature_is_refused(send, alter, refusal):
    assert send("GET", "/schedules", alter=alter)[:2] == refusal


def test_the_date_in_the_scope_must_match_the_request(send):
    """Otherwise a signing key of one day would be valid on all days."""
    _, _, content = send("GET", "/schedules", alter=authorization_rewritten(r"/\d{8}/", "/20200101/"))
    assert content["Message"].startswith("Date in Credential scope")


def test_repeated_spaces_in_a_signed_header_do_not_matter(send):
    assert send("GET", "/schedules", headers={"X-Amz-Meta": "a   b"})[0] == 200


@pytest.mark.parametrize("headers", [{"X-Amz-Target": "x"}, {"x-amz-security-token": "t"}])
def test_every_amz_header_must_be_signed(send, headers):
    status, code, content = send(
        "GET", "/schedules", alter=lambda request: {**request, "headers": {**request["headers"], **headers}}
    )
    assert (status, code) == (400, "IncompleteSignatureException")
    assert next(iter(headers)).lower() in content["Message"]


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic eDp5",
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=y",
        "\u00e9" * 9,
    ],
)
def test_a_malformed_signature_is_refused(engine_url, authorization):
    headers = {"Authorization": authorization.encode("latin-1"), "X-Amz-Date": "20261124T080000Z"}
    assert send_raw(engine_url, "GET", "/schedules", headers=headers)[:2] == (400, "IncompleteSignatureException")


def test_a_signature_without_its_date_is_refused(send):
    assert send("GET", "/schedules", without=["X-Amz-Date"])[:2] == (400, "IncompleteSignatureException")


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}]
)
def test_browsers_of_other_origins_are_refused_even_with_a_signature(send, headers):
    assert send("GET", "/schedules", headers=headers)[:2] == (403, "AccessDeniedException")


def test_a_preflight_is_refused_and_grants_nothing(engine_url):
    connection = http.client.HTTPConnection(urlsplit(engine_url).netloc, timeout=10)
    connection.request("OPTIONS", "/schedules", headers={"Origin": "https://evil.example"})
    response = connection.getresponse()
    response.read()
    connection.close()
    assert response.status == 403
    assert not [name for name in response.headers if name.lower().startswith("access-control")]


def test_a_body_over_the_limit_is_refused(send):
    status, code, _ = send("POST", "/schedules/a", body=b" " * (MAX_BODY_BYTES + 1))
    assert (status, code) == (413, "RequestEntityTooLargeException")


def test_an_unknown_operation_is_refused(send):
    assert send("PATCH", "/schedules/a")[:2] == (404, "UnknownOperationException")


def test_a_signed_event_invocation_is_stored(send, store):
    response = send(
        "POST",
        "/2015-03-31/functions/relay/invocations",
        body=b'{"a": 1}',
        headers={"X-Amz-Invocation-Type": "Event"},
        service="lambda",
    )
    assert response == (202, None, None)
    (row,) = store.database.read("SELECT function_arn, payload FROM invocation")
    assert tuple(row) == ("arn:aws:lambda:us-east-1:000000000000:function:relay", b'{"a": 1}')


def test_a_key_pair_survives_its_file_and_hides_its_secret_in_repr(credentials):
    assert Credentials.parse(credentials.to_profile()) == credentials
    assert credentials.secret_access_key not in repr(credentials)
    assert Credentials.generate() != credentials


def test_boto3_reads_the_key_pairs_file(credentials, tmp_path, monkeypatch):
    (tmp_path / "aws-credentials").write_text(credentials.to_profile())
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    found = boto3.session.Session().get_credentials()
    assert (found.access_key, found.secret_key) == (credentials.access_key_id, credentials.secret_access_key)
