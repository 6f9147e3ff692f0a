"""What a person does with posts: schedule, change, pause, cancel, send now, try again."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from core.aws_errors import CredentialsRefused, NameTaken, NoCredentials, SchedulerUnavailable, translated
from core.errors import PunctualError
from core.ledger.port import SETTLING, AlreadyPlanned, ChangedElsewhere, Ledger, Plan, Receipt, UnknownPost, Wish
from core.ledger.states import outcome
from core.posts.models import DEFAULT_LATE_AFTER_MINUTES, Post, Repeat
from core.posts.payload import Payload, ScheduleName, TargetSettings, write_payload
from core.scheduling.arming import Arming
from core.scheduling.refusals import Cancelled, Moved, Over, Repeats, TooFarAhead, TooLateToChange, TooSoon
from core.scheduling.upsert import UNHURRIED, Waiting
from core.time.instants import Clock, wall_time

FURTHEST_AHEAD = timedelta(days=3 * 365)
"""How far ahead a post may be planned; it bounds what a listing of the whole queue costs."""
REPAIRED_TOGETHER = 1000
"""Half-done changes that are read at a time."""


class Schedules:
    """The posts that are still to go out. Each change is written to the ledger first, then the scheduler is armed."""

    def __init__(
        self,
        *,
        scheduler: Any,
        functions: Any,
        ledger: Ledger,
        target: TargetSettings,
        notice: timedelta,
        clock: Clock,
        waiting: Waiting = UNHURRIED,
    ) -> None:
        """`scheduler` and `functions` are boto3 clients; `notice` is how long before its instant a post is fixed.

        `waiting` is how to wait for AWS, where that takes long.
        """
        self._scheduler = scheduler
        self._ledger = ledger
        self._group = target.group
        self._arming, self._mending = (
            Arming(
                scheduler=scheduler, functions=functions, ledger=ledger, target=target, clock=clock, waiting=patience
            )
            for patience in (waiting, replace(waiting, for_role=0.0))
        )
        self._notice = notice
        self._clock = clock

    def ensure_group(self) -> None:
        """Make the schedule group unless it is there."""
        try:
            with translated():
                self._scheduler.create_schedule_group(Name=self._group)
        except NameTaken:
            return

    def schedule(self, post: Post) -> Plan:
        """Plan a post and arm it; on return the scheduler was read back and holds it.

        A post that is planned already is not planned twice: the same one, as after a double click, is returned as it
        is, and another text or time changes it. Raises TooSoon, TooFarAhead, Over or PayloadTooLarge before anything
        is written; a fault afterwards leaves the intent, which is armed later.
        """
        name = str(ScheduleName.of(post))
        present = self._ledger.get(post.post_id)
        if present is None or not _is_as_wished(present, post, name):
            self._check_time(post)
            write_payload(post)
        return self._settled(self._intended(post, name))

    def post_now(self, post: Post) -> Plan:
        """Plan a one-time post, due at once, and hand it over without waiting for the scheduler's minute.

        Repeated, as after a double click or a fault, it does not go out twice.
        """
        due_at = self._clock()
        present = self._ledger.get(post.post_id)
        if present is not None and present.schedule_name is None and present.wish == "active":
            due_at = present.post.due_at or due_at
        at_once = _due_at(post, due_at)
        write_payload(at_once)
        return self._settled(self._intended(at_once, None))

    def edit(self, plan: Plan, post: Post) -> Plan:
        """Change what goes out and where to what `post` says, as core.publishing.composing found it good, under the same name."""
        _check_not_cancelled(plan)
        said = {name: getattr(post, name) for name in ("text", "variants", "media", "destinations")}
        return self._change(plan, wish=plan.wish, **said)

    def reschedule(self, plan: Plan, *, due_at: datetime, wall: str, zone: str) -> Plan:
        """Give a one-time post another time. The new schedule is armed before the old one is deleted.

        A paused one stays paused, unless its time had passed: then another time is how it is resumed.
        """
        if plan.post.due_at is None:
            raise Repeats(plan.post.post_id)
        self._check_time(plan.post.model_copy(update={"due_at": due_at, "zone": zone}))
        held = plan.wish == "paused" and plan.post.due_at > self._clock()
        return self._change(plan, wish="paused" if held else "active", due_at=due_at, wall=wall, zone=zone)

    def change_rule(self, plan: Plan, *, repeat: Repeat, wall: str, zone: str) -> Plan:
        """Give a post another rule to repeat by."""
        _check_not_cancelled(plan)
        return self._change(plan, wish=plan.wish, due_at=None, repeat=repeat, wall=wall, zone=zone)

    def pause(self, plan: Plan) -> Plan:
        """Keep the post in the queue, but let it not go out."""
        _check_not_cancelled(plan)
        return self._change(plan, wish="paused")

    def resume(self, plan: Plan) -> Plan:
        """Let a paused post go out again, at its time. Raises TooSoon once that has passed."""
        _check_not_cancelled(plan)
        self._check_time(plan.post)
        return self._change(plan, wish="active")

    def cancel(self, plan: Plan) -> Plan:
        """Take the post out of the queue. Works until the instant it is claimed; raises AlreadyGoingOut then.

        A moved post stays one, without a schedule: were it cancelled, undo would arm it here as well as where it went.
        """
        if plan.wish == "cancelled" or (plan.wish == "moved" and plan.schedule_name is None):
            return self._settled(plan)
        if plan.wish == "moved":
            post = _following(plan, plan.post)
            return self._settled(self._ledger.change(post, wish="moved", schedule_name=None, now=self._clock()))
        return self._change(plan, wish="cancelled")

    def undo_cancel(self, plan: Plan, wish: Wish = "active") -> Plan:
        """Put a cancelled post back, as it was wished before, at the same time. Raises TooSoon once that has passed."""
        self._check_time(plan.post)
        return self._change(plan, wish=wish)

    def send_now(self, plan: Plan) -> Plan:
        """Let a queued one-time post go out at once instead of at its time."""
        _check_not_cancelled(plan)
        if plan.wish == "moved":
            raise Moved(plan.post.post_id)
        if plan.post.repeats:
            raise Repeats(plan.post.post_id)
        present = self.plan(plan.post.post_id).post
        asked_before = present.revision == plan.post.revision + 1 and present.due_at
        at_once = _following(plan, _due_at(plan.post, asked_before or self._clock()))
        return self._noted(at_once, wish="active", name=None)

    def retry(self, payload: Payload, destinations: Sequence[str]) -> None:
        """Try an occurrence again because a person asked, however late it is; what was published stays published.

        `destinations` are tried though they had ended; where it has not ended yet, it is tried as well. Raises
        ChangedElsewhere if it is no longer wanted.
        """
        now = self._clock()
        self._ledger.reopen(payload, tuple(destinations), now=now)
        late = max(0, int((now - payload.due) / timedelta(minutes=1))) + 1  # a clock may have been ahead, and set back
        allowed = late + (payload.late_after_minutes or DEFAULT_LATE_AFTER_MINUTES)
        self._arming.invoke(payload.model_copy(update={"late_after_minutes": allowed}))

    def hand_over_again(self, payload: Payload) -> None:
        """Hand over what was given up, as a retry does; what ended before at some destination stays as it is there.

        A run of a series of which nothing began goes out as it was, whatever became of the series.
        """
        begun = payload.due_at is not None or self._ledger.occurrence(payload.occurrence_key) is not None
        self.retry(payload, () if begun else payload.destinations)

    def confirm(self, payload: Payload, destination: str) -> None:
        """Note that an unconfirmed publication is out, because a person saw it there; it went out when it was tried."""
        occurrence = self._ledger.occurrence(payload.occurrence_key)
        known = outcome(occurrence).destinations if occurrence else ()
        tried_at = next((each.at for each in known if each.destination == destination and each.at), self._clock())
        receipt = Receipt(
            kind="published",
            at=tried_at,
            revision=payload.revision,
            destination=destination,
            detail={"confirmed": "by hand"},
        )
        self._ledger.finish(payload, receipt)

    def plan(self, post_id: str) -> Plan:
        """Return the present plan of a post. Raises UnknownPost."""
        plan = self._ledger.get(post_id)
        if plan is None:
            raise UnknownPost(post_id)
        return plan

    def settle(self, plan: Plan) -> Plan:
        """Make the scheduler as a plan wishes, whatever became of its schedule; the plan itself stays as it is."""
        return self._arming.settle(plan)

    def difference(self, plan: Plan) -> str:
        """Return which member of a plan's schedule is not as planned: `Name` if it is gone, nothing if all are."""
        return self._arming.difference(plan)

    def repair(self, stopped: Callable[[], bool] = lambda: False) -> list[Plan]:
        """Finish what was left half done for longer than SETTLING; return the plans that could not be finished.

        However many there are, as after the engine has lost its file. Where the scheduler cannot be reached at all, or
        once `stopped` says so, the rest waits for the next time.
        """
        changed_before = self._clock() - SETTLING
        left: list[Plan] = []
        tried: set[str] = set()
        while True:
            found = self._ledger.unsettled(changed_before=changed_before, limit=REPAIRED_TOGETHER + len(left))
            plans = [plan for plan in found if plan.post.post_id not in tried]
            if not plans:
                return left
            for number, plan in enumerate(plans):
                if stopped():
                    return left + plans[number:]
                tried.add(plan.post.post_id)
                try:
                    self._mending.settle(plan)
                except (SchedulerUnavailable, CredentialsRefused, NoCredentials):
                    return left + plans[number:]
                except PunctualError:
                    left.append(plan)

    def _intended(self, post: Post, name: str | None) -> Plan:
        """Write the intent that `post` goes out, whether it is new or was planned before in whatever way."""
        now = self._clock()
        try:
            return self._ledger.plan(post, schedule_name=name, now=now)
        except AlreadyPlanned:
            present = self.plan(post.post_id)
        if _is_as_wished(present, post, name):
            return present
        if present.wish == "moved":
            raise Moved(post.post_id)
        return self._ledger.change(_following(present, post), wish="active", schedule_name=name, now=now)

    def _change(self, plan: Plan, *, wish: Wish, **changes: Any) -> Plan:
        if plan.wish == "moved":
            raise Moved(plan.post.post_id)
        post = _following(plan, Post.model_validate(plan.post.model_dump() | changes))
        if wish == "active" and plan.wish == "active" and post.due_at == plan.post.due_at:
            self._check_in_time(post)
        elif wish == "active":
            self._check_time(post)
        write_payload(post)
        return self._noted(post, wish=wish, name=str(ScheduleName.of(post)))

    def _noted(self, post: Post, *, wish: Wish, name: str | None) -> Plan:
        """Write a change down and carry it out. One that was written before is only carried out."""
        try:
            noted = self._ledger.change(post, wish=wish, schedule_name=name, now=self._clock())
        except ChangedElsewhere:
            noted = self.plan(post.post_id)
            if noted.post != post or noted.wish != wish or noted.schedule_name != name:
                raise
        return self._settled(noted)

    def _settled(self, plan: Plan) -> Plan:
        return plan if plan.settled else self._arming.settle(plan)

    def _check_time(self, post: Post) -> None:
        now = self._clock()
        if post.repeat is not None and post.repeat.ends_at is not None and post.repeat.ends_at <= now:
            raise Over(post.repeat.ends_at, post.zone)
        if post.due_at is not None and post.due_at < now + self._notice:
            raise TooSoon(post.due_at, now + self._notice, now, post.zone)
        begins = post.due_at or (post.repeat.starts_at if post.repeat else None)
        if begins is not None and begins > now + FURTHEST_AHEAD:
            raise TooFarAhead(begins, post.zone)

    def _check_in_time(self, post: Post) -> None:
        """Refuse to change what goes out when there is no time left to arm the change.

        Whatever changes or ends the time itself needs none: the fence turns the old revision away.
        """
        if post.due_at is not None and post.due_at < self._clock() + self._notice:
            raise TooLateToChange(post.due_at, post.zone)


def _is_as_wished(plan: Plan, post: Post, name: str | None) -> bool:
    same = plan.post.model_copy(update={"revision": post.revision}) == post
    return same and plan.wish == "active" and plan.schedule_name == name


def _following(plan: Plan, post: Post) -> Post:
    return post.model_copy(update={"revision": plan.post.revision + 1})


def _due_at(post: Post, instant: datetime) -> Post:
    """Return the post as a one-time post that is due at `instant`."""
    wall = wall_time(instant, post.zone).strftime("%Y-%m-%dT%H:%M:%S")
    return Post.model_validate(post.model_dump() | {"due_at": instant, "wall": wall, "repeat": None})


def _check_not_cancelled(plan: Plan) -> None:
    if plan.wish == "cancelled":
        raise Cancelled(plan.post.post_id)
