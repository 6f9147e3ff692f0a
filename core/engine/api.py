"""The APIs of EventBridge Scheduler and of Lambda's Invoke."""

import json
import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from core.engine.api_errors import ApiError
from core.engine.lambda_api import LambdaApi
from core.engine.protocol import Operation, Parameters, operations_of
from core.engine.scheduler_api import SchedulerApi
from core.engine.store import Store
from core.errors import PunctualError
from core.time.instants import Clock

log = logging.getLogger(__name__)

ApiResponse = tuple[int, dict[str, str], bytes]
"""HTTP status, headers and body."""


class Api:
    """Executes requests in AWS's wire format, without a network and without signatures."""

    def __init__(self, store: Store, clock: Clock, *, account: str = "000000000000", region: str = "us-east-1") -> None:
        self.region = region
        self._scheduler = SchedulerApi(store, clock, account=account, region=region)
        self._lambda = LambdaApi(store, clock, account=account, region=region)
        self._operations = operations_of("scheduler")

    def create_schedules(self, requests: Sequence[Mapping[str, Any]]) -> list[ApiError | None]:
        """Create many schedules in one transaction, without the wire format; return the error of each.

        The requests are those of CreateSchedule, with dates as epoch seconds. Raises StorageError.
        """
        operation, _ = self._operations.find("POST", "/schedules/-")
        return self._scheduler.create_schedules([_checked(operation, each) for each in requests])

    def stored_schedules(self, group: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return the schedules of a group that exist, by name, as GetSchedule returns them, without their dates."""
        return self._scheduler.stored_schedules(group, names)

    def handle(self, method: str, path: str, query: str, headers: Mapping[str, str], body: bytes) -> ApiResponse:
        """Return the response to one request. Never raises: each error is an AWS error response.

        `path` and `query` are percent-encoded. Header names may be in any case.
        """
        try:
            if self._lambda.handles(path):
                return self._lambda.invoke(method, path, query, headers, body)
            operation, label = self._operations.find(method, path)
            output = self._scheduler.operations[operation.name](operation.parameters(label, query, body))
            return _response(200, {}, output)
        except ApiError as error:
            return error_response(error)
        except PunctualError as error:
            log.error("%s %s failed: %s", method, path, error)
            return error_response(ApiError(str(error)))
        except Exception:  # noqa: BLE001 - after a bug, the response has no details and the log has the traceback
            log.exception("%s %s failed", method, path)
            return error_response(ApiError("The engine failed; its log contains the reason."))


def _checked(operation: Operation, request: Mapping[str, Any]) -> Parameters | ApiError:
    """Return the parameters of a request, or the error with which it is refused."""
    try:
        return operation.checked(dict(request))
    except ApiError as error:
        return error


def error_response(error: ApiError) -> ApiResponse:
    """Return the response for an error."""
    return _response(error.status, {"x-amzn-ErrorType": error.code}, {"Message": str(error)})


def _response(status: int, headers: dict[str, str], content: object) -> ApiResponse:
    body = json.dumps(content, separators=(",", ":")).encode()
    return status, {"Content-Type": "application/json", "x-amzn-RequestId": str(uuid.uuid4()), **headers}, body
