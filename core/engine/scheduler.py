"""The twelve operations of EventBridge Scheduler, on the store."""

import base64
import json
import sqlite3
from collections.abc import Callable
from typing import Any

from core.engine import groups, schedules
from core.engine.api_errors import Invalid, Missing, Unreadable
from core.engine.definitions import check_start, definition_of
from core.engine.protocol import Parameters, read_json
from core.engine.store import Request, Store
from core.engine.timing import at_first, milliseconds
from core.time.instants import Clock

Answer = dict[str, Any]

PAGE = 100
"""Results in a page where MaxResults says nothing."""


class Scheduler:
    """Carries operations out. Parameters obey the service model; faults are ApiFaults, dates are epoch seconds."""

    def __init__(self, store: Store, clock: Clock, *, account: str, region: str) -> None:
        self._store = store
        self._clock = clock
        self._arn = f"arn:aws:scheduler:{region}:{account}"
        self.operations: dict[str, Callable[[Parameters], Answer]] = {
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

    def create_schedule(self, parameters: Parameters) -> Answer:
        now = self._clock()
        definition = definition_of(parameters)
        check_start(definition, now)
        definition["Arn"] = self._schedule_arn(definition["GroupName"], definition["Name"])
        timing = at_first(definition, milliseconds(now))
        self._once(
            "CreateSchedule",
            parameters,
            lambda connection: schedules.create(connection, definition, timing, milliseconds(now)),
        )
        return {"ScheduleArn": definition["Arn"]}

    def update_schedule(self, parameters: Parameters) -> Answer:
        now = self._clock()
        definition = definition_of(parameters)
        definition["Arn"] = self._schedule_arn(definition["GroupName"], definition["Name"])

        def work(connection: sqlite3.Connection) -> int | None:
            old = schedules.get(connection, definition["GroupName"], definition["Name"]).definition
            if old.get("StartDate") != definition.get("StartDate"):
                check_start(definition, now)
            return schedules.update(connection, definition, milliseconds(now))

        self._once("UpdateSchedule", parameters, work)
        return {"ScheduleArn": definition["Arn"]}

    def get_schedule(self, parameters: Parameters) -> Answer:
        group, name = parameters.get("GroupName", groups.DEFAULT), parameters["Name"]
        with self._store.snapshot() as connection:
            schedule = schedules.get(connection, group, name)
        return {
            **schedule.definition,
            "Arn": self._schedule_arn(group, name),
            "CreationDate": schedule.created / 1000,
            "LastModificationDate": schedule.modified / 1000,
        }

    def delete_schedule(self, parameters: Parameters) -> Answer:
        group, name = parameters.get("GroupName", groups.DEFAULT), parameters["Name"]
        self._once("DeleteSchedule", parameters, lambda connection: schedules.delete(connection, group, name))
        return {}

    def list_schedules(self, parameters: Parameters) -> Answer:
        limit = parameters.get("MaxResults", PAGE)
        group, prefix, state = parameters.get("GroupName"), parameters.get("NamePrefix", ""), parameters.get("State")
        after_group, after = _position(parameters, 2)
        with self._store.snapshot() as connection:
            if group is None:
                rows = schedules.page_of_all(connection, prefix, state, (after_group, after), limit + 1)
            else:
                groups.get(connection, group)
                rows = schedules.page(connection, group, prefix, state, after, limit + 1)
        answer: Answer = {"Schedules": [self._summary(*row) for row in rows[:limit]]}
        if len(rows) > limit:
            answer["NextToken"] = _token(rows[limit - 1]["group_name"], rows[limit - 1]["name"])
        return answer

    def create_group(self, parameters: Parameters) -> Answer:
        name, tags, now = parameters["Name"], _tags(parameters.get("Tags", [])), milliseconds(self._clock())
        self._once("CreateScheduleGroup", parameters, lambda connection: groups.create(connection, name, tags, now))
        return {"ScheduleGroupArn": self._group_arn(name)}

    def get_group(self, parameters: Parameters) -> Answer:
        with self._store.snapshot() as connection:
            return self._group(groups.get(connection, parameters["Name"]))

    def list_groups(self, parameters: Parameters) -> Answer:
        limit = parameters.get("MaxResults", PAGE)
        (after,) = _position(parameters, 1)
        with self._store.snapshot() as connection:
            found = groups.page(connection, parameters.get("NamePrefix", ""), after, limit + 1)
        answer: Answer = {"ScheduleGroups": [self._group(group) for group in found[:limit]]}
        if len(found) > limit:
            answer["NextToken"] = _token(found[limit - 1].name)
        return answer

    def delete_group(self, parameters: Parameters) -> Answer:
        self._once("DeleteScheduleGroup", parameters, lambda connection: groups.delete(connection, parameters["Name"]))
        return {}

    def tag_resource(self, parameters: Parameters) -> Answer:
        name, tags, now = self._tagged(parameters), _tags(parameters["Tags"]), milliseconds(self._clock())
        self._store.write(lambda connection: groups.tag(connection, name, tags, now))
        return {}

    def untag_resource(self, parameters: Parameters) -> Answer:
        name, keys, now = self._tagged(parameters), parameters["TagKeys"], milliseconds(self._clock())
        self._store.write(lambda connection: groups.untag(connection, name, keys, now))
        return {}

    def list_tags(self, parameters: Parameters) -> Answer:
        with self._store.snapshot() as connection:
            tags = groups.get(connection, self._tagged(parameters)).tags
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def _once(self, operation: str, parameters: Parameters, work: Callable[[sqlite3.Connection], int | None]) -> None:
        request = None
        if "ClientToken" in parameters:
            content = json.dumps({**parameters, "ClientToken": None}, sort_keys=True).encode()
            request = Request(token=parameters["ClientToken"], operation=operation, content=content)
        self._store.write_once(request, milliseconds(self._clock()), work)

    def _summary(self, group: str, name: str, state: str, target_arn: str, created: int, modified: int) -> Answer:
        return {
            "Arn": self._schedule_arn(group, name),
            "Name": name,
            "GroupName": group,
            "State": state,
            "CreationDate": created / 1000,
            "LastModificationDate": modified / 1000,
            "Target": {"Arn": target_arn},
        }

    def _group(self, group: groups.Group) -> Answer:
        return {
            "Arn": self._group_arn(group.name),
            "Name": group.name,
            "State": "ACTIVE",
            "CreationDate": group.created / 1000,
            "LastModificationDate": group.modified / 1000,
        }

    def _tagged(self, parameters: Parameters) -> str:
        """Return the name of the group whose ARN is given. Raises Missing if it is not of this account and region."""
        arn: str = parameters["ResourceArn"]
        name = arn.rpartition("/")[2]
        if arn != self._group_arn(name):
            raise Missing(f"Resource {arn} does not exist.")
        return name

    def _schedule_arn(self, group: str, name: str) -> str:
        return f"{self._arn}:schedule/{group}/{name}"

    def _group_arn(self, name: str) -> str:
        return f"{self._arn}:schedule-group/{name}"


def _tags(given: list[dict[str, str]]) -> dict[str, str]:
    tags = {tag["Key"]: tag["Value"] for tag in given}
    if len(tags) < len(given):
        raise Invalid("Cannot provide multiple Tags with the same key.")
    return tags


def _token(*last: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


def _position(parameters: Parameters, parts: int) -> tuple[str, ...]:
    """Return where the page before ended, which is all that a NextToken says; before everything without one."""
    token = parameters.get("NextToken")
    if token is None:
        return ("",) * parts
    try:
        last = read_json(base64.b64decode(token, altchars=b"-_", validate=True))
    except (ValueError, Unreadable) as error:
        raise Invalid("Invalid NextToken.") from error
    if not isinstance(last, list) or len(last) != parts or not all(isinstance(part, str) for part in last):
        raise Invalid("Invalid NextToken.")
    return tuple(last)
