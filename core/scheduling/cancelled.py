"""The cancelled posts and the ended series of the last 30 days, which a person can restore."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.ledger.port import Ledger, Plan
from core.posts.models import Post
from core.scheduling.missing_runs import SERIES_LIMIT, missing_runs
from core.scheduling.upcoming import next_run

CANCELLED_KEPT = timedelta(days=30)
"""How long a cancelled post and an ended series are listed."""


@dataclass(frozen=True, kw_only=True)
class CancelledPost:
    """A post that was cancelled at an instant, or a series whose last run was due by that instant."""

    post: Post
    state: Literal["cancelled", "ended"]
    at: datetime


def cancelled(ledger: Ledger, now: datetime, *, limit: int) -> list[CancelledPost]:
    """Return the posts cancelled and the series ended within CANCELLED_KEPT, latest first: at most `limit`.

    A series that a person ends is cancelled. One that ends by its rule stays in the queue until its last run is due,
    and while that run is missing.
    """
    since = now - CANCELLED_KEPT
    found = [
        CancelledPost(post=plan.post, state="cancelled", at=plan.changed_at)
        for plan in ledger.cancelled(after=since, limit=limit)
    ]
    ended = [plan for plan in ledger.series(limit=SERIES_LIMIT) if plan.settled and next_run(plan.post, now) is None]
    missing = missing_runs(ledger, ended, now)
    for plan in ended:
        if plan.post.post_id not in missing:
            found.append(CancelledPost(post=plan.post, state="ended", at=min(_end(plan), now)))
    recent = [each for each in found if each.at > since]
    return sorted(recent, key=lambda each: (each.at, each.post.post_id), reverse=True)[:limit]


def _end(plan: Plan) -> datetime:
    """Return the last instant of a series; of one whose rule names its last year, the instant of its last change."""
    rule = plan.post.repeat
    return rule.ends_at if rule is not None and rule.ends_at is not None else plan.changed_at
