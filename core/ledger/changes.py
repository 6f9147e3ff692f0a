"""Changes of plans in SQLite, with their claims and occurrences. Each function works in one transaction."""

import sqlite3
from collections.abc import Sequence
from datetime import datetime

from core.ledger import claims, occurrences, plans
from core.ledger.port import Plan, PlanChange
from core.ledger.refusals import AlreadyGoingOut


def write(connection: sqlite3.Connection, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
    """Replace a revision of a post, and those of other posts; see Ledger.change."""
    changed, *_ = [_replace(connection, each, now) for each in (change, *also)]
    return changed


def write_new(
    connection: sqlite3.Connection, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()
) -> Plan:
    """Add a post, and replace revisions of other posts; see Ledger.plan."""
    added = plans.insert(connection, change, now)
    for each in also:
        _replace(connection, each, now)
    return added


def _replace(connection: sqlite3.Connection, change: PlanChange, now: datetime) -> Plan:
    changed = plans.replace(connection, change, now)
    if claims.blocks_change(connection, change.post.post_id, now):
        raise AlreadyGoingOut(change.post.post_id)
    occurrences.hide(connection, change.post.post_id)
    return changed
