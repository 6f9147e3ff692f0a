"""Errors of AWS, translated into errors that a person can act on; no other module translates them."""

import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigNotFound,
    ConfigParseError,
    ConnectionClosedError,
    ConnectTimeoutError,
    CredentialRetrievalError,
    EndpointConnectionError,
    InvalidRegionError,
    LoginError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    ReadTimeoutError,
    SSOError,
    TokenRetrievalError,
)

from core.errors import PunctualError

MAX_MESSAGE_LENGTH = 600
"""Characters of an AWS message that an error repeats."""


class ScheduleNotFound(PunctualError):
    """No schedule has this name."""

    hint = "It has run or was deleted. The History page shows the result of the post."


class ScheduleGroupNotFound(PunctualError):
    """The schedule group does not exist."""

    hint = (
        "Deploy the stack again, with --revert-drift (cdk_min/README.md), or correct PUNCTUAL_GROUP. Punctual then"
        " schedules your saved posts by itself."
    )


class AwsResourceNotFound(PunctualError):
    """A resource of the deployment (a function, a table, a queue, a secret, a role) does not exist."""

    hint = (
        "The Health page names it and the remedy: usually, deploy the stack again (cdk_min/README.md), "
        "or correct PUNCTUAL_STACK, AWS_PROFILE or AWS_DEFAULT_REGION."
    )


class ScheduleNameTaken(PunctualError):
    """A schedule of this name exists, or another request is changing it."""

    hint = "Check the queue: the same post may be scheduled already."


class InvalidScheduleRequest(PunctualError):
    """The scheduler rejects a request as invalid."""

    hint = "Correct the value that the message names, in the post or in the settings: AWS refuses it until then."


class RoleNotReady(PunctualError):
    """The scheduler cannot assume the execution role yet: a new role takes up to two minutes."""

    hint = "A new role takes up to two minutes. If this error stays, check the role's trust policy on the Health page."


class QuotaExceeded(PunctualError):
    """The account reached a quota of AWS."""

    hint = "Cancel posts that you do not need, or ask AWS for a higher quota (Service Quotas, EventBridge Scheduler)."


class ParameterQuotaExceeded(QuotaExceeded):
    """The account holds as many parameters as it may."""

    hint = "Delete parameters that nothing needs, or ask AWS for more (Service Quotas, AWS Systems Manager)."


class AccessDenied(PunctualError):
    """The AWS identity lacks a permission; the message names the action and the resource."""

    hint = "Attach the stack's dashboard policy (output DashboardPolicyArn) to the user or role that runs Punctual."


class CredentialsRejected(PunctualError):
    """AWS rejects the credentials: they expired, were revoked, or the clock is wrong."""

    hint = (
        "Sign in again (for example: aws sso login), check this machine's clock, then reload the page. "
        "If you changed the access keys, restart Punctual. A Region that the account has not enabled rejects them too."
    )


class ClockSkewed(CredentialsRejected):
    """AWS rejects signatures whose time is more than five minutes off."""

    hint = "Set this machine's clock (for example: timedatectl set-ntp true), then reload the page."


class NoCredentials(PunctualError):
    """boto3 finds no credentials or no region, or the named profile does not exist."""

    hint = (
        "Run `aws configure`, or set AWS_PROFILE and AWS_DEFAULT_REGION. To use this machine only, unset PUNCTUAL_MODE."
    )


class AwsUnavailable(PunctualError):
    """AWS cannot be reached, or failed internally."""

    hint = "Check this machine's network. Punctual completes saved changes to posts by itself; repeat anything else."


class AwsUnreachable(AwsUnavailable):
    """No host of AWS has this name, or none takes a connection."""

    hint = (
        "Check this machine's network, and the Region (AWS_DEFAULT_REGION, or that of the profile). "
        "Punctual completes saved changes to posts by itself; repeat anything else."
    )


class AwsFailed(AwsUnavailable):
    """AWS answered with an error of its own, or one that no other class names."""

    hint = (
        "See the message of AWS, and the Health page. Punctual completes saved changes to posts by itself; repeat "
        "anything else in a minute."
    )


class Throttled(AwsUnavailable):
    """AWS still throttles a request after several attempts."""

    hint = "Wait a minute. Punctual completes saved changes to posts by itself; repeat anything else."


_ERRORS_BY_CODE: dict[str, type[PunctualError]] = {
    "ConflictException": ScheduleNameTaken,
    "ServiceQuotaExceededException": QuotaExceeded,
    "AccessDeniedException": AccessDenied,
    "AccessDenied": AccessDenied,
    "UnauthorizedOperation": AccessDenied,
    "403": AccessDenied,
    "ParameterLimitExceeded": ParameterQuotaExceeded,
    "ExpiredTokenException": CredentialsRejected,
    "ExpiredToken": CredentialsRejected,
    "UnrecognizedClientException": CredentialsRejected,
    "InvalidClientTokenId": CredentialsRejected,
    "InvalidAccessKeyId": CredentialsRejected,
    "InvalidSignatureException": CredentialsRejected,
    "SignatureDoesNotMatch": CredentialsRejected,
    "RequestExpired": ClockSkewed,
    "RequestTimeTooSkewed": ClockSkewed,
    "ThrottlingException": Throttled,
    "Throttling": Throttled,
    "TooManyRequestsException": Throttled,
    "RequestLimitExceeded": Throttled,
    "RequestThrottled": Throttled,
    "ProvisionedThroughputExceededException": Throttled,
    "NoSuchEntity": AwsResourceNotFound,
    "NoSuchBucket": AwsResourceNotFound,
    "QueueDoesNotExist": AwsResourceNotFound,
    "AWS.SimpleQueueService.NonExistentQueue": AwsResourceNotFound,
}
_CLOCK_SKEW_MESSAGES = ("Signature expired", "Signature not yet current")
"""The start of an InvalidSignatureException's message if the clock is its cause."""

