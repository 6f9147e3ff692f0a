"""Plans of many posts in DynamoDB, in as few transactions as its limits allow."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial

from core.ledger import dynamodb_layout as layout
from core.ledger import dynamodb_plans as plans
from core.ledger.dynamodb_transactions import Table, Transaction
from core.ledger.plan_batch import new_plan, settled
from core.ledger.port import Plan
from core.ledger.refusals import AlreadyPlanned
from core.posts.models import Post

TRANSACTION_ITEMS = 100
"""The most items of one TransactWriteItems request (a limit of DynamoDB)."""
TRANSACTION_BYTES = 3_000_000
"""The most bytes of posts in one transaction. DynamoDB accepts 4 MB, the other attributes included."""


def insert_unknown(table: Table, posts: Sequence[Post], now: datetime) -> dict[str, Plan]:
    """Add the posts whose ids are unknown; return their plans by post id."""
    by_id = {post.post_id: post for post in posts}
    added: dict[str, Plan] = {}
    for ids in _transactions(posts):
        work = partial(_insert, posts=[by_id[post_id] for post_id in ids], now=now)
        added |= table.write([layout.plan_key(post_id) for post_id in ids], work)
    return added


def settle_each(table: Table, found: Sequence[Plan], now: datetime) -> dict[str, Plan]:
    """Mark that the schedules match these plans; return those that are current and are settled now."""
    by_id = {plan.post.post_id: plan for plan in found}
    current: dict[str, Plan] = {}
    for ids in _transactions([plan.post for plan in found]):
        work = partial(_settle, found=[by_id[post_id] for post_id in ids], now=now)
        current |= table.write([layout.plan_key(post_id) for post_id in ids], work)
    return current


def _insert(transaction: Transaction, posts: Sequence[Post], now: datetime) -> dict[str, Plan]:
    added: dict[str, Plan] = {}
    for post in posts:
        with suppress(AlreadyPlanned):
            added[post.post_id] = plans.insert(transaction, new_plan(post), now)
    return added


def _settle(transaction: Transaction, found: Sequence[Plan], now: datetime) -> dict[str, Plan]:
    for plan in found:
        plans.settle(transaction, plan.post.post_id, plan.post.revision, now)
    return {plan.post.post_id: settled(plan, now) for plan in found if _is_settled(transaction, plan)}


def _is_settled(transaction: Transaction, plan: Plan) -> bool:
    item = transaction.get(layout.plan_key(plan.post.post_id))
    return item is not None and item["revision"] == plan.post.revision and bool(item["settled"])


def _transactions(posts: Sequence[Post]) -> Iterator[list[str]]:
    """Yield the ids of the posts in groups whose plans fit into one transaction each."""
    ids: list[str] = []
    size = 0
    for post in posts:
        added = len(post.model_dump_json().encode())
        if ids and (len(ids) == TRANSACTION_ITEMS or size + added > TRANSACTION_BYTES):
            yield ids
            ids, size = [], 0
        ids.append(post.post_id)
        size += added
    if ids:
        yield ids
