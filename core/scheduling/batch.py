"""New posts that are planned and armed together, with few transactions and requests for many posts."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.errors import PunctualError
from core.ledger.port import Ledger, Plan
from core.posts.models import Post
from core.posts.payload import TargetSettings
from core.scheduling.arming import differing_member, needs_schedule, passed_runs, schedule_request
from core.scheduling.many_schedules import ManySchedules
from core.scheduling.outages import is_outage
from core.scheduling.schedules import Schedules
from core.scheduling.time_limits import TimeLimits
from core.time.instants import Clock

THREADS = 16
"""Posts that are settled one by one at the same time, such as after a conflict."""


@dataclass(frozen=True, kw_only=True)
class BatchResult:
    """The result for one post: its plan, None if nothing was written, and the error of its schedule or its refusal."""

    plan: Plan | None = None
    error: PunctualError | None = None


class BatchScheduling:
    """Schedules many new posts as Schedules.schedule does one of them.

    Each step is done for all posts: the plans in one transaction, then the schedules, then their comparison with the
    requests, then the notes that they match. What cannot be done together is left to Schedules.settle, such as a
    schedule whose name is taken, or a series with a run that has passed meanwhile. A process that ends at any step
    leaves unsettled plans, which are armed in the background.
    """

    def __init__(
        self,
        schedules: Schedules,
        ledger: Ledger,
        many: ManySchedules,
        *,
        target: TargetSettings,
        notice: timedelta,
        clock: Clock,
    ) -> None:
        """`notice` is the shortest time ahead for a schedule."""
        self._schedules = schedules
        self._ledger = ledger
        self._many = many
        self._target = target
        self._limits = TimeLimits(notice, clock)
        self._clock = clock

    def schedule(self, posts: Sequence[Post]) -> dict[str, BatchResult]:
        """Plan and arm posts, and return the result for each by post id.

        A post whose id is known is left out and stays as it is. Raises the errors of the ledger if not all plans could
        be written; those that were are armed in the background.
        """
        results: dict[str, BatchResult] = {}
        requests: dict[str, dict[str, Any]] = {}
        now = self._clock()
        for post in posts:
            try:
                self._limits.check_time(post)
                requests[post.post_id] = schedule_request(post, self._target, now, enabled=True)
            except PunctualError as error:
                results[post.post_id] = BatchResult(error=error)
        plans = self._ledger.plan_all([post for post in posts if post.post_id in requests], now=self._clock())
        return results | self._armed(plans, requests)

    def settle(self, plans: Sequence[Plan]) -> dict[str, BatchResult]:
        """Make the scheduler match unsettled plans, and return the result for each by post id."""
        with ThreadPoolExecutor(THREADS, thread_name_prefix="settle") as pool:
            results = list(pool.map(self._settled, plans))
        return {plan.post.post_id: result for plan, result in zip(plans, results, strict=True)}

    def _armed(self, plans: Mapping[str, Plan], requests: Mapping[str, dict[str, Any]]) -> dict[str, BatchResult]:
        now = self._clock()
        timely = {
            post_id: requests[post_id] for post_id, plan in plans.items() if needs_schedule(plan, self._target, now)
        }
        errors = self._create(timely)
        matching = self._matching([request for post_id, request in timely.items() if not errors[post_id]])
        now = self._clock()
        armed = [
            plan
            for plan in plans.values()
            if plan.schedule_name in matching and not passed_runs(plan, self._target, now)
        ]
        settled = self._ledger.settle_all(armed, now=now) if armed else {}
        results = {post_id: BatchResult(plan=plan) for post_id, plan in settled.items()}
        lost = {post_id: error for post_id, error in errors.items() if is_outage(error)}
        results |= {post_id: BatchResult(plan=plans[post_id], error=error) for post_id, error in lost.items()}
        return results | self.settle([plan for post_id, plan in plans.items() if post_id not in results])

    def _create(self, requests: Mapping[str, dict[str, Any]]) -> dict[str, PunctualError | None]:
        return dict(zip(requests, self._many.create(list(requests.values())), strict=True))

    def _matching(self, requests: Sequence[dict[str, Any]]) -> set[str]:
        """Return the names of the schedules that are stored as they were requested."""
        found = self._many.stored(self._target.group, [request["Name"] for request in requests])
        names = {request["Name"]: request for request in requests if request["Name"] in found}
        return {name for name, request in names.items() if not differing_member(request, found[name])}

    def _settled(self, plan: Plan) -> BatchResult:
        try:
            return BatchResult(plan=self._schedules.settle(plan))
        except PunctualError as error:
            return BatchResult(plan=plan, error=error)
