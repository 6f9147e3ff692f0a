"""The current state of a post, from its plan and the outcome of its occurrence."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.ledger.history import START_GRACE, Run, run_of
from core.ledger.port import Ledger, Plan
from core.ledger.refusals import UnknownPost
from core.ledger.states import PublicationState

ARMING_GRACE = timedelta(seconds=10)
"""The time for a change to reach the scheduler. After it, *being scheduled* becomes *not armed*."""

StateName = (
    PublicationState
    | Literal[
        "being scheduled",
        "scheduled",
        "paused",
        "not armed",
        "cancelled",
        "ended",
        "moved",
        "time has passed",
        "needs a time",
        "missing",
    ]
)
"""A post that has begun has its occurrence's state, any other post one of the rest. *time has passed* is a paused post
past its due instant, *needs a time* one that is paused because the zone's new rules leave its wall time no instant or
two, *missing* an active post that should have begun, *ended* a series without another run."""


@dataclass(frozen=True, kw_only=True)
class PostState:
    """A post's plan, its state, and its run. `run` is None before the post begins, and for a repeating post."""

    plan: Plan
    state: StateName
    run: Run | None


def post_state(ledger: Ledger, post_id: str, now: datetime) -> PostState:
    """Return the current state of a post. Raises UnknownPost."""
    plan, occurrence = ledger.concurrent.all(lambda: ledger.get(post_id), lambda: ledger.occurrence(post_id))
    if plan is None:
        raise UnknownPost(post_id)
    if not plan.post.repeats and occurrence is not None and occurrence.payload.revision == plan.post.revision:
        run = run_of(occurrence)
        return PostState(plan=plan, state=run.state, run=run)
    return PostState(plan=plan, state=planned_state(plan, now), run=None)


def planned_state(plan: Plan, now: datetime) -> StateName:
    """Return the state of a post that has not begun. Its schedule is assumed to be as planned, if it is settled."""
    due_at = plan.post.due_at
    passed = due_at is not None and due_at <= now
    if plan.desired in ("cancelled", "moved"):
        return plan.desired
    if plan.desired == "paused" and plan.needs_time:
        return "needs a time"
    if passed and plan.desired == "paused":
        return "time has passed"
    if due_at is not None and due_at < now - START_GRACE:
        return "missing"
    if passed:
        return "going out"
    if not plan.settled and plan.changed_at < now - ARMING_GRACE:
        return "not armed"
    if plan.desired == "paused":
        return "paused"
    return "scheduled" if plan.settled else "being scheduled"
