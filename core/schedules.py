"""Posts as schedules: planned in the ledger, armed in the scheduler, read back, changed and taken down."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from core.errors import PunctualError
from core.faults import NameTaken, ScheduleGone, translated
from core.ledger.port import AlreadyPlanned, ChangedElsewhere, Ledger, Plan, Receipt, UnknownPost, Wish
from core.models import DEFAULT_LATE_AFTER_MINUTES, Post, Repeat
from core.moments import Clock, utc_text
from core.wire import (
    Payload,
    ScheduleName,
    TargetSettings,
    invocation_of,
    write_invocation,
    write_payload,
    write_schedule,
)

FURTHEST_AHEAD = timedelta(days=3 * 365)
"""How far ahead a post may be planned; it bounds what a listing of the whole queue costs."""


class TooSoon(PunctualError):
    """The instant has passed, or is too near for the scheduler to meet."""

    def __init__(self, due_at: datetime, earliest: datetime, now: datetime) -> None:
        word = "has passed" if due_at <= now else "is only a moment ahead"
        super().__init__(f"{utc_text(due_at)} {word}.")
        self.earliest = earliest
        self.hint = f"Choose a time after {utc_text(earliest)}, or use Post now."


class TooFarAhead(PunctualError):
    """The instant lies further ahead than posts may be planned."""

    hint = "Choose a date within the next three years."

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"{utc_text(due_at)} is too far ahead.")


class TooLateToChange(PunctualError):
    """The post goes out in a moment; a change might not arrive in time."""

    hint = "Cancel it if it must not go out, or wait until it is out."

    def __init__(self, due_at: datetime) -> None:
        super().__init__(f"The post goes out at {utc_text(due_at)}, too soon for a change. Nothing was changed.")


class NotArmed(PunctualError):
    """The scheduler holds something else than was asked of it."""

    hint = "Nothing is lost: the post is in the queue as not armed, and is armed again within two minutes."

    def __init__(self, name: str, member: str) -> None:
        super().__init__(f"The schedule {name} was made but does not read back as written ({member} differs).")


class Schedules:
    """The posts that are still to go out, held by a scheduler that is reached through boto3."""

    def __init__(
        self,
        *,
        scheduler: Any,
        functions: Any,
        ledger: Ledger,
        target: TargetSettings,
        notice: timedelta,
        clock: Clock,
    ) -> None:
        """`scheduler` and `functions` are boto3 clients; `notice` is how long before its instant a post is fixed."""
        self._scheduler = scheduler
        self._functions = functions
        self._ledger = ledger
        self._target = target
        self._notice = notice
        self._clock = clock

    def ensure_group(self) -> None:
        """Make the schedule group unless it is there."""
        try:
            with translated():
                self._scheduler.create_schedule_group(Name=self._target.group)
        except NameTaken:
            return

    def schedule(self, post: Post) -> Plan:
        """Plan a new post and arm it; on return the scheduler was read back and holds it.

        A post that is there already, as after a double click, is returned as it is. Raises TooSoon, TooFarAhead,
        PayloadTooLarge before anything is written; a fault afterwards leaves the intent, which is armed later.
        """
        self._check_time(post)
        name = str(ScheduleName.of(post))
        write_payload(post)
        try:
            plan = self._ledger.plan(post, schedule_name=name, now=self._clock())
        except AlreadyPlanned:
            plan = self._present(post.post_id)
            if plan.settled:
                return plan
            again = post.model_copy(update={"revision": plan.post.revision + 1})
            plan = self._ledger.change(again, wish="active", schedule_name=name, now=self._clock())
        return self._settle(plan)

    def post_now(self, post: Post) -> Plan:
        """Plan a new one-time post, due at once, and hand it over without waiting for the scheduler's minute."""
        now = self._clock()
        due = post.model_copy(update={"due_at": now, "repeat": None})
        plan = self._ledger.plan(due, schedule_name=None, now=now)
        return self._settle(plan)

    def edit(self, plan: Plan, *, text: str, destinations: Sequence[str]) -> Plan:
        """Change what goes out and where, under the same name."""
        return self._change(plan, wish=plan.wish, text=text, destinations=tuple(destinations))

    def reschedule(self, plan: Plan, *, due_at: datetime, wall: str, zone: str) -> Plan:
        """Give a one-time post another time. The new schedule is armed before the old one is deleted."""
        return self._change(plan, wish="active", due_at=due_at, wall=wall, zone=zone, repeat=None)

    def change_rule(self, plan: Plan, *, repeat: Repeat, wall: str, zone: str) -> Plan:
        """Give a repeating post another rule."""
        return self._change(plan, wish=plan.wish, repeat=repeat, wall=wall, zone=zone)

    def pause(self, plan: Plan) -> Plan:
        """Keep the post in the queue, but let it not go out."""
        return self._change(plan, wish="paused")

    def resume(self, plan: Plan) -> Plan:
        """Let a paused post go out again, at its time. Raises TooSoon once that has passed."""
        self._check_time(plan.post)
        return self._change(plan, wish="active")

    def cancel(self, plan: Plan) -> Plan:
        """Take the post out of the queue. Works until the instant it is claimed; raises AlreadyGoingOut then."""
        return self._change(plan, wish="cancelled")

    def undo_cancel(self, plan: Plan) -> Plan:
        """Arm a cancelled post again, at the same time. Raises TooSoon once that has passed."""
        self._check_time(plan.post)
        return self._change(plan, wish="active")

    def send_now(self, plan: Plan) -> Plan:
        """Let a queued one-time post go out at once instead of at its time."""
        now = self._clock()
        post = plan.post.model_copy(update={"due_at": now, "revision": plan.post.revision + 1})
        return self._settle(self._ledger.change(post, wish="active", schedule_name=None, now=now))

    def retry(self, payload: Payload, destinations: Sequence[str]) -> None:
        """Try an occurrence again because a person asked, however late it is; what was published stays published.

        `destinations` are the ones that were refused or unconfirmed and may be tried again.
        """
        now = self._clock()
        self._ledger.reopen(payload, tuple(destinations), now=now)
        late = int((now - payload.due) / timedelta(minutes=1)) + 1
        allowed = payload.model_copy(
            update={"late_after_minutes": late + (payload.late_after_minutes or DEFAULT_LATE_AFTER_MINUTES)}
        )
        self._invoke(allowed)

    def confirm(self, payload: Payload, destination: str) -> None:
        """Note that an unconfirmed publication is out, because a person saw it there."""
        receipt = Receipt(
            kind="published",
            at=self._clock(),
            revision=payload.revision,
            destination=destination,
            detail={"confirmed": "by hand"},
        )
        self._ledger.finish(payload, receipt)

    def plan(self, post_id: str) -> Plan:
        """Return the present plan of a post. Raises UnknownPost."""
        return self._present(post_id)

    def repair(self) -> list[Plan]:
        """Finish what was left half done more than a minute ago; return the plans that could not be finished."""
        left = []
        for plan in self._ledger.unsettled(changed_before=self._clock() - timedelta(minutes=1), limit=1000):
            try:
                self._settle(plan)
            except PunctualError:
                left.append(plan)
        return left

    def _change(self, plan: Plan, *, wish: Wish, **changes: Any) -> Plan:
        now = self._clock()
        current = self._present(plan.post.post_id)
        if current.post.revision != plan.post.revision:
            raise ChangedElsewhere(plan.post.post_id)
        post = Post.model_validate(plan.post.model_dump() | changes | {"revision": plan.post.revision + 1})
        if "due_at" in changes:
            self._check_time(post)
        if wish != "cancelled":
            write_payload(post)
            self._check_still_changeable(plan, now)
        changed = self._ledger.change(post, wish=wish, schedule_name=str(ScheduleName.of(post)), now=now)
        return self._settle(changed)

    def _settle(self, plan: Plan) -> Plan:
        """Make the scheduler as the plan wishes, whatever state it is in; safe to repeat."""
        if plan.wish == "cancelled":
            gone = {plan.schedule_name, *plan.superseded}
        else:
            gone = set(plan.superseded)
            self._arm(plan)
        for name in sorted(name for name in gone if name):
            self._delete(name)
        self._ledger.settle(plan.post.post_id, plan.post.revision, now=self._clock())
        present = self._present(plan.post.post_id)
        overtaken = present.post.revision != plan.post.revision and not present.settled
        return self._settle(present) if overtaken else present

    def _arm(self, plan: Plan) -> None:
        if plan.schedule_name is None:
            self._invoke(invocation_of(plan.post, plan.post.due_at or self._clock()))
            return
        passed = plan.post.due_at is not None and plan.post.due_at <= self._clock()
        if passed and plan.wish == "active":
            return
        request = write_schedule(plan.post, self._target, enabled=plan.wish == "active")
        with translated():
            self._put(request, new=plan.post.revision == 1)
            found = self._scheduler.get_schedule(Name=request["Name"], GroupName=request["GroupName"])
        _compare(request, found)

    def _put(self, request: dict[str, Any], *, new: bool) -> None:
        """Create or update, whichever is needed; the likelier one is tried first."""
        create, update = self._scheduler.create_schedule, self._scheduler.update_schedule
        exceptions = self._scheduler.exceptions
        try:
            create(**request) if new else update(**request)
        except exceptions.ConflictException:
            update(**request)
        except exceptions.ResourceNotFoundException:
            create(**request)

    def _delete(self, name: str) -> None:
        try:
            with translated():
                self._scheduler.delete_schedule(Name=name, GroupName=self._target.group)
        except ScheduleGone:
            return

    def _invoke(self, payload: Payload) -> None:
        with translated():
            self._functions.invoke(
                FunctionName=self._target.function_arn,
                InvocationType="Event",
                Payload=write_invocation(payload).encode(),
            )

    def _present(self, post_id: str) -> Plan:
        plan = self._ledger.get(post_id)
        if plan is None:
            raise UnknownPost(post_id)
        return plan

    def _check_time(self, post: Post) -> None:
        if post.due_at is None:
            return
        now = self._clock()
        if post.due_at < now + self._notice:
            raise TooSoon(post.due_at, now + self._notice, now)
        if post.due_at > now + FURTHEST_AHEAD:
            raise TooFarAhead(post.due_at)

    def _check_still_changeable(self, plan: Plan, now: datetime) -> None:
        due_at = plan.post.due_at
        if due_at is not None and plan.wish == "active" and now <= due_at < now + self._notice:
            raise TooLateToChange(due_at)


def _compare(request: dict[str, Any], found: dict[str, Any]) -> None:
    for member in ("ScheduleExpression", "ScheduleExpressionTimezone", "State"):
        if found.get(member) != request[member]:
            raise NotArmed(request["Name"], member)
    if found["Target"].get("Input") != request["Target"]["Input"]:
        raise NotArmed(request["Name"], "Target.Input")
