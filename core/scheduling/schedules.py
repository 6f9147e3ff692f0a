"""Schedules: the actions on posts, such as schedule, edit, pause, cancel and retry."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from core.errors import PunctualError
from core.ledger.derivation import Derivation, NeedsTime, derivation
from core.ledger.port import DesiredState, Ledger, Plan, PlanChange
from core.ledger.refusals import AlreadyPlanned, UnknownPost
from core.posts.destinations import Destination
from core.posts.models import DEFAULT_LATE_AFTER_MINUTES, Post, Repeat
from core.posts.payload import Payload, ScheduleName, TargetSettings
from core.scheduling.arming import Arming
from core.scheduling.confirmation import confirmation
from core.scheduling.hold.changes import leave_out
from core.scheduling.hold.port import HoldStore, NotHeld
from core.scheduling.plan_writer import PlanWriter, WritePlan
from core.scheduling.post_by_current_rules import PostByCurrentRules, post_by_current_rules
from core.scheduling.refusals import PostRepeats, TimeNeeded, check_not_cancelled, check_not_moved
from core.scheduling.repair import repair
from core.scheduling.revisions import check_size, due_as_first, due_once_at, is_active_as, next_revision
from core.scheduling.run_replacement import new_rule, without_replaced
from core.scheduling.schedule_writer import DEFAULT_WAIT, WaitPolicy
from core.scheduling.skipping import with_skipped, with_unskipped
from core.scheduling.time_limits import TimeLimits
from core.time.instants import Clock


class Schedules:
    """The actions on posts. Each change is written to the ledger first, then to the scheduler."""

    def __init__(
        self,
        *,
        scheduler: Any,
        lambda_client: Any,
        ledger: Ledger,
        target: TargetSettings,
        notice: timedelta,
        clock: Clock,
        hold: HoldStore | None = None,
        wait_policy: WaitPolicy = DEFAULT_WAIT,
    ) -> None:
        """`scheduler` and `lambda_client` are boto3 clients. `notice` is the shortest time ahead for a schedule."""
        self._hold = hold
        self._ledger = ledger
        arming = partial(
            Arming, scheduler=scheduler, lambda_client=lambda_client, ledger=ledger, target=target, clock=clock
        )
        self._arming = arming(wait_policy=wait_policy)
        self._writer = PlanWriter(ledger, self._arming, clock)
        self._repair_arming = arming(wait_policy=replace(wait_policy, role_timeout=0.0))
        self._limits = TimeLimits(notice, clock)
        self._clock = clock

    def schedule(self, post: Post) -> Plan:
        """Plan and arm a post. On return, its schedule was read back from the scheduler.

        Idempotent: the same post again returns its plan. Another text or time changes the plan. Raises TooSoon,
        TooFarAhead, SeriesEnded or PayloadTooLarge before a write. A later error leaves the plan, to be armed later.
        """
        name = str(ScheduleName.of(post))
        try:
            self._limits.check_time(post)
            check_size(post)
        except PunctualError:  # its time may have passed since an earlier call
            if not is_active_as(self._ledger.get(post.post_id), post, name):
                raise
        return self._plan_active(post, name)

    def post_now(self, post: Post) -> Plan:
        """Plan a one-time post that is due now, and invoke the relay without the scheduler.

        Idempotent: a second call after a double click or an error keeps the first due instant.
        """
        due_now = due_once_at(post, self._clock())
        check_size(due_now)
        return self._plan_active(due_now, None)

    def edit(self, plan: Plan, post: Post) -> Plan:
        """Change the content, such as text, media, destinations and labels, to that of `post`, which is validated."""
        check_not_cancelled(plan)
        names = ("text", "variants", "media", "destinations", "labels", "options", "written_parts", "card")
        content = {name: getattr(post, name) for name in names}
        return self._change(plan, desired=plan.desired, **content)

    def reschedule(self, plan: Plan, *, due_at: datetime, wall: str, zone: str) -> Plan:
        """Change the time of a one-time post. The new schedule is armed before the old one is deleted.

        A paused post stays paused. An overdue one, a cancelled one, and one that needed a time become active, except
        during a hold that has the post.
        """
        if plan.post.due_at is None:
            raise PostRepeats(plan.post.post_id)
        self._limits.check_time(plan.post.model_copy(update={"due_at": due_at, "zone": zone}))
        stays_paused = plan.needs_time == "paused" or (
            plan.desired == "paused" and plan.needs_time is None and plan.post.due_at > self._clock()
        )
        move = partial(self._change, plan, due_at=due_at, wall=wall, zone=zone)
        if plan.desired == "paused" and not stays_paused and self._hold is not None:
            with suppress(NotHeld):
                return move(desired="paused", write=self._hold.write)
        return move(desired="paused" if stays_paused else "active")

    def change_rule(self, plan: Plan, *, repeat: Repeat, wall: str, zone: str) -> Plan:
        """Change the repeat rule of a post. Days with a skipped run stay skipped. A cancelled post becomes active."""
        repeat = new_rule(self._ledger, plan.post, repeat, zone, self._clock())
        desired: DesiredState = "active" if plan.desired == "cancelled" else plan.desired
        return self._change(plan, desired=desired, due_at=None, repeat=repeat, wall=wall, zone=zone)

    def skip_run(self, plan: Plan, run: datetime) -> Plan:
        """Leave one coming run of a series out. Does nothing if it is skipped already.

        Raises NotARun, RunBegun or TooManySkipped, and AlreadyGoingOut while a run of the series is under way.
        """
        return self._skip(plan, with_skipped(plan.post, run, self._clock()))

    def unskip_run(self, plan: Plan, run: datetime) -> Plan:
        """Let a skipped run go out after all. Does nothing if it is not skipped. Raises RunBegun or RunReplaced."""
        return self._skip(plan, with_unskipped(plan.post, run, self._clock()))

    def pause(self, plan: Plan, *, write: WritePlan | None = None) -> Plan:
        """Keep the post in the queue without publishing it. `write` stores the change instead of the ledger."""
        check_not_cancelled(plan)
        return self._change(plan, desired="paused", write=write)

    def resume(self, plan: Plan) -> Plan:
        """Activate a paused post at its time. Raises TooSoon if its time has passed, or TimeNeeded."""
        check_not_cancelled(plan)
        if plan.needs_time:
            raise TimeNeeded(plan.post.post_id, plan.post.wall, plan.post.zone)
        self._limits.check_time(plan.post)
        return self._change(plan, desired="active")

    def cancel(self, plan: Plan) -> Plan:
        """Cancel a post. Raises AlreadyGoingOut once it is claimed.

        If the post replaces a run of a series, the series has the run again, unless it has passed. Raises
        RunStaysSkipped, with the post cancelled, while another run of the series is going out. A moved post stays moved
        and loses its schedule, because undoing its cancellation would publish it twice.
        """
        if plan.desired == "cancelled" or (plan.desired == "moved" and plan.schedule_name is None):
            return self._writer.settle(plan)
        if plan.desired == "moved":
            moved = PlanChange(post=next_revision(plan, plan.post), desired="moved", schedule_name=None)
            return self._writer.replace(plan, moved)
        return self._change(plan, desired="cancelled")

    def return_to_drafts(self, plan: Plan, write: WritePlan) -> Plan:
        """Undo the scheduling of a post, as `cancel`. `write` stores its content as a draft in the same transaction."""
        check_not_cancelled(plan)
        return self._change(plan, desired="cancelled", returned=True, write=write)

    def undo_cancel(self, plan: Plan) -> Plan:
        """Restore a cancelled post, active or paused as before, at its wall time. Raises TooSoon if it has passed.

        If it replaces a run of a series, the series skips the run again. Raises RunBegun if the run may have gone out.
        """
        check_not_moved(plan)
        desired: NeedsTime = "paused" if "paused" in (plan.desired, plan.cancelled_from) else "active"
        restored = post_by_current_rules(plan.post, plan.derivation, desired)
        if not restored.needs_time:
            self._limits.check_time(restored.post)
        return self._write_derived(plan, restored)

    def restore(self, plan: Plan, earlier: Plan) -> Plan:
        """Bring back the content, the time and the desired state of an earlier version, for an undo in one write.

        Raises TooSoon or SeriesEnded if the post was active and its time has passed.
        """
        check_not_moved(plan)
        post = next_revision(plan, earlier.post)
        if earlier.desired == "active":
            self._limits.check_time(post)
        check_size(post)
        return self._write_change(plan, post, desired=earlier.desired, derived=earlier.derivation)

    def derive_again(self, plan: Plan) -> Plan:
        """Arm an active or paused post at its wall time by the rules in force, however soon that is."""
        desired: NeedsTime = "paused" if plan.desired == "paused" else "active"
        return self._write_derived(plan, post_by_current_rules(plan.post, plan.derivation, desired))

    def send_now(self, plan: Plan) -> Plan:
        """Publish a scheduled one-time post now. Idempotent: a second call keeps the due instant of the first."""
        check_not_cancelled(plan)
        check_not_moved(plan)
        if plan.post.repeats:
            raise PostRepeats(plan.post.post_id)
        current = self.plan(plan.post.post_id).post
        may_be_second_call = current.revision == plan.post.revision + 1  # `_write_change` refuses another change
        due_at = current.due_at if may_be_second_call else None
        due_now = next_revision(plan, due_once_at(plan.post, due_at or self._clock()))
        return self._writer.replace(plan, PlanChange(post=due_now, schedule_name=None))

    def retry(self, payload: Payload, destinations: Sequence[Destination]) -> None:
        """Publish an occurrence again at a person's request, however late it is.

        Reopens `destinations`, which have ended. Destinations that have not ended are tried too, and published ones
        stay published. A one-time post leaves the hold. Raises ChangedElsewhere if it was changed or cancelled.
        """
        now = self._clock()
        self._ledger.reopen(payload, tuple(destinations), now=now)
        hold = self._hold.read() if self._hold is not None and payload.due_at is not None else None
        if self._hold is not None and hold is not None and hold.holds(payload.post_id):
            self._hold.change(leave_out([payload.post_id]))  # its attempts would wait, unlike those of a paused series
        minutes_late = max(0, int((now - payload.due) / timedelta(minutes=1))) + 1  # 1 if the clock was set back
        late_limit = minutes_late + (payload.late_after_minutes or DEFAULT_LATE_AFTER_MINUTES)
        self._arming.invoke(payload.model_copy(update={"late_after_minutes": late_limit}))

    def confirm(self, payload: Payload, destination: Destination, **found: Any) -> None:
        """Record that a person saw an unconfirmed publication, at the time of the attempt: `found` at its `url`.

        Its `reference`, if known, is what the next part of its thread replies to.
        """
        occurrence = self._ledger.occurrence(payload.occurrence_key)
        self._ledger.finish(payload, confirmation(occurrence, payload, destination, found, now=self._clock()))

    def plan(self, post_id: str) -> Plan:
        """Return the current plan of a post. Raises UnknownPost."""
        plan = self._ledger.get(post_id)
        if plan is None:
            raise UnknownPost(post_id)
        return plan

    def settle(self, plan: Plan) -> Plan:
        """Make the scheduler match a plan, even a settled one, and return the current plan."""
        return self._arming.settle(plan)

    def difference(self, plan: Plan) -> str:
        """Return the first member in which the schedule differs from the plan: `Name` if it is missing, "" if none."""
        return self._arming.difference(plan)

    def repair(self, stopped: Callable[[], bool] = lambda: False) -> list[Plan]:
        """Settle all plans that are unsettled for longer than SETTLE_GRACE. Return the plans that are still unsettled.

        Ends early if the scheduler is unreachable or `stopped()` is true. The next call continues.
        """
        return repair(self._ledger, self._repair_arming, self._clock, stopped)

    def _plan_active(self, post: Post, name: str | None) -> Plan:
        """Write an active plan for a post, new or known, and settle it."""
        try:
            return self._writer.add(PlanChange(post=post, schedule_name=name))
        except AlreadyPlanned:
            current = self.plan(post.post_id)
        if name is None:
            post = due_as_first(current, post)
        if is_active_as(current, post, name):
            return self._writer.settle(current)
        check_not_moved(current)
        return self._writer.replace(current, PlanChange(post=next_revision(current, post), schedule_name=name))

    def _skip(self, plan: Plan, repeat: Repeat) -> Plan:
        check_not_cancelled(plan)
        if repeat == plan.post.repeat:
            return self._writer.settle(plan)
        return self._change(plan, desired=plan.desired, repeat=repeat)

    def _change(
        self,
        plan: Plan,
        *,
        desired: DesiredState,
        returned: bool = False,
        write: WritePlan | None = None,
        **changes: Any,
    ) -> Plan:
        check_not_moved(plan)
        post = next_revision(plan, Post.model_validate(plan.post.model_dump() | changes))
        same_time = (post.due_at, post.repeat) == (plan.post.due_at, plan.post.repeat)
        if desired == "active" and plan.desired == "active" and same_time:
            self._limits.check_time_left(post)
        elif desired == "active":
            self._limits.check_time(post)
        check_size(post)
        change = PlanChange(
            post=post,
            desired=desired,
            schedule_name=str(ScheduleName.of(post)),
            derived=derivation(post) if "wall" in changes else None,  # the caller derived the instants of a chosen time
            returned=returned,
        )
        return self._writer.replace(plan, change, write)

    def _write_derived(self, plan: Plan, derived: PostByCurrentRules) -> Plan:
        post = next_revision(plan, without_replaced(self._ledger, derived.post, self._clock()))
        check_size(post)
        return self._write_change(plan, post, desired=derived.desired, derived=derivation(post, derived.needs_time))

    def _write_change(self, plan: Plan, post: Post, *, desired: DesiredState, derived: Derivation) -> Plan:
        name = str(ScheduleName.of(post))
        change = PlanChange(post=post, desired=desired, schedule_name=name, derived=derived)
        return self._writer.replace(plan, change)