_OPERATIONS = {
    "cloudformation": ("DescribeStacks",),
    "cloudwatch": ("GetMetricStatistics",),
    "dynamodb": ("BatchGetItem", "DescribeTable", "PutItem", "Query"),
    "iam": ("GetRole", "SimulatePrincipalPolicy"),
    "lambda": (
        *("GetAccountSettings", "GetFunctionConcurrency", "GetFunctionConfiguration"),
        *("GetFunctionEventInvokeConfig", "ListEventSourceMappings"),
    ),
    "s3": ("DeleteObject", "GetObject", "PutObject"),
    "scheduler": (
        *("CreateSchedule", "DeleteSchedule", "GetSchedule", "GetScheduleGroup", "ListSchedules", "UpdateSchedule"),
    ),
    "servicequotas": ("ListServiceQuotas",),
    "sqs": ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage"),
    "ssm": ("DeleteParameters", "DescribeParameters", "GetParametersByPath", "PutParameter"),
}
_ACTIONS = {operation: f"{service}:{operation}" for service, names in _OPERATIONS.items() for operation in names} | {
    "ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "CopyObject": "s3:PutObject",
    "HeadObject": "s3:GetObject",
    "Invoke": "lambda:InvokeFunction",
    "ListObjectsV2": "s3:ListBucket",
    "TransactWriteItems": "dynamodb:PutItem",
}
"""The permission of each operation that Punctual uses."""

_NOT_CONFIGURED = (
    NoCredentialsError,
    PartialCredentialsError,
    NoRegionError,
    InvalidRegionError,
    ProfileNotFound,
    ConfigNotFound,
    ConfigParseError,
)

_CONNECTION_FAILURES: dict[type[BotoCoreError], str] = {
    EndpointConnectionError: "cannot be reached",
    ConnectTimeoutError: "does not answer",
    ReadTimeoutError: "did not answer in time",
    ConnectionClosedError: "closed the connection",
}
_HTML_TITLE = re.compile("<title>(.+?)</title>", re.IGNORECASE | re.DOTALL)


@contextmanager
def translate_aws_errors() -> Iterator[None]:
    """Translate every botocore error that the block raises into an error of this module."""
    try:
        yield
    except ClientError as error:
        raise _from_response(error) from error
    except (SSOError, LoginError, TokenRetrievalError, CredentialRetrievalError) as error:
        raise CredentialsRejected(str(error)) from error
    except _NOT_CONFIGURED as error:
        raise NoCredentials(str(error)) from error
    except _unreadable_response() as error:
        raise AwsUnavailable(f"The response is not readable: {_shortened(str(error))}") from error
    except EndpointConnectionError as error:
        raise AwsUnreachable(_connection_failure(error) or _shortened(str(error))) from error
    except BotoCoreError as error:
        raise AwsUnavailable(_connection_failure(error) or _shortened(str(error))) from error


def _unreadable_response() -> tuple[type[Exception], ...]:
    """Return the error of botocore's parsers. If they are not loaded, which takes long, nothing can have raised it."""
    parsers = sys.modules.get("botocore.parsers")
    return (parsers.ResponseParserError,) if parsers else ()


def _from_response(error: ClientError) -> PunctualError:
    details = error.response.get("Error", {})
    code, message = details.get("Code", ""), details.get("Message") or details.get("Code", "")
    text = f"{error.operation_name}: {_shortened(message)}"
    if code == "ResourceNotFoundException":
        return _not_found_error(error.operation_name, message)(text)
    if code == "ValidationException":
        return RoleNotReady(text) if "to assume the role" in message else InvalidScheduleRequest(text)
    if message.startswith(_CLOCK_SKEW_MESSAGES):
        return ClockSkewed(text)
    kind = _ERRORS_BY_CODE.get(code, AwsFailed)
    if kind is AccessDenied and "perform: " not in message:
        return AccessDenied(f"{text.rstrip('.')}. The permission {required_action(error.operation_name)} is missing.")
    return kind(text)


def required_action(operation: str) -> str:
    """Return the IAM action that an operation needs, such as `scheduler:CreateSchedule`."""
    return _ACTIONS.get(operation, operation)


def _connection_failure(error: BotoCoreError) -> str | None:
    """Return the host and the failure of a failed connection, or None for another error."""
    failure = next((text for kind, text in _CONNECTION_FAILURES.items() if isinstance(error, kind)), None)
    return failure and f"{urlsplit(error.kwargs['endpoint_url']).netloc} {failure}."


def _shortened(text: str) -> str:
    """Return the title of an HTML page, which a proxy may send, or the text, limited in length."""
    title = _HTML_TITLE.search(text)
    text = " ".join((title[1] if title else text).split())
    return text if len(text) <= MAX_MESSAGE_LENGTH else f"{text[: MAX_MESSAGE_LENGTH - 1]}…"


def _not_found_error(operation: str, message: str) -> type[PunctualError]:
    """Return the error of a missing resource. Services share the code, so the operation shows whose it is."""
    if "Schedule" not in operation:
        return AwsResourceNotFound
    return ScheduleGroupNotFound if message.startswith("Schedule group") else ScheduleNotFound
