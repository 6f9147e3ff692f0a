"""The update to new zone rules: the instants of pending posts are derived again when a time zone changed its rules."""

import logging
from collections.abc import Callable, Sequence
from datetime import timedelta

from core.errors import PunctualError
from core.ledger.derivation import NeedsTime
from core.ledger.port import Ledger, Plan
from core.ledger.refusals import AlreadyGoingOut, ChangedElsewhere
from core.maintenance.zone_changes import ChangedPost, ZoneChanges
from core.posts.payload import ScheduleName
from core.scheduling.post_by_current_rules import PostByCurrentRules, post_by_current_rules
from core.scheduling.schedules import Schedules
from core.time.instants import Clock
from core.time.zone_data import zone_release

log = logging.getLogger(__name__)

URGENT = timedelta(minutes=5)
"""How far ahead `run_urgent` looks: a background run needs less to reach the soonest posts."""


class ZoneRuleUpdate:
    """Keeps the wall time of every pending post, whichever release of the zone data is installed.

    A post whose instant stays only gets the release noted. Another one gets a new revision, so that its earlier
    schedule publishes nothing. A post whose wall time has no instant any more, or two, is paused and needs a time.
    """

    def __init__(
        self, ledger: Ledger, schedules: Schedules, changes: ZoneChanges, clock: Clock, *, shared_ledger: bool
    ) -> None:
        """With a `shared_ledger`, other machines may have newer rules, and these are kept.

        Otherwise the first run also derives what a newer release derived: the package was downgraded.
        """
        self._ledger = ledger
        self._schedules = schedules
        self._changes = changes
        self._clock = clock
        self._accepts_newer = shared_ledger

    def run(self, stopped: Callable[[], bool] = lambda: False) -> int:
        """Derive every outdated post again, and return how many posts changed.

        Ends early if `stopped()`; the next run continues. Raises the errors of the ledger and of the file of changes.
        """
        changed = 0
        for batch in self._ledger.outdated(zone_release(), newer=not self._accepts_newer):
            changed += self._derive(batch, stopped)
            if stopped():
                return changed
        self._accepts_newer = True  # from now on, newer notes come from processes with newer rules
        self._changes.complete(zone_release())
        return changed

    def run_urgent(self) -> None:
        """Derive the posts that are due within URGENT, or overdue, before anything fires them at an old instant.

        A failure is logged: `run` tries again, and the fence refuses the old revision.
        """
        latest = self._clock() + URGENT
        try:
            for batch in self._ledger.outdated(zone_release(), newer=not self._accepts_newer, due_before=latest):
                self._derive(batch, lambda: False)
        except PunctualError as error:
            log.warning("The posts that are due soon are not derived again yet: %s %s", error, error.hint)

    def record_series(self, names: Sequence[str]) -> None:
        """Record the repeating posts whose next run moves, by the names of their schedules. The engine moves them."""
        parsed = [found for name in names if (found := ScheduleName.parse(name)) is not None]
        plans = [plan for each in parsed if (plan := self._ledger.get(each.post_id)) is not None]
        posts = [ChangedPost(post_id=plan.post.post_id, zone=plan.post.zone, needs_time=False) for plan in plans]
        if posts:
            self._changes.add(posts, zone_release(), self._clock())

    def _derive(self, batch: Sequence[Plan], stopped: Callable[[], bool]) -> int:
        derived = [(plan, self._derived(plan)) for plan in batch]
        to_change = [(plan, again) for plan, again in derived if again is not None and _differs(plan, again)]
        unchanged = [plan for plan, again in derived if again is not None and not _differs(plan, again)]
        if unchanged:
            self._ledger.note_derivation(unchanged)
        if to_change:
            self._changes.add((_changed_post(*each) for each in to_change), zone_release(), self._clock())
        return sum(self._change(plan) for plan, _ in to_change if not stopped())

    def _derived(self, plan: Plan) -> PostByCurrentRules | None:
        """Return the plan by the rules in force; None if its zone cannot be read now.

        A post without a schedule is sent at once, so it stays. A post whose instant has passed stays, unless its wall
        time is still ahead.
        """
        now = self._clock()
        desired: NeedsTime = "paused" if plan.desired == "paused" else "active"
        as_it_is = PostByCurrentRules(post=plan.post, desired=desired, needs_time=plan.needs_time)
        if plan.schedule_name is None:
            return as_it_is
        try:
            again = post_by_current_rules(plan.post, plan.derivation, desired)
        except PunctualError as error:
            log.warning("The instants of the post %s stay as they are: %s %s", plan.post.post_id, error, error.hint)
            return None
        passed = plan.post.due_at is not None and plan.post.due_at <= now
        still_passed = again.post.due_at is not None and again.post.due_at <= now
        return as_it_is if passed and still_passed else again

    def _change(self, plan: Plan) -> bool:
        try:
            self._schedules.derive_again(plan)
        except (AlreadyGoingOut, ChangedElsewhere):
            return False  # the next run reads it again
        except PunctualError as error:  # the ledger has the change, and `repair` brings it to the scheduler
            log.warning("The post %s is not armed again yet: %s %s", plan.post.post_id, error, error.hint)
        return True


def _differs(plan: Plan, again: PostByCurrentRules) -> bool:
    return (plan.post, plan.desired, plan.needs_time) != (again.post, again.desired, again.needs_time)


def _changed_post(plan: Plan, again: PostByCurrentRules) -> ChangedPost:
    return ChangedPost(post_id=plan.post.post_id, zone=plan.post.zone, needs_time=again.needs_time is not None)
