"""Changes of plans in SQLite, with their claims and occurrences. Each function works in one transaction."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from core.ledger import replacement_rule
from core.ledger import sqlite_claims as claims
from core.ledger import sqlite_occurrences as occurrences
from core.ledger import sqlite_plans as plans
from core.ledger.port import Plan, PlanChange
from core.ledger.refusals import AlreadyGoingOut


def write(connection: sqlite3.Connection, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
    """Replace a revision of a post, and those of other posts; see Ledger.change."""
    restores = change.post.replaces is not None and plans.get(connection, change.post.post_id).desired == "cancelled"
    changed, *others = [_replace(connection, each, now) for each in (change, *also)]
    _check_replaced_runs(connection, [changed, *others], now)
    if restores:
        _check_replacing(connection, changed, now)
    return changed


def write_new(
    connection: sqlite3.Connection, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()
) -> Plan:
    """Add a post, and replace revisions of other posts; see Ledger.plan."""
    added = plans.insert(connection, change, now)
    _check_replaced_runs(connection, [added, *(_replace(connection, each, now) for each in also)], now)
    _check_replacing(connection, added, now)
    return added


def _replace(connection: sqlite3.Connection, change: PlanChange, now: datetime) -> Plan:
    changed = plans.replace(connection, change, now)
    if claims.blocks_change(connection, change.post.post_id, now):
        raise AlreadyGoingOut(change.post.post_id)
    occurrences.hide(connection, change.post.post_id)
    return changed


def _check_replaced_runs(connection: sqlite3.Connection, changed: Sequence[Plan], now: datetime) -> None:
    for plan in changed:
        if plan.post.repeats:
            replacement_rule.check_series(plan, plans.replaced_runs(connection, plan.post.post_id), now)


def _check_replacing(connection: sqlite3.Connection, plan: Plan, now: datetime) -> None:
    if plan.post.replaces is not None and plan.desired != "cancelled":
        replacement_rule.check_replacing(plan.post, plans.find(connection, plan.post.replaces[0]), now)
