"""Who is answered over HTTP, and who is not."""

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
from botocore.credentials import Credentials as Botocore
from botocore.exceptions import ClientError

from core.engine.server import MOST_BYTES, Face
from core.engine.signatures import Credentials
from core.time.instants import real_clock


@pytest.fixture
def send(engine_url, credentials):
    """Send a request signed by botocore, with changes made after it was signed; return status, code and answer."""

    def send_request(method, path, *, body=b"", headers=None, without=(), service="scheduler", then=lambda sent: sent):
        request = AWSRequest(method=method, url=engine_url + path, data=body, headers=headers or {})
        key = Botocore(credentials.access_key_id, credentials.secret_access_key)
        SigV4Auth(key, service, "us-east-1").add_auth(request)
        sent = then({"method": method, "path": path, "body": body, "headers": dict(request.headers)})
        for name in without:
            del sent["headers"][name]
        return raw(engine_url, **sent)

    return send_request


def raw(url, method, path, body=b"", headers=()):
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    connection.request(method, path, body, dict(headers))
    response = connection.getresponse()
    answer = response.status, response.getheader("x-amzn-ErrorType"), json.loads(response.read() or b"null")
    connection.close()
    return answer


def changed(**members):
    return lambda sent: {**sent, **members}


def test_a_signed_request_is_answered(send):
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
        "/schedules?a=1&a-b=2&a.b=3&a1=4",  # in the order of the names, not of the fields
        "/schedules?a=b%3Dc&a=%C3%A9&%E2%98%83=1",
    ],
)
def test_signatures_are_computed_over_what_was_sent_however_it_is_encoded(send, path):
    status, code, _ = send("GET", path)
    assert (status, code) in [(200, None), (400, "ValidationException")]


def test_an_unsigned_request_is_refused(engine_url):
    status, code, answer = raw(engine_url, "GET", "/schedules")
    assert (status, code) == (403, "MissingAuthenticationTokenException")
    assert answer == {"Message": "Missing Authentication Token"}


@pytest.mark.parametrize(
    "altered",
    [
        changed(path="/schedules?NamePrefix=b"),
        changed(method="DELETE"),
        changed(path="/schedules/post?NamePrefix=a"),
    ],
)
def test_a_request_that_was_altered_is_refused(send, altered):
    status, code, answer = send("GET", "/schedules?NamePrefix=a", then=altered)
    assert (status, code) == (403, "InvalidSignatureException")
    assert "does not match the signature you provided" in answer["Message"]


def test_a_body_that_was_altered_is_refused(send, engine_client):
    status, code, _ = send("POST", "/schedule-groups/a", body=b"{}", then=changed(body=b'{"Tags": []}'))
    assert (status, code) == (403, "InvalidSignatureException")
    assert len(engine_client.list_schedule_groups()["ScheduleGroups"]) == 1


@pytest.mark.parametrize("claimed", ["UNSIGNED-PAYLOAD", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD", "0" * 64])
def test_a_body_that_was_not_signed_is_refused(send, claimed):
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
    ("minutes", "says"),
    [(4.9, None), (-4.9, None), (5.1, "Signature expired: "), (-5.1, "Signature not yet current: ")],
)
def test_clocks_may_differ_by_five_minutes(server, send, api, credentials, minutes, says):
    server.face = Face(api, credentials, lambda: real_clock() + timedelta(minutes=minutes))
    status, code, answer = send("GET", "/schedules")
    assert (status, code) == ((403, "InvalidSignatureException") if says else (200, None))
    assert says is None or answer["Message"].startswith(says)


def rewritten(pattern, replacement):
    """Change the Authorization header after signing."""

    def rewrite(sent):
        authorization = re.sub(pattern, replacement, sent["headers"]["Authorization"])
        return {**sent, "headers": {**sent["headers"], "Authorization": authorization}}

    return rewrite


@pytest.mark.parametrize(
    ("altered", "answer"),
    [
        (rewritten(r"(.)$", lambda last: "0" if last[1] != "0" else "1"), (403, "InvalidSignatureException")),
        (rewritten(r"/\d{8}/", "/20200101/"), (403, "InvalidSignatureException")),
        (rewritten("us-east-1", "eu-west-1"), (403, "InvalidSignatureException")),
        (rewritten("SignedHeaders=host;", "SignedHeaders="), (400, "IncompleteSignatureException")),
        (rewritten("Signature=", "Signature=0"), (400, "IncompleteSignatureException")),
    ],
)
def test_every_part_of_a_signature_counts(send, altered, answer):
    assert send("GET", "/schedules", then=altered)[:2] == answer


def test_the_day_in_the_scope_must_be_the_requests_own(send):
    """Else a key that was derived for one day would sign for all."""
    _, _, answer = send("GET", "/schedules", then=rewritten(r"/\d{8}/", "/20200101/"))
    assert answer["Message"].startswith("Date in Credential scope")


def test_spaces_in_a_signed_header_may_be_more_or_fewer(send):
    assert send("GET", "/schedules", headers={"X-Amz-Meta": "a   b"})[0] == 200


@pytest.mark.parametrize("headers", [{"X-Amz-Target": "x"}, {"x-amz-security-token": "t"}])
def test_what_changes_a_requests_meaning_must_be_signed(send, headers):
    status, code, answer = send(
        "GET", "/schedules", then=lambda sent: {**sent, "headers": {**sent["headers"], **headers}}
    )
    assert (status, code) == (400, "IncompleteSignatureException")
    assert next(iter(headers)).lower() in answer["Message"]


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
def test_what_is_no_signature_is_refused(engine_url, authorization):
    headers = {"Authorization": authorization.encode("latin-1"), "X-Amz-Date": "20261124T080000Z"}
    assert raw(engine_url, "GET", "/schedules", headers=headers)[:2] == (400, "IncompleteSignatureException")


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


def test_a_body_beyond_all_limits_is_not_read_to_its_end(send):
    status, code, _ = send("POST", "/schedules/a", body=b" " * (MOST_BYTES + 1))
    assert (status, code) == (413, "RequestEntityTooLargeException")


def test_an_unknown_operation_is_refused(send):
    assert send("PATCH", "/schedules/a")[:2] == (404, "UnknownOperationException")


def test_functions_are_invoked_as_events(send, store):
    answer = send(
        "POST",
        "/2015-03-31/functions/relay/invocations",
        body=b'{"a": 1}',
        headers={"X-Amz-Invocation-Type": "Event"},
        service="lambda",
    )
    assert answer == (202, None, None)
    (row,) = store.database.read("SELECT function_arn, payload FROM invocation")
    assert tuple(row) == ("arn:aws:lambda:us-east-1:000000000000:function:relay", b'{"a": 1}')


def test_a_key_pair_survives_its_file_and_shows_no_secret(credentials):
    assert Credentials.read(credentials.written()) == credentials
    assert credentials.secret_access_key not in repr(credentials)
    assert Credentials.made() != credentials


def test_the_key_pairs_file_is_one_that_boto3_reads(credentials, tmp_path, monkeypatch):
    (tmp_path / "aws-credentials").write_text(credentials.written())
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "aws-credentials"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    found = boto3.session.Session().get_credentials()
    assert (found.access_key, found.secret_key) == (credentials.access_key_id, credentials.secret_access_key)
