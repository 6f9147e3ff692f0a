"""The plans of many posts: the change that adds one, and the plan before and after it is settled."""

from dataclasses import replace
from datetime import datetime

from core.ledger.derivation import NOT_NOTED, derivation
from core.ledger.port import Plan, PlanChange
from core.posts.models import Post
from core.posts.payload import ScheduleName
from core.time.instants import epoch_ms, from_epoch_ms


def new_plan(post: Post) -> PlanChange:
    """Return the change that adds a new post, active at its schedule."""
    return PlanChange(post=post, schedule_name=str(ScheduleName.of(post)), derived=derivation(post))


def unsettled(change: PlanChange, now: datetime) -> Plan:
    """Return the plan of a new post as the ledger stores it, to the millisecond."""
    noted_at = from_epoch_ms(epoch_ms(now))
    return Plan(
        post=change.post,
        desired=change.desired,
        schedule_name=change.schedule_name,
        superseded=(),
        settled=False,
        created_at=noted_at,
        changed_at=noted_at,
        derivation=change.derived or NOT_NOTED,
    )


def settled(plan: Plan, now: datetime) -> Plan:
    """Return a plan as it is once it is settled."""
    return replace(plan, settled=True, superseded=(), changed_at=from_epoch_ms(epoch_ms(now)))
