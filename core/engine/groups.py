"""Rows of schedule groups and their tags.

Every function runs in its connection's current transaction.
"""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.engine.api_errors import Conflict, InvalidRequest, ResourceNotFound

DEFAULT_GROUP = "default"
"""The group that always exists."""

MAX_TAGS = 50
"""The most tags of a group: AWS's quota. The service model limits only the tags of one request."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A stored schedule group. Its dates are milliseconds since 1970."""

    name: str
    tags: Mapping[str, str]
    created: int
    modified: int


def create(connection: sqlite3.Connection, name: str, tags: Mapping[str, str], now: int) -> None:
    """Add a group. Raises Conflict if the name exists."""
    _refuse_too_many(tags)
    added = connection.execute(
        "INSERT INTO schedule_group (name, tags, created, modified) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (name, json.dumps(tags), now, now),
    )
    if not added.rowcount:
        raise Conflict(f"Schedule group {name} already exists.")


def ensure_default(connection: sqlite3.Connection, now: int) -> None:
    """Add the default group if it does not exist."""
    connection.execute(
        "INSERT INTO schedule_group (name, created, modified) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (DEFAULT_GROUP, now, now),
    )


def get(connection: sqlite3.Connection, name: str) -> Group:
    """Return a group. Raises ResourceNotFound."""
    row = connection.execute("SELECT * FROM schedule_group WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise ResourceNotFound(f"Schedule group {name} does not exist.")
    return _group(row)


def page(connection: sqlite3.Connection, prefix: str, after: str, limit: int) -> list[Group]:
    """Return up to `limit` groups, sorted by name, whose names begin with `prefix` and sort after `after`."""
    rows = connection.execute(
        "SELECT * FROM schedule_group WHERE name >= ? AND name < ? ORDER BY name LIMIT ?",
        (*name_range(prefix, after), limit),
    ).fetchall()
    return [_group(row) for row in rows]


def delete(connection: sqlite3.Connection, name: str) -> None:
    """Delete a group with all its schedules. Raises ResourceNotFound, or InvalidRequest for the default group."""
    get(connection, name)
    if name == DEFAULT_GROUP:
        raise InvalidRequest("The default schedule group cannot be deleted.")
    connection.execute("DELETE FROM schedule WHERE group_name = ?", (name,))
    connection.execute("DELETE FROM schedule_group WHERE name = ?", (name,))


def tag(connection: sqlite3.Connection, name: str, tags: Mapping[str, str], now: int) -> None:
    """Set tags of a group; other tags stay. Raises ResourceNotFound."""
    merged = {**get(connection, name).tags, **tags}
    _refuse_too_many(merged)
    _store_tags(connection, name, merged, now)


def untag(connection: sqlite3.Connection, name: str, keys: Sequence[str], now: int) -> None:
    """Remove tags of a group and ignore unknown keys. Raises ResourceNotFound."""
    remaining = {key: value for key, value in get(connection, name).tags.items() if key not in keys}
    _store_tags(connection, name, remaining, now)


def name_range(prefix: str, after: str) -> tuple[str, str]:
    """Return the bounds of the names that begin with `prefix` and sort after `after`: first included, last excluded.

    With one bound at each end, the last page of an index costs no more than the first. The bounds rely on names that
    contain only characters from `-` to `z`.
    """
    return max(prefix, after + " "), prefix + "~"


def _group(row: sqlite3.Row) -> Group:
    return Group(name=row["name"], tags=json.loads(row["tags"]), created=row["created"], modified=row["modified"])


def _store_tags(connection: sqlite3.Connection, name: str, tags: Mapping[str, str], now: int) -> None:
    connection.execute(
        "UPDATE schedule_group SET tags = ?, modified = max(?, modified + 1) WHERE name = ?",
        (json.dumps(tags), now, name),
    )


def _refuse_too_many(tags: Mapping[str, str]) -> None:
    if len(tags) > MAX_TAGS:
        raise InvalidRequest(f"A resource can have at most {MAX_TAGS} tags.")
