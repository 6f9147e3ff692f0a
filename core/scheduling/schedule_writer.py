"""The schedule writer: creates, updates and deletes schedules, and waits while AWS is not ready."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.aws_errors import RoleNotReady, ScheduleNameTaken, ScheduleNotFound, translate_aws_errors

log = logging.getLogger(__name__)

BUSY_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between attempts while AWS refuses a request because it is still making an earlier change."""
ROLE_PAUSE = 5.0
"""Seconds between attempts while the scheduler cannot assume its role."""
ROLE_TIMEOUT = 120.0
"""Seconds. IAM takes up to two minutes until the scheduler can assume a new role."""


@dataclass(frozen=True, kw_only=True)
class WaitPolicy:
    """How to wait for AWS. `role_timeout` is in seconds, `report` takes a sentence about a long wait."""

    pause: Callable[[float], None] = time.sleep
    report: Callable[[str], None] = log.warning
    role_timeout: float = ROLE_TIMEOUT


DEFAULT_WAIT = WaitPolicy()


class ScheduleWriter:
    """Upserts and deletes schedules through a boto3 scheduler client."""

    def __init__(self, scheduler: Any, wait_policy: WaitPolicy) -> None:
        self._scheduler = scheduler
        self._wait_policy = wait_policy

    def upsert(self, request: dict[str, Any], *, new: bool) -> None:
        """Create or update a schedule. `new` tries the creation first, otherwise the update is first.

        Raises ScheduleNameTaken if AWS stays busy with the schedule, RoleNotReady after `role_timeout` seconds, or
        another error of core.aws_errors.
        """
        waited = 0.0
        while True:
            try:
                self._create_or_update(request, new=new)
            except RoleNotReady:
                left = self._wait_policy.role_timeout - waited
                if left <= 0:
                    raise
                self._wait_policy.report(f"AWS does not let the scheduler assume its role yet; {left:.0f} s left.")
                self._wait_policy.pause(ROLE_PAUSE)
                waited += ROLE_PAUSE
            else:
                return

    def delete(self, name: str, group: str) -> None:
        """Delete a schedule if it exists. Raises ScheduleNameTaken if AWS stays busy with the schedule."""
        for pause in (*BUSY_PAUSES, None):
            try:
                with translate_aws_errors():
                    self._scheduler.delete_schedule(Name=name, GroupName=group)
            except ScheduleNameTaken:
                if pause is None:
                    raise
                self._wait_policy.pause(pause)
            except ScheduleNotFound:
                return
            else:
                return

    def _create_or_update(self, request: dict[str, Any], *, new: bool) -> None:
        """Switch to an update when the name is taken, and to a creation when the schedule is gone."""
        create, update = self._scheduler.create_schedule, self._scheduler.update_schedule
        send = create if new else update
        for pause in (*BUSY_PAUSES, None):
            try:
                with translate_aws_errors():
                    send(**request)
            except ScheduleNameTaken:
                if pause is None:
                    raise
                if send is update:  # AWS is still making an earlier change
                    self._wait_policy.pause(pause)
                send = update
            except ScheduleNotFound:
                if pause is None:
                    raise
                send = create
            else:
                return
