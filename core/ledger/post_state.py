"""How it stands with a post now: what is wished of it, and what has become of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.ledger.history import GRACE, Run, run_of
from core.ledger.port import Ledger, Plan, UnknownPost
from core.ledger.states import PublicationState

ARMING = timedelta(seconds=10)
"""A change is given this long to reach the scheduler; until then the post is *being scheduled*, then *not armed*."""

StateName = (
    PublicationState
    | Literal[
        "being scheduled",
        "scheduled",
        "paused",
        "not armed",
        "cancelled",
        "moved",
        "time has passed",
        "missing",
    ]
)
"""Before it begins: as planned; *time has passed* is a paused post that no longer can, *missing* one that should have.
Once it has begun: as its occurrence says."""


@dataclass(frozen=True, kw_only=True)
class PostState:
    """A post's current plan, its state, and its occurrence once that has begun (of a repeating post: None)."""

    plan: Plan
    state: StateName
    run: Run | None


def post_state(ledger: Ledger, post_id: str, now: datetime) -> PostState:
    """Return how it stands with a post. Raises UnknownPost."""
    plan = ledger.get(post_id)
    if plan is None:
        raise UnknownPost(post_id)
    occurrence = None if plan.post.repeats else ledger.occurrence(post_id)
    if occurrence is not None and occurrence.payload.revision == plan.post.revision:
        run = run_of(occurrence)
        return PostState(plan=plan, state=run.state, run=run)
    return PostState(plan=plan, state=_before(plan, now), run=None)


def _before(plan: Plan, now: datetime) -> StateName:
    """The state of a post of which nothing has begun."""
    due_at = plan.post.due_at
    passed = due_at is not None and due_at <= now
    if plan.desired in ("cancelled", "moved"):
        return plan.desired
    if passed and plan.desired == "paused":
        return "time has passed"
    if due_at is not None and due_at < now - GRACE:
        return "missing"
    if passed:
        return "going out"
    if not plan.settled and plan.changed_at < now - ARMING:
        return "not armed"
    if plan.desired == "paused":
        return "paused"
    return "scheduled" if plan.settled else "being scheduled"
