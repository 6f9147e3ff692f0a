"""What is wished of each post, in SQLite. Every function works in the transaction that its connection is in."""

import json
import sqlite3
from datetime import datetime
from typing import Any

from core.ledger.port import OPEN, SETTLING, AlreadyPlanned, ChangedElsewhere, Plan, UnknownPost, Wish
from core.posts.models import Post
from core.posts.payload import Payload
from core.time.instants import from_milliseconds, milliseconds, utc_text


def insert(connection: sqlite3.Connection, post: Post, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
    """Add a post. Raises AlreadyPlanned."""
    added = connection.execute(
        "INSERT OR IGNORE INTO post (post_id, revision, content, wish, schedule_name, due_at, created_at, changed_at)"
        " VALUES (:post_id, :revision, :content, :wish, :schedule_name, :due_at, :now, :now)",
        _columns(post) | {"wish": wish, "schedule_name": schedule_name, "now": milliseconds(now)},
    )
    if not added.rowcount:
        raise AlreadyPlanned(post.post_id)
    return get(connection, post.post_id)


def change(connection: sqlite3.Connection, post: Post, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
    """Replace the revision before `post.revision`. Raises UnknownPost or ChangedElsewhere."""
    current = get(connection, post.post_id)
    if current.post.revision != post.revision - 1:
        raise ChangedElsewhere(post.post_id)
    left = {name for name in (current.schedule_name, *current.superseded) if name and name != schedule_name}
    connection.execute(
        "UPDATE post SET revision = :revision, content = :content, wish = :wish, superseded = :superseded,"
        " schedule_name = :schedule_name, settled = 0, contested = NOT settled, due_at = :due_at, open = :open,"
        " changed_at = :now WHERE post_id = :post_id",
        _columns(post)
        | {"wish": wish, "schedule_name": schedule_name, "superseded": json.dumps(sorted(left))}
        | {"open": int(wish in OPEN), "now": milliseconds(now)},
    )
    return get(connection, post.post_id)


def settle(connection: sqlite3.Connection, post_id: str, revision: int, now: datetime) -> None:
    """Note that the schedules are as this revision wishes, if it is current and nobody may still be at an older one."""
    connection.execute(
        "UPDATE post SET settled = 1, superseded = '[]', changed_at = :now WHERE post_id = :post_id"
        " AND revision = :revision AND (NOT contested OR changed_at <= :earlier)",
        {
            "post_id": post_id,
            "revision": revision,
            "now": milliseconds(now),
            "earlier": milliseconds(now - SETTLING),
        },
    )


def distrust(connection: sqlite3.Connection, now: datetime) -> None:
    """Take no post for settled that is still to go out."""
    connection.execute(
        "UPDATE post SET settled = 0, contested = 0, changed_at = ? WHERE open = 1 AND settled = 1",
        (milliseconds(now),),
    )


def begin(connection: sqlite3.Connection, payload: Payload) -> None:
    """Note that a one-time post has begun, if this revision of it is current."""
    connection.execute(
        "UPDATE post SET open = 0 WHERE post_id = ? AND revision = ? AND due_at IS NOT NULL AND open = 1",
        (payload.post_id, payload.revision),
    )


def is_superseded(connection: sqlite3.Connection, payload: Payload) -> bool:
    """Whether the ledger knows the post and wishes something else of it than this revision.

    A post it does not know was planned by another dashboard that shares the signing secret; it is published.
    """
    row = connection.execute("SELECT revision, wish FROM post WHERE post_id = ?", (payload.post_id,)).fetchone()
    return row is not None and (row["revision"] != payload.revision or row["wish"] != "active")


def prune(connection: sqlite3.Connection, before: datetime, limit: int) -> None:
    """Delete up to `limit` posts that ended, or were cancelled, before an instant, and as many series."""
    ended = (
        "open = 0 AND (due_at < :before OR wish IN ('cancelled', 'moved'))",
        "open = 1 AND due_at IS NULL AND json_extract(content, '$.repeat.ends_at') < :before_in_words",
    )
    for which in ended:
        connection.execute(
            "DELETE FROM post WHERE post_id IN (SELECT post_id FROM post"
            f" WHERE settled = 1 AND changed_at < :before AND {which} LIMIT :limit)",
            {"before": milliseconds(before), "before_in_words": utc_text(before), "limit": limit},
        )


def get(connection: sqlite3.Connection, post_id: str) -> Plan:
    """Return a plan. Raises UnknownPost."""
    row = connection.execute("SELECT * FROM post WHERE post_id = ?", (post_id,)).fetchone()
    if row is None:
        raise UnknownPost(post_id)
    return read(row)


def read(row: sqlite3.Row) -> Plan:
    """Return the plan that a row holds."""
    return Plan(
        post=Post.model_validate_json(row["content"]),
        wish=row["wish"],
        schedule_name=row["schedule_name"],
        superseded=tuple(json.loads(row["superseded"])),
        settled=bool(row["settled"]),
        created_at=from_milliseconds(row["created_at"]),
        changed_at=from_milliseconds(row["changed_at"]),
    )


def _columns(post: Post) -> dict[str, Any]:
    return {
        "post_id": post.post_id,
        "revision": post.revision,
        "content": post.model_dump_json(),
        "due_at": milliseconds(post.due_at) if post.due_at else None,
    }
