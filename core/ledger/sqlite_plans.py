"""Plans of posts in SQLite. Each function works in its connection's transaction.

The column `wish` holds the desired state.
"""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from core.ledger.cancellation import cancelled_from
from core.ledger.derivation import Derivation, derivation, kept_derivation
from core.ledger.port import OPEN_STATES, SETTLE_GRACE, Plan, PlanChange
from core.ledger.refusals import AlreadyPlanned, ChangedElsewhere, PostReturned, UnknownPost
from core.posts.models import Post
from core.posts.payload import Payload
from core.time.instants import epoch_ms, from_epoch_ms, utc_text


def insert(connection: sqlite3.Connection, change: PlanChange, now: datetime) -> Plan:
    """Add a post. Raises AlreadyPlanned."""
    if not add(connection, change, now):
        raise AlreadyPlanned(change.post.post_id)
    return get(connection, change.post.post_id)


def add(connection: sqlite3.Connection, change: PlanChange, now: datetime) -> bool:
    """Add a post, and return whether its id was unknown."""
    added = connection.execute(
        "INSERT OR IGNORE INTO post (post_id, revision, content, wish, schedule_name, due_at, created_at, changed_at,"
        " zone_release, which, needs_time, replaces) VALUES (:post_id, :revision, :content, :wish, :schedule_name,"
        " :due_at, :now, :now, :zone_release, :which, :needs_time, :replaces)",
        _columns(change, now) | _derivation_columns(change.derived or derivation(change.post)),
    )
    return bool(added.rowcount)


def replace(connection: sqlite3.Connection, change: PlanChange, now: datetime) -> Plan:
    """Replace the revision before that of a change. Raises UnknownPost, ChangedElsewhere or PostReturned."""
    post, current = change.post, get(connection, change.post.post_id)
    if current.returned:
        raise PostReturned(post.post_id)
    if current.post.revision != post.revision - 1:
        raise ChangedElsewhere(post.post_id)
    may_publish = change.desired == "active"
    derived = change.derived or kept_derivation(current.post, current.derivation, post, may_publish=may_publish)
    connection.execute(
        "UPDATE post SET revision = :revision, content = :content, wish = :wish, superseded = :superseded,"
        " schedule_name = :schedule_name, settled = 0, contested = NOT settled, due_at = :due_at, open = :open,"
        " changed_at = :now, zone_release = :zone_release, which = :which, needs_time = :needs_time,"
        " cancelled_from = :cancelled_from, returned = :returned, replaces = :replaces WHERE post_id = :post_id",
        _columns(change, now)
        | _derivation_columns(derived)
        | {"cancelled_from": cancelled_from(current, change), "returned": int(change.returned)}
        | {"superseded": json.dumps(current.superseded_by(change.schedule_name))}
        | {"open": int(change.desired in OPEN_STATES)},
    )
    return get(connection, post.post_id)


def settle(connection: sqlite3.Connection, post_id: str, revision: int, now: datetime) -> None:
    """Mark that the schedules match this revision; see Ledger.settle."""
    connection.execute(
        "UPDATE post SET settled = 1, superseded = '[]', changed_at = :now WHERE post_id = :post_id"
        " AND revision = :revision AND (NOT contested OR changed_at <= :earlier)",
        {
            "post_id": post_id,
            "revision": revision,
            "now": epoch_ms(now),
            "earlier": epoch_ms(now - SETTLE_GRACE),
        },
    )


def unsettle_all(connection: sqlite3.Connection, now: datetime) -> None:
    """Mark every open post as unsettled."""
    connection.execute(
        "UPDATE post SET settled = 0, contested = 0, changed_at = ? WHERE open = 1 AND settled = 1",
        (epoch_ms(now),),
    )


def begin(connection: sqlite3.Connection, payload: Payload) -> None:
    """Close a one-time post, which has begun, if this revision is current."""
    connection.execute(
        "UPDATE post SET open = 0 WHERE post_id = ? AND revision = ? AND due_at IS NOT NULL AND open = 1",
        (payload.post_id, payload.revision),
    )


