"""Random and hostile requests: no response is an internal error, and the store stays intact."""

import base64
import json
from contextlib import suppress

import pytest
from botocore.exceptions import ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FUZZ = settings(
    max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
VALID = {
    "Name": "post",
    "ScheduleExpression": "cron(0 9 ? * MON-FRI *)",
    "ScheduleExpressionTimezone": "Europe/Berlin",
    "FlexibleTimeWindow": {"Mode": "OFF"},
    "StartDate": 1_900_000_000,
    "Target": {
        "Arn": "arn:aws:lambda:us-east-1:000000000000:function:relay",
        "RoleArn": "arn:aws:iam::000000000000:role/x",
        "Input": "{}",
        "RetryPolicy": {"MaximumRetryAttempts": 2},
    },
    "ClientToken": "t",
}
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)
expressions = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}({})".format, st.sampled_from(["at", "rate", "cron"]), st.text("0123456789-:T*?/,LW# MONSU", max_size=30)
    ),
    st.builds("at({}-{:02}-{:02}T{:02}:00:00)".format, *[st.integers(0, 9999)] + [st.integers(0, 40)] * 3),
    st.builds("rate({} {})".format, st.integers(-1, 10**12), st.sampled_from(["minute", "hours", "days"])),
    st.builds(
        "cron({} {} {} {} {} {})".format, *[st.sampled_from(["*", "?", "0", "1", "L", "LW", "31W", "2#5", "1/7"])] * 6
    ),
)
paths = st.one_of(
    st.text(),
    st.builds("/{}/{}".format, st.sampled_from(["schedules", "schedule-groups", "tags"]), st.text(max_size=80)),
    st.sampled_from(["", "/", "//", "/schedules", "/schedules/", "/schedule-groups/%00", "/tags/%", "/schedules/../x"]),
    st.builds("/2015-03-31/functions/{}/invocations".format, st.text(max_size=200)),
)


@pytest.fixture
def check_response(api, store):
    """Check a response, and that the next request succeeds."""

    def check(response):
        status, headers, body = response
        assert status in (200, 202, 400, 404, 409, 413), body
        if status >= 400:
            assert headers["x-amzn-ErrorType"] != "InternalServerException"
            assert json.loads(body)["Message"]
        assert api.handle("GET", "/schedules", "", {}, b"")[0] == 200

    yield check
    store.database.check()


def member_paths(value, path=()):
    """Yield the paths of all members at any depth."""
    for name, item in value.items():
        yield (*path, name)
        if isinstance(item, dict):
            yield from member_paths(item, (*path, name))


def replaced(value, path, new):
    name, *rest = path
    return {**value, name: replaced(value[name], rest, new) if rest else new}


@FUZZ
@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "\x00"]),
    path=paths,
    query=st.text(max_size=60)
    | st.sampled_from(["MaxResults=x", "MaxResults=5&MaxResults=", "NextToken=%FF", "TagKeys="]),
    headers=st.dictionaries(st.text(), st.text(), max_size=3) | st.just({"X-Amz-Invocation-Type": "Event"}),
    body=st.binary(max_size=200) | anything.map(lambda value: json.dumps(value).encode()),
)
def test_an_arbitrary_request_is_handled(api, check_response, method, path, query, headers, body):
    check_response(api.handle(method, path, query, headers, body))


@FUZZ
@given(member=st.sampled_from(list(member_paths(VALID))), value=anything, update=st.booleans())
def test_a_valid_request_with_one_arbitrary_member_is_handled(api, check_response, member, value, update):
    body = json.dumps(replaced(VALID, member, value)).encode()
    check_response(api.handle("POST", "/schedules/post", "", {}, body))
    if update:
        check_response(api.handle("PUT", "/schedules/post", "", {}, body))
        check_response(api.handle("GET", "/schedules/post", "", {}, b""))
    check_response(api.handle("DELETE", "/schedules/post", "", {}, b""))


@FUZZ
@given(
    expression=expressions,
    zone=st.sampled_from(["UTC", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "Asia/Kathmandu"]) | st.text(),
    start=st.none() | st.floats(-1e20, 1e20) | st.integers(0, 2**40),
    end=st.none() | st.floats(-1e20, 1e20) | st.integers(0, 2**40),
)
def test_an_arbitrary_expression_with_zone_and_dates_is_handled(api, check_response, expression, zone, start, end):
    changed = {"ScheduleExpression": expression, "ScheduleExpressionTimezone": zone, "StartDate": start, "EndDate": end}
    body = json.dumps({**VALID, **changed, "ClientToken": None}).encode()
    check_response(api.handle("POST", "/schedules/post", "", {}, body))
    check_response(api.handle("GET", "/schedules/post", "", {}, b""))
    check_response(api.handle("DELETE", "/schedules/post", "", {}, b""))


@FUZZ
@given(
    text=st.text(),
    number=st.integers(),
    operation=st.sampled_from(
        ["get_schedule", "delete_schedule", "create_schedule_group", "list_schedules", "tag_resource"]
    ),
)
def test_arbitrary_text_through_boto3_is_handled(engine_client, check_response, text, number, operation):
    listing = {"NamePrefix": text, "NextToken": text, "MaxResults": number}
    with suppress(
        ParamValidationError,
        engine_client.exceptions.ValidationException,
        engine_client.exceptions.ResourceNotFoundException,
        engine_client.exceptions.ConflictException,
    ):
        getattr(engine_client, operation)(**(listing if operation == "list_schedules" else {"Name": text}))


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"a":' * 50_000,
        b'{"Description": "\\ud800", "Name": "x"}',
        b'{"StartDate": 1e999}',
        b'{"StartDate": NaN}',
        b'{"StartDate": ' + b"9" * 10_000 + b"}",
        b"\xff\xfe",
        b"null",
        b'"text"',
        json.dumps({**VALID, "Target": {**VALID["Target"], "Input": "[" * 100_000}}).encode(),
    ],
)
def test_a_body_that_breaks_parsers_is_refused(check_response, api, body):
    response = api.handle("POST", "/schedules/post", "", {}, body)
    assert response[0] == 400
    check_response(response)


@pytest.mark.parametrize(("path", "parts"), [("/schedules", ["\ud800", "a"]), ("/schedule-groups", ["\ud800"])])
def test_a_token_with_half_a_surrogate_pair_is_refused(check_response, api, path, parts):
    token = base64.urlsafe_b64encode(json.dumps(parts).encode()).decode()
    response = api.handle("GET", path, f"NextToken={token}", {}, b"")
    assert response[0] == 400
    check_response(response)


@pytest.mark.parametrize("number", ["1_0", "%D9%A3", "+5", "%205", "0x5", "", "1e1", "5.0"])
def test_a_number_in_the_query_must_be_digits(check_response, api, number):
    response = api.handle("GET", "/schedules", f"MaxResults={number}", {}, b"")
    assert response[0] == 400
    check_response(response)
