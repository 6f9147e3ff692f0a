"""Making the scheduler agree with the ledger: put, read back, take down, hand over."""

import secrets
from dataclasses import replace
from typing import Any

from core.aws_errors import ScheduleGone, translated
from core.errors import PunctualError
from core.ledger.port import Ledger, Plan, UnknownPost
from core.posts.payload import Payload, TargetSettings, invocation_of, write_invocation, write_schedule
from core.scheduling.upsert import Putting, Waiting
from core.time.instants import Clock


class NotArmed(PunctualError):
    """The scheduler holds something else than was asked of it."""

    hint = "Nothing is lost: the post is in the queue as not armed, and is armed again within two minutes."

    def __init__(self, name: str, member: str) -> None:
        super().__init__(f"The schedule {name} was made but does not read back as written ({member} differs).")


class Arming:
    """The one way in which a plan of the ledger becomes schedules, whoever asks and whatever was done before."""

    def __init__(
        self,
        *,
        scheduler: Any,
        functions: Any,
        ledger: Ledger,
        target: TargetSettings,
        clock: Clock,
        waiting: Waiting,
    ) -> None:
        """`scheduler` and `functions` are boto3 clients."""
        self._scheduler = scheduler
        self._putting = Putting(scheduler, waiting)
        self._functions = functions
        self._ledger = ledger
        self._target = target
        self._clock = clock

    def settle(self, plan: Plan) -> Plan:
        """Make the scheduler as the plan wishes, whatever state it is in, and return the plan that holds then.

        Safe to repeat, also while others do the same: whoever finds that a newer revision was written meanwhile
        settles that one too, since what he did may have undone the other's work.
        """
        try:
            self._carry_out(plan)
        except PunctualError:
            if self._present(plan).post.revision == plan.post.revision:
                raise
        present = self._present(plan)
        if present.post.revision == plan.post.revision:
            return present
        ours = {name for name in (plan.schedule_name, *plan.superseded) if name}
        return self.settle(replace(present, superseded=(*present.superseded, *ours)))

    def difference(self, plan: Plan) -> str:
        """Return which member of a plan's schedule is not as planned: `Name` if it is gone, nothing if all are."""
        return self._differing(write_schedule(plan.post, self._target, enabled=plan.wish == "active"))

    def invoke(self, payload: Payload) -> None:
        """Hand an occurrence to the relay without waiting for the scheduler's minute. Durable once this returns."""
        body = write_invocation(payload).encode()
        with translated():
            self._functions.invoke(FunctionName=self._target.function_arn, InvocationType="Event", Payload=body)

    def _carry_out(self, plan: Plan) -> None:
        gone = {plan.schedule_name, *plan.superseded}
        if plan.wish != "cancelled" and not self._is_due(plan) and self._arm(plan):
            gone.remove(plan.schedule_name)
        elif plan.wish == "active":
            self._hand_over(plan)
        for name in sorted(name for name in gone if name):
            self._putting.take_out(name, self._target.group)
        self._ledger.settle(plan.post.post_id, plan.post.revision, now=self._clock())

    def _is_due(self, plan: Plan) -> bool:
        """Whether it is too late for a schedule: the post goes out at once, or its instant came while it was unarmed.

        Such a post is handed over directly; whether it is too late even for that is the relay's to say.
        """
        due_at = plan.post.due_at
        if plan.schedule_name is None:
            return True
        return due_at is not None and plan.wish == "active" and due_at - self._target.lead <= self._clock()

    def _hand_over(self, plan: Plan) -> None:
        """Hand a one-time post over, unless its schedule had fired before it could be noted as settled."""
        begun = self._ledger.occurrence(plan.post.post_id)
        if begun is None or begun.payload.revision != plan.post.revision:
            self.invoke(invocation_of(plan.post, plan.post.due_at or self._clock()))

    def _arm(self, plan: Plan) -> bool:
        """Put the schedule and read it back. False if its instant came meanwhile: it may have fired. Raises NotArmed.

        A ClientToken is post id and revision, so a request that was carried out before is answered and not repeated.
        Where somebody has undone it since, it is sent once more under a fresh token.
        """
        request = write_schedule(plan.post, self._target, enabled=plan.wish == "active")
        begins = request.get("StartDate")
        if begins is not None and begins < self._clock():
            del request["StartDate"]  # AWS takes no past one, and for a cron rule that has begun it means nothing
        token = request["ClientToken"]
        for attempt in (token, f"{token}-{secrets.token_hex(4)}"):
            self._putting.put(request | {"ClientToken": attempt}, new=plan.post.revision == 1)
            differing = self._differing(request)
            if not differing:
                return True
            if self._is_due(plan):
                return False
        raise NotArmed(request["Name"], differing)

    def _differing(self, request: dict[str, Any]) -> str:
        """Return which member of a schedule does not read back as requested; nothing if all do."""
        try:
            with translated():
                found = self._scheduler.get_schedule(Name=request["Name"], GroupName=request["GroupName"])
        except ScheduleGone:
            return "Name"
        for member in ("ScheduleExpression", "ScheduleExpressionTimezone", "State"):
            if found.get(member) != request[member]:
                return member
        for member in ("Arn", "Input"):
            if found["Target"].get(member) != request["Target"][member]:
                return f"Target.{member}"
        return ""

    def _present(self, plan: Plan) -> Plan:
        present = self._ledger.get(plan.post.post_id)
        if present is None:
            raise UnknownPost(plan.post.post_id)
        return present
