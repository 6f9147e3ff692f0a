"""Many schedules of the embedded engine, created in one transaction and read from one committed state."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from core.aws_errors import AwsUnavailable, InvalidScheduleRequest, ScheduleGroupNotFound, ScheduleNameTaken
from core.engine.api import Api
from core.engine.api_errors import ApiError, Conflict, InvalidRequest, ResourceNotFound
from core.errors import PunctualError
from core.scheduling.many_schedules import Request

_ERRORS: dict[type[ApiError], type[PunctualError]] = {
    Conflict: ScheduleNameTaken,
    InvalidRequest: InvalidScheduleRequest,
    ResourceNotFound: ScheduleGroupNotFound,
}


class EngineSchedules:
    """The port ManySchedules on the engine of this process, without the wire format of each request."""

    def __init__(self, api: Api) -> None:
        self._api = api

    def create(self, requests: Sequence[Request]) -> list[PunctualError | None]:
        """Create them in one transaction, which flushes the disk once."""
        try:
            found = self._api.create_schedules([_with_epoch_seconds(each) for each in requests])
        except PunctualError as error:  # of the engine's file, so it holds for all of them
            outage = AwsUnavailable(str(error))
            outage.__cause__ = error
            return [outage] * len(requests)
        return [_translated(error) if error else None for error in found]

    def stored(self, group: str, names: Sequence[str]) -> dict[str, Mapping[str, Any]]:
        """Read them from one committed state."""
        return dict(self._api.stored_schedules(group, names))


def _with_epoch_seconds(request: Request) -> dict[str, Any]:
    return {name: int(value.timestamp()) if isinstance(value, datetime) else value for name, value in request.items()}


def _translated(error: ApiError) -> PunctualError:
    return _ERRORS.get(type(error), AwsUnavailable)(str(error))
