"""The twelve operations of EventBridge Scheduler."""

import base64
import json
import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from core.engine import groups, schedules
from core.engine.api_errors import ApiError, InvalidRequest, MalformedRequest, ResourceNotFound
from core.engine.definitions import check_start_date, definition_of
from core.engine.next_occurrence import initial_timing
from core.engine.protocol import Parameters, read_json
from core.engine.store import IdempotentRequest, Store, Work
from core.time.instants import Clock, epoch_ms

Output = dict[str, Any]
"""The members of an operation's output."""

DEFAULT_PAGE_SIZE = 100
"""The number of results in a page if the request has no MaxResults."""


class SchedulerApi:
    """Executes operations on the store. Each may raise ApiError.

    Parameters must satisfy the service model. Dates are epoch seconds.
    """

    def __init__(self, store: Store, clock: Clock, *, account: str, region: str) -> None:
        self._store = store
        self._clock = clock
        self._arn = f"arn:aws:scheduler:{region}:{account}"
        self.operations: dict[str, Callable[[Parameters], Output]] = {
            "CreateSchedule": self.create_schedule,
            "GetSchedule": self.get_schedule,
            "ListSchedules": self.list_schedules,
            "UpdateSchedule": self.update_schedule,
            "DeleteSchedule": self.delete_schedule,
            "CreateScheduleGroup": self.create_group,
            "GetScheduleGroup": self.get_group,
            "ListScheduleGroups": self.list_groups,
            "DeleteScheduleGroup": self.delete_group,
            "TagResource": self.tag_resource,
            "UntagResource": self.untag_resource,
            "ListTagsForResource": self.list_tags,
        }

    def create_schedule(self, parameters: Parameters) -> Output:
        """Create a schedule."""
        now = self._clock()
        definition, work = self._creation(parameters, now)
        self._store.write_once(_idempotent("CreateSchedule", parameters), epoch_ms(now), work)
        return {"ScheduleArn": definition["Arn"]}

    def create_schedules(self, requests: Sequence[Parameters | ApiError]) -> list[ApiError | None]:
        """Create many schedules in one transaction; return the error of each, None for one that exists now.

        A request that is an error already keeps it.
        """
        now = self._clock()
        errors: list[ApiError | None] = []
        writes: list[tuple[IdempotentRequest | None, Work]] = []
        for each in requests:
            error = each if isinstance(each, ApiError) else None
            if not isinstance(each, ApiError):
                try:
                    writes.append((_idempotent("CreateSchedule", each), self._creation(each, now)[1]))
                except ApiError as refused:
                    error = refused
            errors.append(error)
        written = iter(self._store.write_each_once(writes, epoch_ms(now)))
        return [error or next(written) for error in errors]

    def stored_schedules(self, group: str, names: Sequence[str]) -> dict[str, Output]:
        """Return the definitions of the schedules that exist, by name, from one committed state."""
        with self._store.snapshot() as connection:
            return schedules.definitions(connection, group, names)

    def update_schedule(self, parameters: Parameters) -> Output:
        """Replace a schedule."""
        now = self._clock()
        definition = definition_of(parameters)
        definition["Arn"] = self._schedule_arn(definition["GroupName"], definition["Name"])

        def replace(connection: sqlite3.Connection) -> int | None:
            old = schedules.get(connection, definition["GroupName"], definition["Name"]).definition
            if old.get("StartDate") != definition.get("StartDate"):
                check_start_date(definition, now)
            return schedules.update(connection, definition, epoch_ms(now))

        self._write_once("UpdateSchedule", parameters, replace)
        return {"ScheduleArn": definition["Arn"]}

    def get_schedule(self, parameters: Parameters) -> Output:
        """Return a schedule."""
        group, name = parameters.get("GroupName", groups.DEFAULT_GROUP), parameters["Name"]
        with self._store.snapshot() as connection:
            schedule = schedules.get(connection, group, name)
        return {
            **schedule.definition,
            "Arn": self._schedule_arn(group, name),
            "CreationDate": schedule.created / 1000,
            "LastModificationDate": schedule.modified / 1000,
        }

    def delete_schedule(self, parameters: Parameters) -> Output:
        """Delete a schedule."""
        group, name = parameters.get("GroupName", groups.DEFAULT_GROUP), parameters["Name"]
        self._write_once("DeleteSchedule", parameters, lambda connection: schedules.delete(connection, group, name))
        return {}

    def list_schedules(self, parameters: Parameters) -> Output:
        """Return a page of schedules, by group and name."""
        limit = parameters.get("MaxResults", DEFAULT_PAGE_SIZE)
        group, prefix, state = parameters.get("GroupName"), parameters.get("NamePrefix", ""), parameters.get("State")
        after_group, after = _decode_token(parameters, 2)
        with self._store.snapshot() as connection:
            if group is None:
                rows = schedules.page_of_all(connection, prefix, state, (after_group, after), limit + 1)
            else:
                groups.get(connection, group)
                rows = schedules.page(connection, group, prefix, state, after, limit + 1)
        output: Output = {"Schedules": [self._summary(*row) for row in rows[:limit]]}
        if len(rows) > limit:
            output["NextToken"] = _encode_token(rows[limit - 1]["group_name"], rows[limit - 1]["name"])
        return output

    def create_group(self, parameters: Parameters) -> Output:
        """Create a schedule group."""
        name, tags, now = parameters["Name"], _tags(parameters.get("Tags", [])), epoch_ms(self._clock())
        self._write_once(
            "CreateScheduleGroup", parameters, lambda connection: groups.create(connection, name, tags, now)
        )
        return {"ScheduleGroupArn": self._group_arn(name)}

    def get_group(self, parameters: Parameters) -> Output:
        """Return a schedule group."""
        with self._store.snapshot() as connection:
            return self._group(groups.get(connection, parameters["Name"]))

    def list_groups(self, parameters: Parameters) -> Output:
        """Return a page of schedule groups, by name."""
        limit = parameters.get("MaxResults", DEFAULT_PAGE_SIZE)
        (after,) = _decode_token(parameters, 1)
        with self._store.snapshot() as connection:
            found = groups.page(connection, parameters.get("NamePrefix", ""), after, limit + 1)
        output: Output = {"ScheduleGroups": [self._group(group) for group in found[:limit]]}
        if len(found) > limit:
            output["NextToken"] = _encode_token(found[limit - 1].name)
        return output

    def delete_group(self, parameters: Parameters) -> Output:
        """Delete a schedule group and its schedules."""
        self._write_once(
            "DeleteScheduleGroup", parameters, lambda connection: groups.delete(connection, parameters["Name"])
        )
        return {}

    def tag_resource(self, parameters: Parameters) -> Output:
        """Set tags of a schedule group."""
        name, tags, now = self._group_name(parameters), _tags(parameters["Tags"]), epoch_ms(self._clock())
        self._store.write(lambda connection: groups.tag(connection, name, tags, now))
        return {}

    def untag_resource(self, parameters: Parameters) -> Output:
        """Remove tags of a schedule group."""
        name, keys, now = self._group_name(parameters), parameters["TagKeys"], epoch_ms(self._clock())
        self._store.write(lambda connection: groups.untag(connection, name, keys, now))
        return {}

    def list_tags(self, parameters: Parameters) -> Output:
        """Return the tags of a schedule group."""
        with self._store.snapshot() as connection:
            tags = groups.get(connection, self._group_name(parameters)).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _write_once(self, operation: str, parameters: Parameters, work: Work) -> None:
        self._store.write_once(_idempotent(operation, parameters), epoch_ms(self._clock()), work)

    def _creation(self, parameters: Parameters, now: datetime) -> tuple[dict[str, Any], Work]:
        """Return the definition of a new schedule, and the change that adds it. Raises InvalidRequest."""
        definition = definition_of(parameters)
        check_start_date(definition, now)
        definition["Arn"] = self._schedule_arn(definition["GroupName"], definition["Name"])
        timing = initial_timing(definition, epoch_ms(now))
        return definition, lambda connection: schedules.create(connection, definition, timing, epoch_ms(now))

    def _summary(self, group: str, name: str, state: str, target_arn: str, created: int, modified: int) -> Output:
        return {
            "Arn": self._schedule_arn(group, name),
            "Name": name,
            "GroupName": group,
            "State": state,
            "CreationDate": created / 1000,
            "LastModificationDate": modified / 1000,
            "Target": {"Arn": target_arn},
        }

    def _group(self, group: groups.Group) -> Output:
        return {
            "Arn": self._group_arn(group.name),
            "Name": group.name,
            "State": "ACTIVE",
            "CreationDate": group.created / 1000,
            "LastModificationDate": group.modified / 1000,
        }

    def _group_name(self, parameters: Parameters) -> str:
        """Return the name in a group's ARN. Raises ResourceNotFound for another account or region."""
        arn: str = parameters["ResourceArn"]
        name = arn.rpartition("/")[2]
        if arn != self._group_arn(name):
            raise ResourceNotFound(f"Resource {arn} does not exist.")
        return name

    def _schedule_arn(self, group: str, name: str) -> str:
        return f"{self._arn}:schedule/{group}/{name}"

    def _group_arn(self, name: str) -> str:
        return f"{self._arn}:schedule-group/{name}"


def _idempotent(operation: str, parameters: Parameters) -> IdempotentRequest | None:
    """Return the request by which a repeat is recognised; None without a client token."""
    if "ClientToken" not in parameters:
        return None
    content = json.dumps({**parameters, "ClientToken": None}, sort_keys=True).encode()
    return IdempotentRequest(token=parameters["ClientToken"], operation=operation, content=content)


def _tags(given: list[dict[str, str]]) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if len(tags) < len(given):
        raise InvalidRequest("Cannot provide multiple Tags with the same key.")
    return tags


def _encode_token(*last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


def _decode_token(parameters: Parameters, parts: int) -> tuple[str, ...]:
    """Return the last key of the previous page, decoded from the NextToken, or empty strings without a token.

    Raises InvalidRequest.
    """
    token = parameters.get("NextToken")
    if token is None:
        return ("",) * parts
    try:
        last = read_json(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, MalformedRequest) as error:
        raise InvalidRequest("Invalid NextToken.") from error
    if not isinstance(last, list) or len(last) != parts or not all(isinstance(part, str) for part in last):
        raise InvalidRequest("Invalid NextToken.")
    return tuple(last)
