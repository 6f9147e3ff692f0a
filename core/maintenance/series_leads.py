"""Leads of repeating posts that were armed before the deployed relay read leads, or by other rules of their zone."""

from datetime import timedelta
from typing import Any

from core.aws_errors import ScheduleNotFound, translate_aws_errors
from core.ledger.port import Ledger, Plan
from core.posts.payload import TargetSettings, UnreadablePayload, read_scheduled, write_schedule
from core.posts.series import runs_of
from core.scheduling.arming import differing_member
from core.scheduling.schedules import Schedules
from core.time.instants import Clock

SERIES = 1000
"""The most repeating posts that one run looks at."""
APART = timedelta(minutes=5)
"""No run is due so shortly before or after its schedule is replaced: neither schedule fires it twice or not at all."""


class SeriesLeads:
    """Arms each repeating post with its lead of now. A schedule that was altered outside of Punctual is left."""

    def __init__(
        self, ledger: Ledger, schedules: Schedules, scheduler: Any, target: TargetSettings, clock: Clock
    ) -> None:
        """`scheduler` is a boto3 client."""
        self._ledger = ledger
        self._schedules = schedules
        self._scheduler = scheduler
        self._target = target
        self._clock = clock
        self._looked_at: set[tuple[str, int, timedelta]] = set()

    def run(self) -> int:
        """Arm the repeating posts whose schedules have another lead; return how many. Each schedule is read once.

        Without a relay that reads leads, nothing is read. Raises the errors of the ledger and of the scheduler, and the
        next run continues.
        """
        if not self._target.repeat_lead():
            return 0
        armed = 0
        for plan in self._ledger.series(limit=SERIES):
            post = plan.post
            key = post.post_id, post.revision, self._target.lead_of(post.repeat, post.zone)
            if key in self._looked_at or not plan.settled or self._is_near_a_run(plan):
                continue
            if self._has_another_lead(plan):
                self._schedules.settle(plan)
                armed += 1
            self._looked_at.add(key)
        return armed

    def _is_near_a_run(self, plan: Plan) -> bool:
        now = self._clock()
        return any(run < now + APART for run in runs_of(plan.post, after=now - APART, count=1))

    def _has_another_lead(self, plan: Plan) -> bool:
        """Return whether the schedule of a post differs in its lead alone: in its times and in its payload."""
        request = write_schedule(plan.post, self._target, enabled=plan.desired == "active")
        try:
            with translate_aws_errors():
                found = self._scheduler.get_schedule(Name=request["Name"], GroupName=request["GroupName"])
            armed = read_scheduled(found).repeat
        except (ScheduleNotFound, UnreadablePayload):
            return False
        if differing_member(request, found) != "ScheduleExpression":
            return False
        at_its_times = request | {"ScheduleExpression": found["ScheduleExpression"]}
        if differing_member(at_its_times, found) != "Target.Input":
            return False
        return armed is not None and plan.post.repeat is not None and armed.expression == plan.post.repeat.expression
