"""Schedule groups and their tags, as rows of the store."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.engine.api_errors import Conflict, Invalid, Missing

DEFAULT = "default"
"""The group that always exists."""

MOST_TAGS = 50
"""Tags a group may have (the quota of AWS's resource tagging; the model only limits one request)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Group:
    """A schedule group. Dates are milliseconds since 1970."""

    name: str
    tags: Mapping[str, str]
    created: int
    modified: int


def create(connection: sqlite3.Connection, name: str, tags: Mapping[str, str], now: int) -> None:
    """Add a group. Raises Conflict if the name is taken."""
    _refuse_too_many(tags)
    added = connection.execute(
        "INSERT INTO schedule_group (name, tags, created, modified) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (name, json.dumps(tags), now, now),
    )
    if not added.rowcount:
        raise Conflict(f"Schedule group {name} already exists.")


def ensure_default(connection: sqlite3.Connection, now: int) -> None:
    """Add the group that always exists, if it is missing."""
    connection.execute(
        "INSERT INTO schedule_group (name, created, modified) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
        (DEFAULT, now, now),
    )


def get(connection: sqlite3.Connection, name: str) -> Group:
    """Return a group. Raises Missing."""
    row = connection.execute("SELECT * FROM schedule_group WHERE name = ?", (name,)).fetchone()
    if row is None:
        raise Missing(f"Schedule group {name} does not exist.")
    return Group(name=row["name"], tags=json.loads(row["tags"]), created=row["created"], modified=row["modified"])


def page(connection: sqlite3.Connection, prefix: str, after: str, limit: int) -> list[Group]:
    """Return up to `limit` groups, by name, whose names begin with `prefix` and come after `after`."""
    rows = connection.execute(
        "SELECT * FROM schedule_group WHERE name >= ? AND name < ? ORDER BY name LIMIT ?",
        (*name_range(prefix, after), limit),
    ).fetchall()
    return [
        Group(name=row["name"], tags=json.loads(row["tags"]), created=row["created"], modified=row["modified"])
        for row in rows
    ]


def delete(connection: sqlite3.Connection, name: str) -> None:
    """Remove a group with all its schedules. Raises Missing, or Invalid for the default group."""
    get(connection, name)
    if name == DEFAULT:
        raise Invalid("The default schedule group cannot be deleted.")
    connection.execute("DELETE FROM schedule WHERE group_name = ?", (name,))
    connection.execute("DELETE FROM schedule_group WHERE name = ?", (name,))


def tag(connection: sqlite3.Connection, name: str, tags: Mapping[str, str], now: int) -> None:
    """Set tags of a group; the others stay. Raises Missing."""
    merged = {**get(connection, name).tags, **tags}
    _refuse_too_many(merged)
    _store_tags(connection, name, merged, now)


def untag(connection: sqlite3.Connection, name: str, keys: Sequence[str], now: int) -> None:
    """Remove tags of a group; a key that it has not is no error. Raises Missing."""
    kept = {key: value for key, value in get(connection, name).tags.items() if key not in keys}
    _store_tags(connection, name, kept, now)


def name_range(prefix: str, after: str) -> tuple[str, str]:
    """Return the strings from which and before which all names lie that begin with `prefix` and come after `after`.

    One bound at each end, so that a page far down an index costs no more than the first. Names hold no character
    before `-` and none after `z`.
    """
    return max(prefix, after + " "), prefix + "~"


def _store_tags(connection: sqlite3.Connection, name: str, tags: Mapping[str, str], now: int) -> None:
    connection.execute(
        "UPDATE schedule_group SET tags = ?, modified = max(?, modified + 1) WHERE name = ?",
        (json.dumps(tags), now, name),
    )


def _refuse_too_many(tags: Mapping[str, str]) -> None:
    if len(tags) > MOST_TAGS:
        raise Invalid(f"A resource can have at most {MOST_TAGS} tags.")