def is_superseded(connection: sqlite3.Connection, payload: Payload) -> bool:
    """Return whether the post has another revision or is not active.

    An unknown post is not superseded: another dashboard with the same signing secret planned it.
    """
    row = connection.execute("SELECT revision, wish FROM post WHERE post_id = ?", (payload.post_id,)).fetchone()
    return row is not None and (row["revision"] != payload.revision or row["wish"] != "active")


def prune(connection: sqlite3.Connection, before: datetime, limit: int) -> None:
    """Delete up to `limit` posts that ended or were cancelled before an instant, and up to `limit` repeating ones."""
    ended = (
        "open = 0 AND (due_at < :before OR wish IN ('cancelled', 'moved'))",
        "open = 1 AND due_at IS NULL AND json_extract(content, '$.repeat.ends_at') < :before_text",
    )
    for condition in ended:
        connection.execute(
            "DELETE FROM post WHERE post_id IN (SELECT post_id FROM post"
            f" WHERE settled = 1 AND changed_at < :before AND {condition} LIMIT :limit)",
            {"before": epoch_ms(before), "before_text": utc_text(before), "limit": limit},
        )


def get(connection: sqlite3.Connection, post_id: str) -> Plan:
    """Return a plan. Raises UnknownPost."""
    plan = find(connection, post_id)
    if plan is None:
        raise UnknownPost(post_id)
    return plan


def replaced_runs(connection: sqlite3.Connection, series_id: str) -> dict[str, datetime]:
    """Return the posts that are not cancelled and replace a run of a series, each with the run."""
    rows = connection.execute("SELECT * FROM post WHERE replaces = ? AND wish != 'cancelled'", (series_id,)).fetchall()
    found = {row["post_id"]: Post.model_validate_json(row["content"]).replaces for row in rows}
    return {post_id: replaces[1] for post_id, replaces in found.items() if replaces is not None}


def find(connection: sqlite3.Connection, post_id: str) -> Plan | None:
    """Return a plan, or None if the post is unknown."""
    row = connection.execute("SELECT * FROM post WHERE post_id = ?", (post_id,)).fetchone()
    return read(row) if row is not None else None


def rows_with(words: Sequence[str], rows: Sequence[sqlite3.Row]) -> list[sqlite3.Row]:
    """Return the rows whose stored content has every case-folded word. To read a post takes 50 times as long."""
    stored = [json.dumps(word, ensure_ascii=False)[1:-1] for word in words]
    return [row for row in rows if all(map(row["content"].casefold().__contains__, stored))]


def read(row: sqlite3.Row) -> Plan:
    """Return the plan in a row."""
    return Plan(
        post=Post.model_validate_json(row["content"]),
        desired=row["wish"],
        schedule_name=row["schedule_name"],
        superseded=tuple(json.loads(row["superseded"])),
        settled=bool(row["settled"]),
        created_at=from_epoch_ms(row["created_at"]),
        changed_at=from_epoch_ms(row["changed_at"]),
        derivation=Derivation(row["zone_release"], row["which"], row["needs_time"]),
        cancelled_from=row["cancelled_from"],
        returned=bool(row["returned"]),
    )


def _columns(change: PlanChange, now: datetime) -> dict[str, Any]:
    post = change.post
    return {
        "post_id": post.post_id,
        "revision": post.revision,
        "content": post.model_dump_json(),
        "wish": change.desired,
        "schedule_name": change.schedule_name,
        "due_at": epoch_ms(post.due_at) if post.due_at else None,
        "replaces": post.replaces[0] if post.replaces else None,
        "now": epoch_ms(now),
    }


def _derivation_columns(derived: Derivation) -> dict[str, Any]:
    return {"zone_release": derived.zone_release, "which": derived.which, "needs_time": derived.needs_time}
