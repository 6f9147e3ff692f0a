"""The newest revision of a run: a series that changes when a run is due publishes it as it is after the change."""

from datetime import datetime

from core.ledger.port import Plan
from core.posts.payload import Payload, invocation_of
from core.posts.series import is_run


def publishes_run(plan: Plan, run: datetime) -> bool:
    """Return whether a post is an active series that has this run."""
    return plan.desired == "active" and plan.post.repeat is not None and is_run(plan.post.repeat, plan.post.zone, run)


def newest_revision(payload: Payload, plan: Plan | None) -> Payload | None:
    """Return the payload of a later revision of its series that has the same run; None if there is none."""
    if payload.due_at is not None or plan is None or plan.post.revision <= payload.revision:
        return None
    return invocation_of(plan.post, payload.occurrence) if publishes_run(plan, payload.occurrence) else None
