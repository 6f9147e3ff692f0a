"""Arming: makes the scheduler match the ledger's plans."""

import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.aws_errors import ScheduleNotFound, translate_aws_errors
from core.errors import PunctualError
from core.ledger.port import Ledger, Plan
from core.ledger.refusals import UnknownPost
from core.ledger.states import outcome
from core.posts.models import Post
from core.posts.payload import Payload, TargetSettings, invocation_of, write_invocation, write_schedule
from core.posts.series import runs_between
from core.scheduling.schedule_writer import ScheduleWriter, WaitPolicy
from core.time.instants import Clock

RUNS_LIMIT = 100
"""The most runs of one series that are invoked because they passed before its schedule was armed: the last ones."""


class NotArmed(PunctualError):
    """The scheduler returns a schedule that differs from the request."""

    hint = "The post is in the queue as not armed. Punctual arms it again within two minutes."

    def __init__(self, name: str, member: str) -> None:
        super().__init__(f"The scheduler returns the schedule {name} differently from the request ({member} differs).")


class Arming:
    """Turns plans into schedules or invocations, whatever state the scheduler is in."""

    def __init__(
        self,
        *,
        scheduler: Any,
        lambda_client: Any,
        ledger: Ledger,
        target: TargetSettings,
        clock: Clock,
        wait_policy: WaitPolicy,
    ) -> None:
        """`scheduler` and `lambda_client` are boto3 clients."""
        self._scheduler = scheduler
        self._writer = ScheduleWriter(scheduler, wait_policy)
        self._functions = lambda_client
        self._ledger = ledger
        self._target = target
        self._clock = clock

    def settle(self, plan: Plan) -> Plan:
        """Make the scheduler match a plan and return the current plan.

        Safe to repeat, also while other processes settle. If a newer revision exists at the end, this call settles it
        too, because it may have undone the work of the other process.
        """
        try:
            current = self._apply(plan)
        except PunctualError:
            current = self._current(plan)
            if current.post.revision == plan.post.revision:
                raise
        if current.post.revision == plan.post.revision:
            return current
        own_names = {name for name in (plan.schedule_name, *plan.superseded) if name}
        return self.settle(replace(current, superseded=(*current.superseded, *own_names)))

    def difference(self, plan: Plan) -> str:
        """Return the first member in which the schedule differs from the plan: `Name` if it is missing, "" if none.

        The schedule of a repeating post without its lead does not differ: it was armed before the relay read leads.
        """
        enabled = plan.desired == "active"
        member = self._difference(write_schedule(plan.post, self._target, enabled=enabled))
        if not member or not plan.post.repeats:
            return member
        without_lead = write_schedule(plan.post, self._target.without_repeat_lead(), enabled=enabled)
        return member if self._difference(without_lead) else ""

    def invoke(self, payload: Payload) -> None:
        """Invoke the relay at once, without the scheduler. On return, the invocation is durable."""
        body = write_invocation(payload).encode()
        with translate_aws_errors():
            self._functions.invoke(FunctionName=self._target.function_arn, InvocationType="Event", Payload=body)

    def _apply(self, plan: Plan) -> Plan:
        """Make the scheduler match the plan, or invoke the relay. Then mark the plan as settled; return the current."""
        to_delete = {plan.schedule_name, *plan.superseded}
        if self._needs_schedule(plan) and self._arm(plan):
            to_delete.remove(plan.schedule_name)
        elif plan.desired == "active" and not plan.post.repeats:
            self._invoke_now(plan)
        for name in sorted(name for name in to_delete if name):
            self._writer.delete(name, self._target.group)
        self._invoke_passed_runs(plan)
        current = self._ledger.settle(plan.post.post_id, plan.post.revision, now=self._clock())
        if current is None:
            raise UnknownPost(plan.post.post_id)
        return current

    def _needs_schedule(self, plan: Plan) -> bool:
        return needs_schedule(plan, self._target, self._clock())

    def _invoke_now(self, plan: Plan) -> None:
        """Invoke a one-time post, unless its schedule fired before the plan was settled."""
        occurrence = self._ledger.occurrence(plan.post.post_id)
        if occurrence is None or occurrence.payload.revision != plan.post.revision:
            self.invoke(invocation_of(plan.post, plan.post.due_at or self._clock()))

    def _invoke_passed_runs(self, plan: Plan) -> None:
        """Invoke the passed runs of a series that have not begun.

        The relay decides whether a run is too late. The fence publishes a run once, also if the schedule fires it too.
        """
        for run in passed_runs(plan, self._target, self._clock()):
            payload = invocation_of(plan.post, run)
            occurrence = self._ledger.occurrence(payload.occurrence_key)
            if occurrence is None or outcome(occurrence).state == "superseded":
                self.invoke(payload)

    def _arm(self, plan: Plan) -> bool:
        """Upsert the schedule and read it back. Return False if the post became due meanwhile. Raises NotArmed.

        The ClientToken is post id and revision, so AWS does not execute a repeated request. If the schedule was changed
        between the two, it differs from the request, which is then sent once more with a new token.
        """
        request = schedule_request(plan.post, self._target, self._clock(), enabled=plan.desired == "active")
        first_token = request["ClientToken"]
        for token in (first_token, f"{first_token}-{secrets.token_hex(4)}"):
            self._writer.upsert(request | {"ClientToken": token}, new=plan.post.revision == 1)
            difference = self._difference(request)
            if not difference:
                return True
            if not self._needs_schedule(plan):
                return False
        raise NotArmed(request["Name"], difference)

    def _difference(self, request: dict[str, Any]) -> str:
        """Return the first member in which the schedule differs from the request, "" if none."""
        try:
            with translate_aws_errors():
                found = self._scheduler.get_schedule(Name=request["Name"], GroupName=request["GroupName"])
        except ScheduleNotFound:
            return "Name"
        return differing_member(request, found)

    def _current(self, plan: Plan) -> Plan:
        current = self._ledger.get(plan.post.post_id)
        if current is None:
            raise UnknownPost(plan.post.post_id)
        return current


