"""Plans of many posts in SQLite. Each function works in its connection's transaction."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from core.ledger import sqlite_plans as plans
from core.ledger.plan_batch import new_plan, settled, unsettled
from core.ledger.port import Plan
from core.posts.models import Post


def insert_unknown(connection: sqlite3.Connection, posts: Sequence[Post], now: datetime) -> dict[str, Plan]:
    """Add the posts whose ids are unknown; return their plans by post id."""
    return {
        each.post.post_id: unsettled(each, now) for each in map(new_plan, posts) if plans.add(connection, each, now)
    }


def settle_each(connection: sqlite3.Connection, found: Sequence[Plan], now: datetime) -> dict[str, Plan]:
    """Mark that the schedules match these plans; return those that are current and are settled now."""
    for plan in found:
        plans.settle(connection, plan.post.post_id, plan.post.revision, now)
    rows = connection.execute(
        "SELECT post_id, revision FROM post WHERE settled = 1 AND post_id IN (SELECT value FROM json_each(?))",
        (json.dumps([plan.post.post_id for plan in found]),),
    )
    current = {(row["post_id"], row["revision"]) for row in rows}
    return {
        plan.post.post_id: settled(plan, now) for plan in found if (plan.post.post_id, plan.post.revision) in current
    }
