"""Changes of plans in DynamoDB, together with the occurrences that they concern, on the items of one transaction."""

from collections.abc import Sequence
from datetime import datetime

from core.ledger import dynamodb_layout as layout
from core.ledger import dynamodb_occurrences as occurrences
from core.ledger import dynamodb_plans as plans
from core.ledger import replacement_rule
from core.ledger.dynamodb_layout import Key
from core.ledger.dynamodb_transactions import Transaction
from core.ledger.port import Plan, PlanChange


def keys(*changes: PlanChange) -> list[Key]:
    """Return the keys of the items that changes read and write."""
    ids = [each.post.post_id for each in changes]
    series = [each.post.replaces[0] for each in changes if each.post.replaces is not None]
    return [*map(layout.plan_key, (*ids, *series)), *map(layout.occurrence_key, ids)]


def keys_of_new(new: PlanChange, *also: PlanChange) -> list[Key]:
    """Return the same for the plan of a new post, whose occurrence does not matter, and changes of others."""
    return [key for key in keys(new, *also) if key != layout.occurrence_key(new.post.post_id)]


def write(transaction: Transaction, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
    """Replace a revision of a post, and those of other posts; see Ledger.change."""
    before = plans.find(transaction, change.post.post_id)
    changed, *others = [_replace(transaction, each, now) for each in (change, *also)]
    _check_replaced_runs(transaction, [changed, *others], now)
    if before is not None and before.desired == "cancelled":
        _check_replacing(transaction, changed, now)
    return changed


def write_new(transaction: Transaction, change: PlanChange, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
    """Add a post, and replace revisions of other posts; see Ledger.plan."""
    added = plans.insert(transaction, change, now)
    plans.link(transaction, added)
    _check_replaced_runs(transaction, [added, *(_replace(transaction, each, now) for each in also)], now)
    _check_replacing(transaction, added, now)
    return added


def _replace(transaction: Transaction, change: PlanChange, now: datetime) -> Plan:
    changed = plans.replace(transaction, change, now)
    plans.link(transaction, changed)
    occurrences.hide(transaction, change.post.post_id)
    return changed


def _check_replaced_runs(transaction: Transaction, changed: Sequence[Plan], now: datetime) -> None:
    for plan in changed:
        if plan.post.repeats:
            replacement_rule.check_series(
                plan, plans.replaced_runs(transaction.get(layout.plan_key(plan.post.post_id))), now
            )


def _check_replacing(transaction: Transaction, plan: Plan, now: datetime) -> None:
    if plan.post.replaces is not None and plan.desired != "cancelled":
        replacement_rule.check_replacing(plan.post, plans.find(transaction, plan.post.replaces[0]), now)
