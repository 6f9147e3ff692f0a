"""Leads of repeating posts that were armed before the deployed relay read leads."""

from datetime import timedelta
from typing import Any

from core.aws_errors import ScheduleNotFound, translate_aws_errors
from core.ledger.port import Ledger, Plan
from core.posts.payload import TargetSettings, write_schedule
from core.posts.series import runs_of
from core.scheduling.arming import differing_member
from core.scheduling.schedules import Schedules
from core.time.instants import Clock

SERIES = 1000
"""The most repeating posts that one run looks at."""
APART = timedelta(minutes=5)
"""No run is due so shortly before or after its schedule is replaced: neither schedule fires it twice or not at all."""


class SeriesLeads:
    """Gives each repeating post its lead, so that it goes out on time. A schedule that was altered outside is left."""

    def __init__(
        self, ledger: Ledger, schedules: Schedules, scheduler: Any, target: TargetSettings, clock: Clock
    ) -> None:
        """`scheduler` is a boto3 client."""
        self._ledger = ledger
        self._schedules = schedules
        self._scheduler = scheduler
        self._target = target
        self._clock = clock
        self._looked_at: set[tuple[str, int]] = set()

    def run(self) -> int:
        """Arm the repeating posts whose schedules lack a lead; return how many. Each schedule is read once.

        Raises the errors of the ledger and of the scheduler; the next run continues.
        """
        if not self._target.repeat_lead():
            return 0
        armed = 0
        for plan in self._ledger.series(limit=SERIES):
            key = plan.post.post_id, plan.post.revision
            if key in self._looked_at or not plan.settled or self._is_near_a_run(plan):
                continue
            if self._lacks_lead(plan):
                self._schedules.settle(plan)
                armed += 1
            self._looked_at.add(key)
        return armed

    def _is_near_a_run(self, plan: Plan) -> bool:
        now = self._clock()
        return any(run < now + APART for run in runs_of(plan.post, after=now - APART, count=1))

    def _lacks_lead(self, plan: Plan) -> bool:
        """Return whether a post has a lead, and its schedule is the one without."""
        post = plan.post
        if not self._target.lead_of(post.repeat, post.zone):
            return False
        request = write_schedule(post, self._target.without_repeat_lead(), enabled=plan.desired == "active")
        try:
            with translate_aws_errors():
                found = self._scheduler.get_schedule(Name=request["Name"], GroupName=request["GroupName"])
        except ScheduleNotFound:
            return False
        return not differing_member(request, found)
