"""What AWS answers, as errors of ours: translated here and nowhere else."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from core.errors import PunctualError


class ScheduleGone(PunctualError):
    """There is no schedule of this name."""

    hint = "It has fired, or somebody deleted it. History says what became of the post."


class NameTaken(PunctualError):
    """A schedule of this name is there already."""

    hint = "Look into the queue: it may be the same post, scheduled a moment ago."


class SchedulerRefused(PunctualError):
    """The scheduler says that a request is not valid or not allowed."""

    hint = "The post was not scheduled. Change what the message names and try again."


class SchedulerUnavailable(PunctualError):
    """The scheduler could not be reached or could not answer."""

    hint = "Nothing is lost: what you planned was noted and is tried again within two minutes."


_BY_CODE: dict[str, type[PunctualError]] = {
    "ResourceNotFoundException": ScheduleGone,
    "ConflictException": NameTaken,
    "ValidationException": SchedulerRefused,
    "ServiceQuotaExceededException": SchedulerRefused,
    "AccessDeniedException": SchedulerRefused,
}


@contextmanager
def translated() -> Iterator[None]:
    """Turn boto3's exceptions into ScheduleGone, NameTaken, SchedulerRefused or SchedulerUnavailable."""
    try:
        yield
    except ClientError as error:
        found = error.response.get("Error", {})
        kind = _BY_CODE.get(found.get("Code", ""), SchedulerUnavailable)
        raise kind(f"{error.operation_name}: {found.get('Message') or found.get('Code')}") from error
    except BotoCoreError as error:
        raise SchedulerUnavailable(str(error)) from error