def schedule_request(post: Post, target: TargetSettings, now: datetime, *, enabled: bool) -> dict[str, Any]:
    """Return the request that creates the schedule of a post now. Raises PayloadTooLarge."""
    request = write_schedule(post, target, enabled=enabled)
    begins = request.get("StartDate")
    if begins is not None and begins < now:
        del request["StartDate"]  # AWS refuses a past start, and a rule that has begun does not need one
    return request


def needs_schedule(plan: Plan, target: TargetSettings, now: datetime) -> bool:
    """Return whether the scheduler must hold the plan's schedule now.

    A cancelled post, a Post now and an active series that has ended need none. An active post that became due before it
    was armed is invoked directly, and the relay decides whether it is too late.
    """
    post = plan.post
    if plan.desired == "cancelled" or plan.schedule_name is None:
        return False
    last = post.repeat.ends_at if post.repeat else post.due_at
    return plan.desired != "active" or last is None or last - target.lead_of(post.repeat, post.zone) > now


def passed_runs(plan: Plan, target: TargetSettings, now: datetime) -> list[datetime]:
    """Return the last runs of an active series since an unsettled change: its schedule may have lacked them.

    A schedule that is armed now lacks the runs within its lead, too.
    """
    if plan.desired != "active":
        return []
    since = now if plan.settled else plan.changed_at
    lead = target.lead_of(plan.post.repeat, plan.post.zone)
    return runs_between(plan.post, after=since, until=now + lead, limit=RUNS_LIMIT)


def differing_member(request: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    """Return the first member in which a stored schedule differs from its request, "" if none."""
    for member in ("ScheduleExpression", "ScheduleExpressionTimezone", "State"):
        if found.get(member) != request[member]:
            return member
    for member in ("Arn", "Input"):
        if found["Target"].get(member) != request["Target"][member]:
            return f"Target.{member}"
    return ""
