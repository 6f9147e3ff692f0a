"""The newest revision of a due post. A post that is changed at its due instant goes out with the change."""

from datetime import datetime

from core.ledger.port import Plan
from core.posts.payload import Payload, invocation_of
from core.posts.series import is_run


def publishes_run(plan: Plan, run: datetime) -> bool:
    """Return whether a post is an active series that has this run."""
    return plan.desired == "active" and plan.post.repeat is not None and is_run(plan.post.repeat, plan.post.zone, run)


def newest_revision(payload: Payload, plan: Plan | None) -> Payload | None:
    """Return the payload of a later revision that is due at the same instant; None if there is none.

    A repeating post is due at each of its runs. A post that is not active is never due.
    """
    if plan is None or plan.desired != "active" or plan.post.revision <= payload.revision:
        return None
    is_due = publishes_run(plan, payload.occurrence) if plan.post.repeats else plan.post.due_at == payload.due_at
    return invocation_of(plan.post, payload.occurrence) if is_due else None
