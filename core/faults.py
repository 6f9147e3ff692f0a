"""What AWS answers, as errors of ours: translated here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    SSOError,
    TokenRetrievalError,
)

from core.errors import PunctualError


class ScheduleGone(PunctualError):
    """There is no schedule of this name."""

    hint = "It has fired, or somebody deleted it. History says what became of the post."


class GroupGone(PunctualError):
    """The schedule group is not there."""

    hint = "Deploy the stack again, or correct PUNCTUAL_GROUP. What you planned was noted and is armed once it is back."


class NameTaken(PunctualError):
    """A schedule of this name is there already, or is being changed at this moment."""

    hint = "Look into the queue: it may be the same post, scheduled a moment ago."


class SchedulerRefused(PunctualError):
    """The scheduler says that a request is not valid."""

    hint = "The post was not scheduled. Change what the message names and try again."


class RoleNotReady(PunctualError):
    """The scheduler may not assume the execution role, or not yet: a new role takes up to two minutes."""

    hint = "It is tried again by itself. If it stays so, check the role's trust on the Health page."


class QuotaReached(PunctualError):
    """The account holds as much as AWS allows it."""

    hint = "Cancel what is not needed, or ask AWS for a higher quota (Service Quotas, EventBridge Scheduler)."


class AccessDenied(PunctualError):
    """The identity in use may not do this; the message names the action and the resource."""

    hint = "Attach the stack's dashboard policy (output DashboardPolicyArn) to the user or role that you run as."


class CredentialsRefused(PunctualError):
    """AWS does not take the credentials: expired, revoked, or of a clock that is wrong."""

    hint = "Sign in again (for instance: aws sso login), check this machine's clock, then reload the page."


class NoCredentials(PunctualError):
    """boto3 found no credentials or no region."""

    hint = "Set AWS_PROFILE and AWS_REGION, or run `aws configure`; or unset PUNCTUAL_MODE to stay on this machine."


class SchedulerUnavailable(PunctualError):
    """AWS could not be reached, is too busy, or had a fault of its own."""

    hint = "Nothing is lost: what you planned was noted and is tried again within two minutes."


_BY_CODE: dict[str, type[PunctualError]] = {
    "ConflictException": NameTaken,
    "ServiceQuotaExceededException": QuotaReached,
    "AccessDeniedException": AccessDenied,
    "AccessDenied": AccessDenied,
    "UnauthorizedOperation": AccessDenied,
    "ExpiredTokenException": CredentialsRefused,
    "ExpiredToken": CredentialsRefused,
    "UnrecognizedClientException": CredentialsRefused,
    "InvalidClientTokenId": CredentialsRefused,
    "InvalidSignatureException": CredentialsRefused,
    "SignatureDoesNotMatch": CredentialsRefused,
    "RequestExpired": CredentialsRefused,
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn boto3's exceptions into errors of this module; nothing of botocore passes."""
    try:
        yield
    except ClientError as error:
        raise _of_answer(error) from error
    except (NoCredentialsError, PartialCredentialsError, NoRegionError) as error:
        raise NoCredentials(str(error)) from error
    except (SSOError, TokenRetrievalError) as error:
        raise CredentialsRefused(str(error)) from error
    except BotoCoreError as error:
        raise SchedulerUnavailable(str(error)) from error


def _of_answer(error: ClientError) -> PunctualError:
    found = error.response.get("Error", {})
    code, message = found.get("Code", ""), found.get("Message") or found.get("Code", "")
    text = f"{error.operation_name}: {message}"
    if code == "ResourceNotFoundException":
        return GroupGone(text) if message.startswith("Schedule group") else ScheduleGone(text)
    if code == "ValidationException":
        return RoleNotReady(text) if "to assume the role" in message else SchedulerRefused(text)
    return _BY_CODE.get(code, SchedulerUnavailable)(text)
