"""The definition of a schedule, built from the parameters of CreateSchedule and UpdateSchedule.

The module adds defaults and checks the constraints that are not in the service model.
"""

import json
from datetime import datetime
from typing import Any

from core.engine.api_errors import InvalidRequest
from core.engine.groups import DEFAULT_GROUP
from core.engine.next_occurrence import Definition, date_of, expression_of, runs_once
from core.engine.protocol import Parameters, refuse_constant
from core.time.expressions import START_DATE_TOLERANCE, InvalidExpression
from core.time.instants import UnknownZone

MAX_INPUT_BYTES = 256 * 1024
"""The maximum size of Target.Input."""

_NOT_STORED = ("ClientToken", "KmsKeyArn")
_RETRY_POLICY = {"MaximumEventAgeInSeconds": 86_400, "MaximumRetryAttempts": 185}


def definition_of(parameters: Parameters) -> dict[str, Any]:
    """Return the definition for the parameters, with AWS's defaults.

    Raises InvalidRequest if it violates a constraint that does not depend on the current time.
    """
    members = {name: value for name, value in parameters.items() if name not in _NOT_STORED}
    definition = {
        "GroupName": DEFAULT_GROUP,
        "ScheduleExpressionTimezone": "UTC",
        "State": "ENABLED",
        "ActionAfterCompletion": "NONE",
        **members,
        "Target": {**members["Target"], "RetryPolicy": _RETRY_POLICY | members["Target"].get("RetryPolicy", {})},
    }
    _refuse_kms_key(parameters)
    _check_window(definition["FlexibleTimeWindow"])
    _check_target(definition["Target"])
    _check_expression(definition)
    return definition


def check_start_date(definition: Definition, now: datetime) -> None:
    """Raise InvalidRequest if the StartDate is too long ago. An at() ignores its StartDate."""
    start = date_of(definition, "StartDate")
    if start is not None and start < now - START_DATE_TOLERANCE and not runs_once(definition):
        raise InvalidRequest("The StartDate you specify cannot be earlier than 5 minutes ago.")


def _refuse_kms_key(parameters: Parameters) -> None:
    if "KmsKeyArn" in parameters:
        raise InvalidRequest(
            "This engine keeps schedules in a local file and has no customer managed keys: omit KmsKeyArn."
        )


def _check_window(window: Definition) -> None:
    if window["Mode"] == "FLEXIBLE" and "MaximumWindowInMinutes" not in window:
        raise InvalidRequest(
            "A MaximumWindowInMinutes must be provided when FlexibleTimeWindow mode is set to FLEXIBLE."
        )
    if window["Mode"] == "OFF" and "MaximumWindowInMinutes" in window:
        raise InvalidRequest("A MaximumWindowInMinutes cannot be provided when FlexibleTimeWindow mode is set to OFF.")


def _check_target(target: Definition) -> None:
    arn = target["Arn"].split(":", 5)
    if len(arn) < 6 or arn[0] != "arn" or not all((arn[1], arn[2], arn[5])):
        raise InvalidRequest("Provided Arn is not in correct format.")
    text = target.get("Input")
    if text is None:
        return
    if len(text.encode()) > MAX_INPUT_BYTES:
        raise InvalidRequest(f"Target.Input exceeds the limit of {MAX_INPUT_BYTES} bytes.")
    if arn[2] == "lambda":
        _check_json(text)


def _check_json(text: str) -> None:
    try:
        json.loads(text, parse_constant=refuse_constant, parse_int=str, parse_float=str)
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            f"Target.Input must be well-formed JSON for a Lambda function: {str(error)[:200]}"
        ) from error


def _check_expression(definition: Definition) -> None:
    start, end = date_of(definition, "StartDate"), date_of(definition, "EndDate")
    try:
        expression_of(definition, 0)
    except InvalidExpression as error:
        raise InvalidRequest(str(error)) from error
    except UnknownZone as error:
        raise InvalidRequest(
            f"Invalid ScheduleExpressionTimezone {definition['ScheduleExpressionTimezone']}."
        ) from error
    if start is not None and end is not None and end <= start and not runs_once(definition):
        raise InvalidRequest("The EndDate must be later than the StartDate.")
