"""The translation of AWS errors."""

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from core.aws_errors import (
    AccessDenied,
    AwsResourceNotFound,
    AwsUnavailable,
    ClockSkewed,
    CredentialsRejected,
    InvalidScheduleRequest,
    NoCredentials,
    QuotaExceeded,
    RoleNotReady,
    ScheduleGroupNotFound,
    ScheduleNameTaken,
    ScheduleNotFound,
    Throttled,
    translate_aws_errors,
)
from core.errors import PunctualError

ROLE_MESSAGE = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
EXPIRED_MESSAGE = "Signature expired: 1 is now earlier than 2"
RESPONSES = [
    ("GetSchedule", "ResourceNotFoundException", "Schedule post-1 does not exist.", ScheduleNotFound),
    ("ListSchedules", "ResourceNotFoundException", "Schedule group posts does not exist.", ScheduleGroupNotFound),
    ("GetFunctionConfiguration", "ResourceNotFoundException", "Function not found: relay", AwsResourceNotFound),
    ("ReceiveMessage", "AWS.SimpleQueueService.NonExistentQueue", "The queue does not exist.", AwsResourceNotFound),
    ("GetRole", "NoSuchEntity", "The role cannot be found.", AwsResourceNotFound),
    ("CreateSchedule", "ConflictException", "Schedule post-1 already exists.", ScheduleNameTaken),
    ("CreateSchedule", "ServiceQuotaExceededException", "The schedules quota is reached.", QuotaExceeded),
    ("CreateSchedule", "ValidationException", "Invalid Schedule Expression at().", InvalidScheduleRequest),
    ("CreateSchedule", "ValidationException", ROLE_MESSAGE, RoleNotReady),
    ("CreateSchedule", "ThrottlingException", "Rate exceeded", Throttled),
    ("Invoke", "TooManyRequestsException", "Rate exceeded", Throttled),
    ("PutItem", "ProvisionedThroughputExceededException", "Slow down", Throttled),
    ("CreateSchedule", "ExpiredTokenException", "The security token is expired", CredentialsRejected),
    ("CreateSchedule", "UnrecognizedClientException", "The security token is invalid", CredentialsRejected),
    ("CreateSchedule", "InvalidSignatureException", EXPIRED_MESSAGE, ClockSkewed),
    ("CreateSchedule", "InvalidSignatureException", "Signature not yet current: 3", ClockSkewed),
    ("CreateSchedule", "InvalidSignatureException", "It does not match", CredentialsRejected),
    ("CreateSchedule", "InternalServerException", "Something broke", AwsUnavailable),
]
EXCEPTIONS = [
    (exceptions.NoCredentialsError(), NoCredentials),
    (exceptions.NoRegionError(), NoCredentials),
    (exceptions.ProfileNotFound(profile="work"), NoCredentials),
    (exceptions.InvalidRegionError(region_name="here!"), NoCredentials),
    (exceptions.UnauthorizedSSOTokenError(), CredentialsRejected),
    (exceptions.LoginRefreshRequired(), CredentialsRejected),
    (exceptions.ConnectTimeoutError(endpoint_url="https://aws"), AwsUnavailable),
    (exceptions.EndpointConnectionError(endpoint_url="https://aws"), AwsUnavailable),
    (ResponseParserError("Unable to parse response, invalid XML received"), AwsUnavailable),
]


def client_error(operation: str, code: str, message: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


@pytest.mark.parametrize(("operation", "code", "message", "kind"), RESPONSES)
def test_the_code_of_a_response_chooses_the_error(operation, code, message, kind):
    with pytest.raises(PunctualError) as caught, translate_aws_errors():
        raise client_error(operation, code, message)
    assert type(caught.value) is kind
    assert message in str(caught.value)


@pytest.mark.parametrize(("error", "kind"), EXCEPTIONS)
def test_each_botocore_exception_is_translated(error, kind):
    with pytest.raises(PunctualError) as caught, translate_aws_errors():
        raise error
    assert type(caught.value) is kind


def test_a_denied_request_names_the_action_and_the_resource():
    message = (
        "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: scheduler:CreateSchedule"
        " on resource: arn:aws:scheduler:us-east-1:123456789012:schedule/posts/post-1"
    )
    with (
        pytest.raises(AccessDenied, match="scheduler:CreateSchedule on resource: arn:aws:scheduler"),
        translate_aws_errors(),
    ):
        raise client_error("CreateSchedule", "AccessDeniedException", message)


def test_a_long_page_of_a_proxy_is_shortened():
    with pytest.raises(AwsUnavailable) as caught, translate_aws_errors():
        raise client_error("GetSchedule", "502", "<html>\n  <p>Bad gateway</p>" * 1000)
    assert str(caught.value).startswith("GetSchedule: <html> <p>Bad gateway</p>")
    assert len(str(caught.value)) < 700


def test_the_error_shows_the_title_of_a_proxys_page():
    page = "<!doctype html>\n<html><title>502 Bad Gateway</title><p>Long words</p></html>"
    with pytest.raises(AwsUnavailable, match=r"^GetSchedule: 502 Bad Gateway$"), translate_aws_errors():
        raise client_error("GetSchedule", "502", page)
    with pytest.raises(AwsUnavailable, match=r"is not readable: 502 Bad Gateway$"), translate_aws_errors():
        raise ResponseParserError(f"Unable to parse response, invalid XML received: {page.encode()!r}")


@pytest.mark.parametrize(
    ("kind", "failure"),
    [
        (exceptions.EndpointConnectionError, "cannot be reached"),
        (exceptions.ConnectTimeoutError, "does not answer"),
        (exceptions.ReadTimeoutError, "did not answer in time"),
        (exceptions.ConnectionClosedError, "closed the connection"),
    ],
)
def test_a_failed_connection_names_the_host_without_the_request(kind, failure):
    with pytest.raises(AwsUnavailable) as caught, translate_aws_errors():
        raise kind(endpoint_url="https://scheduler.eu-west-1.amazonaws.com/schedules?ScheduleGroup=posts", error="no")
    assert str(caught.value) == f"scheduler.eu-west-1.amazonaws.com {failure}."
