"""The ledger against the scheduler: whether what was planned is what will happen."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from core.health.findings import Finding, Visit, bad, good, warning
from core.health.reconciliation import COMPARED, Kind, reconcile
from core.ledger.history import lying
from core.ledger.port import Plan
from core.time.phrases import counted

TRIED_TWICE = timedelta(minutes=2)
"""After which a change that did not reach the scheduler was tried at least once more."""
AT_MOST = 100

SAID: dict[Kind, str] = {
    "gone": "planned and not in the scheduler",
    "altered": "changed by somebody else",
    "left behind": "left behind and harmless",
    "unplanned": "not planned from here",
    "foreign": "not Punctual's",
}


def unsettled(visit: Visit) -> Finding:
    """Changes that did not reach the scheduler."""
    plans = visit.application.ledger.unsettled(changed_before=visit.now - TRIED_TWICE, limit=AT_MOST)
    if not plans:
        return good("Every change has reached the scheduler.")
    return bad(
        f"{_at_least(plans)}{counted(len(plans), 'post')} could not be armed or changed as wished.",
        "It is tried again every 30 seconds: mend what else is found here, and it will succeed.",
    )


def without_beginning(visit: Visit) -> Finding:
    """Posts whose time has passed without anything having begun."""
    plans = lying(visit.application.ledger, visit.now, limit=AT_MOST)
    missing = sum(plan.wish == "active" for plan in plans)
    if missing:
        return bad(
            f"Of {_at_least(plans)}{counted(missing, 'post')} that should have gone out, nothing is known.",
            "They head the queue: look whether they are out, else give them another time.",
        )
    if plans:
        return warning(
            f"The time of {_at_least(plans)}{counted(len(plans), 'paused post')} has passed.",
            "They head the queue: give them another time, or cancel them.",
        )
    return good("Every post whose time has passed has begun.")


def agreement(visit: Visit) -> Finding:
    """Schedules that somebody else made, changed or deleted, or that were left behind."""
    counts = Counter(each.kind for each in reconcile(visit.application, visit.now))
    if not counts:
        return good(f"They agree, for a week ahead. Of more than {COMPARED} posts in it the soonest are compared.")
    finding = "They differ: " + ", ".join(f"{counts[kind]} {said}" for kind, said in SAID.items() if counts[kind])
    if counts["gone"] or counts["altered"]:
        return bad(f"{finding}.", "Arm them again below, as they were planned, or cancel them.")
    return warning(f"{finding}.", "Delete below what nobody needs.")


def _at_least(read: Sequence[Plan]) -> str:
    """Say that there may be more than were read."""
    return "at least " if len(read) >= AT_MOST else ""


LOOKS = {
    "Changes": unsettled,
    "Passed posts": without_beginning,
    "Ledger and schedules": agreement,
}
