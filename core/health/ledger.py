"""Health checks of the ledger against the scheduler."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from core.health.findings import Finding, HealthContext, bad, good, warning
from core.health.reconciliation import MAX_COMPARED, DifferenceKind, find_differences
from core.ledger.history import overdue
from core.ledger.port import Plan
from core.time.phrases import plural

SETTLING_TIME = timedelta(minutes=2)
"""The age from which an unsettled change was repaired at least once without success."""
MAX_PLANS = 100

KIND_LABELS: dict[DifferenceKind, str] = {
    "gone": "planned and not in the scheduler",
    "altered": "changed outside Punctual",
    "left behind": "left behind and harmless",
    "unplanned": "not planned here",
    "foreign": "not Punctual's",
}


def check_unsettled_changes(context: HealthContext) -> Finding:
    """Check that every change reached the scheduler."""
    plans = context.application.ledger.unsettled(changed_before=context.now - SETTLING_TIME, limit=MAX_PLANS + 1)
    if not plans:
        return good("Every change has reached the scheduler.")
    return bad(
        f"Not yet in the scheduler as planned: {_count(plans, len(plans))}.",
        "Punctual tries again every 30 seconds. Fix the other problems on this page first.",
    )


def check_overdue_posts(context: HealthContext) -> Finding:
    """Check that every post whose time has passed has started."""
    plans = overdue(context.application.ledger, context.now, limit=MAX_PLANS + 1)
    missing = sum(plan.desired == "active" for plan in plans)
    if missing:
        return bad(
            f"Not started at their time: {_count(plans, missing)}.",
            "See the top of the queue. Check whether they were published; if not, choose a new time.",
        )
    if plans:
        return warning(
            f"Paused past their time: {_count(plans, len(plans))}.",
            "See the top of the queue. Choose a new time, or cancel them.",
        )
    return good("Every post whose time has passed has started.")


def check_agreement(context: HealthContext) -> Finding:
    """Check that schedules and ledger agree."""
    counts = Counter(each.kind for each in find_differences(context.application, context.now))
    if not counts:
        return good(f"Ledger and scheduler agree for the next 7 days (the first {MAX_COMPARED} posts are compared).")
    differences = ", ".join(f"{counts[kind]} {label}" for kind, label in KIND_LABELS.items() if counts[kind])
    message = f"Ledger and scheduler differ: {differences}."
    if counts["gone"] or counts["altered"]:
        return bad(message, "Below, restore the planned schedules, or cancel the posts.")
    return warning(message, "Below, delete the schedules that you do not need.")


def _count(plans: Sequence[Plan], count: int) -> str:
    """Return `3 posts`, or `at least 3 posts` if only MAX_PLANS of the plans were counted."""
    return f"{'at least ' if len(plans) > MAX_PLANS else ''}{plural(min(count, MAX_PLANS), 'post')}"


CHECKS = {
    "Pending changes": check_unsettled_changes,
    "Overdue posts": check_overdue_posts,
    "Ledger and schedules": check_agreement,
}
