"""Putting a schedule into the scheduler and taking it out again, and waiting while AWS is not ready for it."""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.aws_errors import NameTaken, RoleNotReady, ScheduleGone, translated

log = logging.getLogger(__name__)

BUSY_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
"""Seconds between tries that AWS turns away because an earlier change of the schedule is still under way."""
ROLE_PAUSE, ROLE_PATIENCE = 5.0, 120.0
"""Seconds: IAM takes up to two minutes to let the scheduler assume a role that is new."""


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """How to wait, and whom to tell, in a sentence, why it takes so long. `for_role` is in seconds."""

    pause: Callable[[float], None] = time.sleep
    tell: Callable[[str], None] = log.warning
    for_role: float = ROLE_PATIENCE


UNHURRIED = Waiting()


class Putting:
    """Creates, updates and deletes schedules through a boto3 scheduler client."""

    def __init__(self, scheduler: Any, waiting: Waiting) -> None:
        self._scheduler = scheduler
        self._waiting = waiting

    def put(self, request: dict[str, Any], *, new: bool) -> None:
        """Create or update, whichever is needed; `new` says which is likelier.

        Raises NameTaken if AWS stays busy with the schedule, RoleNotReady after `for_role` seconds, or what else
        `core.aws_errors` makes of AWS's answer.
        """
        waited = 0.0
        while True:
            try:
                self._create_or_update(request, new=new)
            except RoleNotReady:
                if waited >= self._waiting.for_role:
                    raise
                left = self._waiting.for_role - waited
                self._waiting.tell(f"AWS does not yet let the scheduler assume its role; trying for {left:.0f} s more.")
                self._waiting.pause(ROLE_PAUSE)
                waited += ROLE_PAUSE
            else:
                return

    def take_out(self, name: str, group: str) -> None:
        """Delete a schedule, if it is there. Raises NameTaken if AWS stays busy with it."""
        for pause in (*BUSY_PAUSES, None):
            try:
                with translated():
                    self._scheduler.delete_schedule(Name=name, GroupName=group)
            except NameTaken:
                if pause is None:
                    raise
                self._waiting.pause(pause)
            except ScheduleGone:
                return
            else:
                return

    def _create_or_update(self, request: dict[str, Any], *, new: bool) -> None:
        """A taken name means that the schedule is there, and is updated; an update of it may have to wait its turn."""
        create, update = self._scheduler.create_schedule, self._scheduler.update_schedule
        put = create if new else update
        for pause in (*BUSY_PAUSES, None):
            try:
                with translated():
                    put(**request)
            except NameTaken:
                if pause is None:
                    raise
                if put is update:
                    self._waiting.pause(pause)
                put = update
            except ScheduleGone:
                if pause is None:
                    raise
                put = create
            else:
                return
