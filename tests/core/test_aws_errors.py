"""What AWS answers, as errors of ours."""

import pytest
from botocore import exceptions
from botocore.exceptions import ClientError
from botocore.parsers import ResponseParserError

from core import aws_errors
from core.aws_errors import translate_aws_errors

ANSWERS = [
    ("GetSchedule", "ResourceNotFoundException", "Schedule post-1 does not exist.", aws_errors.ScheduleNotFound),
    ("ListSchedules", "ResourceNotFoundException", "Schedule group posts does not exist.", aws_errors.ScheduleGroupNotFound),
    ("GetFunctionConfiguration", "ResourceNotFoundException", "Function not found: relay", aws_errors.AwsResourceNotFound),
    ("ReceiveMessage", "AWS.SimpleQueueService.NonExistentQueue", "The queue does not exist.", aws_errors.AwsResourceNotFound),
    ("GetRole", "NoSuchEntity", "The role cannot be found.", aws_errors.AwsResourceNotFound),
    ("CreateSchedule", "ConflictException", "Schedule post-1 already exists.", aws_errors.ScheduleNameTaken),
    ("CreateSchedule", "ServiceQuotaExceededException", "The schedules quota is reached.", aws_errors.QuotaExceeded),
    ("CreateSchedule", "ValidationException", "Invalid Schedule Expression at().", aws_errors.InvalidScheduleRequest),
    (
        "CreateSchedule",
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
        aws_errors.RoleNotReady,
    ),
    ("CreateSchedule", "ThrottlingException", "Rate exceeded", aws_errors.Throttled),
    ("Invoke", "TooManyRequestsException", "Rate exceeded", aws_errors.Throttled),
    ("PutItem", "ProvisionedThroughputExceededException", "Slow down", aws_errors.Throttled),
    ("CreateSchedule", "ExpiredTokenException", "The security token is expired", aws_errors.CredentialsRejected),
    ("CreateSchedule", "UnrecognizedClientException", "The security token is invalid", aws_errors.CredentialsRejected),
    (
        "CreateSchedule",
        "InvalidSignatureException",
        "Signature expired: 1 is now earlier than 2",
        aws_errors.ClockSkewed,
    ),
    ("CreateSchedule", "InvalidSignatureException", "Signature not yet current: 3", aws_errors.ClockSkewed),
    ("CreateSchedule", "InvalidSignatureException", "It does not match", aws_errors.CredentialsRejected),
    ("CreateSchedule", "InternalServerException", "Something broke", aws_errors.AwsUnavailable),
]
RAISED = [
    (exceptions.NoCredentialsError(), aws_errors.NoCredentials),
    (exceptions.NoRegionError(), aws_errors.NoCredentials),
    (exceptions.ProfileNotFound(profile="work"), aws_errors.NoCredentials),
    (exceptions.InvalidRegionError(region_name="here!"), aws_errors.NoCredentials),
    (exceptions.UnauthorizedSSOTokenError(), aws_errors.CredentialsRejected),
    (exceptions.LoginRefreshRequired(), aws_errors.CredentialsRejected),
    (exceptions.ConnectTimeoutError(endpoint_url="https://aws"), aws_errors.AwsUnavailable),
    (exceptions.EndpointConnectionError(endpoint_url="https://aws"), aws_errors.AwsUnavailable),
    (ResponseParserError("Unable to parse response, invalid XML received"), aws_errors.AwsUnavailable),
]


@pytest.mark.parametrize(("operation", "code", "message", "kind"), ANSWERS)
def test_each_answer_is_named_for_what_it_means(operation, code, message, kind):
    with pytest.raises(aws_errors.PunctualError) as caught, translate_aws_errors():
        raise ClientError({"Error": {"Code": code, "Message": message}}, operation)
    assert type(caught.value) is kind
    assert message in str(caught.value)


@pytest.mark.parametrize(("error", "kind"), RAISED)
def test_each_fault_on_the_way_to_aws_is_named_for_what_it_means(error, kind):
    with pytest.raises(aws_errors.PunctualError) as caught, translate_aws_errors():
        raise error
    assert type(caught.value) is kind


def test_a_denial_names_the_action_and_the_resource():
    said = (
        "User: arn:aws:iam::123456789012:user/ada is not authorized to perform: scheduler:CreateSchedule"
        " on resource: arn:aws:scheduler:us-east-1:123456789012:schedule/posts/post-1"
    )
    with (
        pytest.raises(aws_errors.AccessDenied, match="scheduler:CreateSchedule on resource: arn:aws:scheduler"),
        translate_aws_errors(),
    ):
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": said}}, "CreateSchedule")


def test_the_page_of_a_proxy_is_not_repeated_whole():
    with pytest.raises(aws_errors.AwsUnavailable) as caught, translate_aws_errors():
        raise ClientError({"Error": {"Code": "502", "Message": "<html>\n  <p>Bad gateway</p>" * 1000}}, "GetSchedule")
    assert str(caught.value).startswith("GetSchedule: <html> <p>Bad gateway</p>")
    assert len(str(caught.value)) < 700


def test_of_a_proxys_page_the_title_is_told():
    page = "<!doctype html>\n<html><title>502 Bad Gateway</title><p>Long words</p></html>"
    with pytest.raises(aws_errors.AwsUnavailable, match=r"^GetSchedule: 502 Bad Gateway$"), translate_aws_errors():
        raise ClientError({"Error": {"Code": "502", "Message": page}}, "GetSchedule")
    with pytest.raises(aws_errors.AwsUnavailable, match=r"cannot be read: 502 Bad Gateway$"), translate_aws_errors():
        raise ResponseParserError(f"Unable to parse response, invalid XML received: {page.encode()!r}")


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (exceptions.EndpointConnectionError, "cannot be reached"),
        (exceptions.ConnectTimeoutError, "does not answer"),
        (exceptions.ReadTimeoutError, "did not answer in time"),
        (exceptions.ConnectionClosedError, "broke the connection off"),
    ],
)
def test_who_was_not_reached_is_told_without_what_was_asked(kind, said):
    with pytest.raises(aws_errors.AwsUnavailable) as caught, translate_aws_errors():
        raise kind(endpoint_url="https://scheduler.eu-west-1.amazonaws.com/schedules?ScheduleGroup=posts", error="no")
    assert str(caught.value) == f"scheduler.eu-west-1.amazonaws.com {said}."
