"""The plans of many posts: the change that adds one, the settled plan, and the limits of DynamoDB's transactions."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from core.ledger.derivation import derivation
from core.ledger.port import Plan, PlanChange
from core.posts.models import Post
from core.posts.payload import ScheduleName
from core.time.instants import epoch_ms, from_epoch_ms

TRANSACTION_ITEMS = 100
"""The most items of one TransactWriteItems request (a limit of DynamoDB)."""
TRANSACTION_BYTES = 3_000_000
"""The most bytes of posts in one transaction. DynamoDB accepts 4 MB, the other attributes included."""


def new_plan(post: Post) -> PlanChange:
    """Return the change that adds a new post, active at its schedule."""
    return PlanChange(post=post, schedule_name=str(ScheduleName.of(post)))


def unsettled(change: PlanChange, now: datetime) -> Plan:
    """Return the plan of a new post as the ledger stores it, to the millisecond."""
    noted_at = from_epoch_ms(epoch_ms(now))
    return Plan(
        post=change.post,
        desired=change.desired,
        schedule_name=change.schedule_name,
        superseded=(),
        settled=False,
        created_at=noted_at,
        changed_at=noted_at,
        derivation=change.derived or derivation(change.post),
    )


def settled(plan: Plan, now: datetime) -> Plan:
    """Return a plan as it is once it is settled."""
    return replace(plan, settled=True, superseded=(), changed_at=from_epoch_ms(epoch_ms(now)))


def transactions(posts: Sequence[Post]) -> Iterator[list[str]]:
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
