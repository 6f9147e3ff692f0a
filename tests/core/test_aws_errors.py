"""The translation of AWS errors."""

import re
from pathlib import Path

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from core.aws_errors import (
    AccessDenied,
    AwsFailed,
    AwsResourceNotFound,
    AwsUnavailable,
    AwsUnreachable,
    ClockSkewed,
    CredentialsRejected,
    InvalidScheduleRequest,
    NoCredentials,
    ParameterQuotaExceeded,
    QuotaExceeded,
    RoleNotReady,
    ScheduleGroupNotFound,
    ScheduleNameTaken,
    ScheduleNotFound,
    Throttled,
    required_action,
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
    ("CreateSchedule", "InternalServerException", "Something broke", AwsFailed),
    ("PutParameter", "ParameterLimitExceeded", "You have reached the maximum number.", ParameterQuotaExceeded),
    ("HeadObject", "403", "Forbidden", AccessDenied),
]
EXCEPTIONS = [
    (exceptions.NoCredentialsError(), NoCredentials),
    (exceptions.NoRegionError(), NoCredentials),
    (exceptions.ProfileNotFound(profile="work"), NoCredentials),
    (exceptions.InvalidRegionError(region_name="here!"), NoCredentials),
    (exceptions.UnauthorizedSSOTokenError(), CredentialsRejected),
    (exceptions.LoginRefreshRequired(), CredentialsRejected),
    (exceptions.ConnectTimeoutError(endpoint_url="https://aws"), AwsUnavailable),
    (exceptions.EndpointConnectionError(endpoint_url="https://aws"), AwsUnreachable),
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


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("ServiceQuotaExceededException", "ask AWS for a higher quota (Service Quotas, EventBridge Scheduler)"),
        ("ThrottlingException", "Wait a minute."),
        ("AccessDeniedException", "Attach the stack's dashboard policy (output DashboardPolicyArn)"),
        ("ExpiredTokenException", "Sign in again"),
        ("UnrecognizedClientException", "A Region that the account has not enabled rejects them too."),
        ("InternalServerException", "See the message of AWS, and the Health page."),
        ("AFaultThatNobodyKnows", "See the message of AWS, and the Health page."),
    ],
)
def test_each_error_names_the_remedy(code, remedy):
    with pytest.raises(PunctualError) as caught, translate_aws_errors():
        raise client_error("CreateSchedule", code, "The cause.")
    assert str(caught.value).startswith("CreateSchedule: The cause.")
    assert remedy in caught.value.hint


def test_a_region_that_does_not_exist_is_named_as_a_possible_cause():
    with pytest.raises(AwsUnreachable) as caught, translate_aws_errors():
        raise exceptions.EndpointConnectionError(endpoint_url="https://scheduler.eu-nowhere-1.amazonaws.com/")
    assert str(caught.value) == "scheduler.eu-nowhere-1.amazonaws.com cannot be reached."
    assert "the Region (AWS_DEFAULT_REGION, or that of the profile)" in caught.value.hint


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


@pytest.mark.parametrize(
    ("operation", "permission"),
    [
        ("CreateSchedule", "scheduler:CreateSchedule"),
        ("Invoke", "lambda:InvokeFunction"),
        ("ListObjectsV2", "s3:ListBucket"),
        ("TransactWriteItems", "dynamodb:PutItem"),
        ("GetParametersByPath", "ssm:GetParametersByPath"),
        ("ChangeMessageVisibilityBatch", "sqs:ChangeMessageVisibility"),
    ],
)
def test_a_denied_request_names_the_permission_where_aws_does_not(operation, permission):
    with pytest.raises(AccessDenied) as caught, translate_aws_errors():
        raise client_error(operation, "AccessDenied", "Access Denied")
    assert str(caught.value) == f"{operation}: Access Denied. The permission {permission} is missing."


def test_the_permission_of_each_request_of_the_dashboard_is_known():
    policy = (Path(__file__).parents[2] / "cdk_min" / "dashboard_policy.py").read_text()
    granted = {tuple(each.split(":")) for each in re.findall(r'"([a-z0-9]+:[A-Z][A-Za-z]+)"', policy)}
    requests = granted - {("iam", "PassRole"), ("iam", "PassedToService"), ("lambda", "InvokeFunction")}
    without_own_request = {("s3", "ListBucket"), ("sqs", "ChangeMessageVisibility")}
    assert {required_action(name) for _, name in requests - without_own_request} == {
        f"{service}:{name}" for service, name in requests - without_own_request
    }


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
