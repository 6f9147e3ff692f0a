"""Changes of plans in DynamoDB, together with the occurrences that they concern, on the items of one transaction."""

from collections.abc import Sequence
from datetime import datetime

from core.ledger import dynamodb_occurrences as occurrences
from core.ledger import dynamodb_plans as plans
from core.ledger import items
from core.ledger.dynamodb_table import Transaction
from core.ledger.items import Key
from core.ledger.port import Plan, PlanChange


def keys(*changes: PlanChange) -> list[Key]:
    """Return the keys of the items that changes read and write."""
    ids = [each.post.post_id for each in changes]
    return [*map(items.plan_key, ids), *map(items.occurrence_key, ids)]


def write(transaction: Transaction, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
    """Replace a revision of a post, and those of other posts; see Ledger.change."""
    changed, *_ = [_replace(transaction, each, now) for each in (change, *also)]
    return changed


def write_new(transaction: Transaction, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
    """Add a post, and replace revisions of other posts; see Ledger.plan."""
    added = plans.insert(transaction, change, now)
    for each in also:
        _replace(transaction, each, now)
    return added


def _replace(transaction: Transaction, change: PlanChange, now: datetime) -> Plan:
    changed = plans.replace(transaction, change, now)
    occurrences.hide(transaction, change.post.post_id)
    return changed
