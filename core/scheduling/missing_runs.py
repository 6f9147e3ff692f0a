"""The missing runs of series: those that should have begun and did not, for example because no worker ran."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from core.ledger.history import START_GRACE
from core.ledger.port import Ledger, Plan
from core.posts.payload import occurrence_key
from core.posts.series import is_run, runs_between

SERIES_LIMIT = 500
"""The most series that are searched for missing and last runs."""
_LOOKED_BACK = tuple(timedelta(days=days) for days in (0.1, 1, 8, 32, 366))
"""The periods in which the last run is searched, one after the other: most rules have a run in a short one."""
_RULE_SHIFTS = tuple(timedelta(minutes=minutes) for minutes in (-60, -30, 30, 60))
"""How far new zone rules usually move a run."""


def missing_runs(ledger: Ledger, series: Sequence[Plan], now: datetime) -> dict[str, datetime]:
    """Return the last run, by post id, of each active series whose last run is missing. At most two reads.

    A run is missing if it has not begun START_GRACE after it was due. Runs from before the last change of the
    series, or from shortly after it, do not count: an earlier revision may have had them. A run that has begun at the
    instant that earlier zone rules gave it is not missing.
    """
    active = [plan for plan in series if plan.desired == "active"]
    last = {plan.post.post_id: run for plan in active if (run := _last_run(plan, now - START_GRACE)) is not None}
    keys = {occurrence_key(post_id, run): post_id for post_id, run in last.items()}
    begun = ledger.begun(list(keys)) if keys else frozenset()
    not_begun = {post_id: last[post_id] for key, post_id in keys.items() if key not in begun}
    return _without_moved(ledger, [plan for plan in active if plan.post.post_id in not_begun], not_begun)


def _without_moved(ledger: Ledger, series: Sequence[Plan], last: dict[str, datetime]) -> dict[str, datetime]:
    """Return the runs without those that have begun at an instant that earlier zone rules may have given them."""
    keys = {
        occurrence_key(plan.post.post_id, moved): plan.post.post_id
        for plan in series
        for moved in map(last[plan.post.post_id].__add__, _RULE_SHIFTS)
        if plan.post.repeat is not None and not is_run(plan.post.repeat, plan.post.zone, moved)
    }
    begun = {keys[key] for key in (ledger.begun(list(keys)) if keys else ())}
    return {post_id: run for post_id, run in last.items() if post_id not in begun}


def _last_run(plan: Plan, until: datetime) -> datetime | None:
    first = plan.changed_at + START_GRACE
    for period in _LOOKED_BACK:
        after = max(first, until - period)
        if found := runs_between(plan.post, after=after, until=until, limit=1):
            return found[0]
        if after == first:
            break
    return None
