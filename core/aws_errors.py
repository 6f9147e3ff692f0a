"""What AWS answers, as errors of ours: translated here and nowhere else."""

import re
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
from botocore.parsers import ResponseParserError

from core.errors import PunctualError

LONGEST = 600
"""Characters of what AWS answers that are repeated."""


class ScheduleNotFound(PunctualError):
    """There is no schedule of this name."""

    hint = "It has fired, or somebody deleted it. History says what became of the post."


class ScheduleGroupNotFound(PunctualError):
    """The schedule group is not there."""

    hint = "Deploy the stack again, or correct PUNCTUAL_GROUP. What you planned was noted and is armed once it is back."


class AwsResourceNotFound(PunctualError):
    """A part of the deployment (a function, a table, a queue, a secret, a role) is not there."""

    hint = (
        "The Health page says which, and what to do: as a rule, deploy the stack again (cdk_min/README.md), "
        "or correct PUNCTUAL_STACK, AWS_PROFILE or AWS_DEFAULT_REGION."
    )


class ScheduleNameTaken(PunctualError):
    """A schedule of this name is there already, or is being changed at this moment."""

    hint = "Look into the queue: it may be the same post, scheduled a moment ago."


class InvalidScheduleRequest(PunctualError):
    """The scheduler says that a request is not valid."""

    hint = "The post was not scheduled. Change what the message names and try again."


class RoleNotReady(PunctualError):
    """The scheduler may not assume the execution role, or not yet: a new role takes up to two minutes."""

    hint = (
        "A new role takes up to two minutes; meanwhile it is noted what you want, and carried out by itself. "
        "If it stays so, see the role's trust on the Health page."
    )


class QuotaExceeded(PunctualError):
    """The account holds as much as AWS allows it."""

    hint = "Cancel what is not needed, or ask AWS for a higher quota (Service Quotas, EventBridge Scheduler)."


class AccessDenied(PunctualError):
    """The identity in use may not do this; the message names the action and the resource."""

    hint = "Attach the stack's dashboard policy (output DashboardPolicyArn) to the user or role that you run as."


class CredentialsRejected(PunctualError):
    """AWS does not take the credentials: expired, revoked, or of a clock that is wrong."""

    hint = (
        "Sign in again (for instance: aws sso login), check this machine's clock, then reload the page. "
        "Where you changed keys, start Punctual again."
    )


class ClockSkewed(CredentialsRejected):
    """AWS refuses signatures that are more than five minutes off its own clock."""

    hint = "Set this machine's clock (for instance: timedatectl set-ntp true), then reload the page."


class NoCredentials(PunctualError):
    """boto3 found no credentials or no region, or the profile that was named does not exist."""

    hint = (
        "Run `aws configure`, or set AWS_PROFILE and AWS_DEFAULT_REGION; or unset PUNCTUAL_MODE for this machine alone."
    )


class AwsUnavailable(PunctualError):
    """AWS could not be reached, or had a fault of its own."""

    hint = (
        "Check this machine's network. What was noted of your posts is carried out by itself; anything else, do again."
    )


class Throttled(AwsUnavailable):
    """AWS asked, again and again, for fewer requests."""

    hint = "Wait a minute. What was noted of your posts is carried out by itself; anything else, do again."


_BY_CODE: dict[str, type[PunctualError]] = {
    "ConflictException": ScheduleNameTaken,
    "ServiceQuotaExceededException": QuotaExceeded,
    "AccessDeniedException": AccessDenied,
    "AccessDenied": AccessDenied,
    "UnauthorizedOperation": AccessDenied,
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
_SKEWED = ("Signature expired", "Signature not yet current")
"""How AWS begins the message of an InvalidSignatureException that only the clock is to blame for."""


@contextmanager
def translate_aws_errors() -> Iterator[None]:
    """Turn boto3's exceptions into errors of this module; nothing of botocore passes."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error) from error
    except (SSOError, LoginError, TokenRetrievalError, CredentialRetrievalError) as error:
        raise CredentialsRejected(str(error)) from error
    except _NOT_CONFIGURED as error:
        raise NoCredentials(str(error)) from error
    except ResponseParserError as error:
        raise AwsUnavailable(f"What was answered cannot be read: {_short(str(error))}") from error
    except BotoCoreError as error:
        raise AwsUnavailable(_on_the_way(error) or _short(str(error))) from error


_NOT_CONFIGURED = (
    NoCredentialsError,
    PartialCredentialsError,
    NoRegionError,
    InvalidRegionError,
    ProfileNotFound,
    ConfigNotFound,
    ConfigParseError,
)

_ON_THE_WAY: dict[type[BotoCoreError], str] = {
    EndpointConnectionError: "cannot be reached",
    ConnectTimeoutError: "does not answer",
    ReadTimeoutError: "did not answer in time",
    ConnectionClosedError: "broke the connection off",
}
_TITLE = re.compile("<title>(.+?)</title>", re.IGNORECASE | re.DOTALL)


def _of_answer(error: ClientError) -> PunctualError:
    found = error.response.get("Error", {})
    code, message = found.get("Code", ""), found.get("Message") or found.get("Code", "")
    text = f"{error.operation_name}: {_short(message)}"
    if code == "ResourceNotFoundException":
        return _gone(error.operation_name, message)(text)
    if code == "ValidationException":
        return RoleNotReady(text) if "to assume the role" in message else InvalidScheduleRequest(text)
    if message.startswith(_SKEWED):
        return ClockSkewed(text)
    return _BY_CODE.get(code, AwsUnavailable)(text)


def _on_the_way(error: BotoCoreError) -> str | None:
    """Say which host was not reached, where that is all that a fault tells; None of any other."""
    what = next((words for kind, words in _ON_THE_WAY.items() if isinstance(error, kind)), None)
    return what and f"{urlsplit(error.kwargs['endpoint_url']).netloc} {what}."


def _short(text: str) -> str:
    """A proxy between us and AWS may answer a whole page of its own: its title says as much."""
    title = _TITLE.search(text)
    text = " ".join((title[1] if title else text).split())
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _gone(operation: str, message: str) -> type[PunctualError]:
    """Say what is gone: many services share the code, and only the scheduler's operations speak of schedules."""
    if "Schedule" not in operation:
        return AwsResourceNotFound
    return ScheduleGroupNotFound if message.startswith("Schedule group") else ScheduleNotFound
