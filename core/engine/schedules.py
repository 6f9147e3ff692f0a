"""Rows of schedules.

Every function runs in its connection's current transaction.
"""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from core.engine import groups, zone_rules
from core.engine.api_errors import Conflict, ResourceNotFound, UnreadableDefinition
from core.engine.next_occurrence import Timing, same_expression, timing_after_update
from core.engine.zone_rules import zone_note

_PAGE = """
    SELECT group_name, name, state, target_arn, created, modified FROM schedule
    WHERE group_name = ? AND name >= ? AND name < ? {state} ORDER BY name LIMIT ?
"""
_PAGES = {
    None: _PAGE.format(state=""),
    "ENABLED": _PAGE.format(state="AND state = 'ENABLED'"),
    "DISABLED": _PAGE.format(state="AND state = 'DISABLED'"),  # a literal, so that SQLite uses the partial index
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """A stored schedule. Its dates are milliseconds since 1970."""

    definition: dict[str, Any]
    created: int
    modified: int


def create(connection: sqlite3.Connection, definition: dict[str, Any], timing: Timing, now: int) -> int | None:
    """Add a schedule as a new generation; return its due instant.

    Raises Conflict if the name exists, or ResourceNotFound if the group does not.
    """
    groups.get(connection, definition["GroupName"])
    added = connection.execute(
        "INSERT INTO schedule (group_name, name, state, target_arn, definition, created, modified, anchor, occurrence,"
        " due, zone_release, wall) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (
            *(*_columns(definition), now, now, timing.anchor, timing.occurrence, timing.due),
            *_note(definition, timing.occurrence),
        ),
    )
    if not added.rowcount:
        raise Conflict(f"Schedule {definition['Name']} already exists.")
    return timing.due


def get(connection: sqlite3.Connection, group: str, name: str) -> Schedule:
    """Return a schedule. Raises ResourceNotFound or UnreadableDefinition."""
    row = _row(connection, group, name)
    return Schedule(definition=_definition(row), created=row["created"], modified=row["modified"])


def definitions(connection: sqlite3.Connection, group: str, names: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return the definitions of the schedules of a group that exist and are readable, by name."""
    rows = connection.execute(
        "SELECT name, definition FROM schedule WHERE group_name = ? AND name IN (SELECT value FROM json_each(?))",
        (group, json.dumps(list(names))),
    )
    found = {}
    for row in rows:
        with suppress(UnreadableDefinition):
            found[row["name"]] = _definition(row)
    return found


def update(connection: sqlite3.Connection, definition: dict[str, Any], now: int) -> int | None:
    """Replace a schedule's definition; return its due instant. Raises ResourceNotFound or UnreadableDefinition.

    The modification date always increases, so two changes in one millisecond have different dates.
    """
    name = definition["GroupName"], definition["Name"]
    row = _row(connection, *name)
    if zone_rules.derive_row_again(connection, row):
        row = _row(connection, *name)
    old = _definition(row)
    timing = timing_after_update(old, timing_of(row), definition, now)
    note = _note(definition, timing.occurrence)
    if row["occurrence"] is not None and timing.occurrence == row["occurrence"] and same_expression(old, definition):
        note = row["zone_release"], row["wall"]  # the occurrence was not derived again
    connection.execute(
        "UPDATE schedule SET state = ?, target_arn = ?, definition = ?, modified = max(?, modified + 1), anchor = ?,"
        " occurrence = ?, due = ?, zone_release = ?, wall = ? WHERE id = ?",
        (*_columns(definition)[2:], now, timing.anchor, timing.occurrence, timing.due, *note, row["id"]),
    )
    return timing.due


def delete(connection: sqlite3.Connection, group: str, name: str) -> None:
    """Delete a schedule. Raises ResourceNotFound."""
    connection.execute("DELETE FROM schedule WHERE id = ?", (_row(connection, group, name)["id"],))


def page(
    connection: sqlite3.Connection, group: str, prefix: str, state: str | None, after: str, limit: int
) -> list[sqlite3.Row]:
    """Return up to `limit` summaries of one group's schedules, sorted by name, from the first name after `after`.

    The query reads one range of an index.
    """
    return connection.execute(_PAGES[state], (group, *groups.name_range(prefix, after), limit)).fetchall()


def page_of_all(
    connection: sqlite3.Connection, prefix: str, state: str | None, after: tuple[str, str], limit: int
) -> list[sqlite3.Row]:
    """Return up to `limit` summaries of all schedules, sorted by group and name, after the given group and name."""
    found: list[sqlite3.Row] = []
    for group in _groups_from(connection, after[0]):
        start = after[1] if group == after[0] else ""
        found += page(connection, group, prefix, state, start, limit - len(found))
        if len(found) == limit:
            break
    return found


def timing_of(row: sqlite3.Row) -> Timing:
    """Return the timing of a schedule's row."""
    return Timing(anchor=row["anchor"], fired=row["fired"], occurrence=row["occurrence"], due=row["due"])


def _groups_from(connection: sqlite3.Connection, first: str) -> Iterator[str]:
    rows = connection.execute("SELECT name FROM schedule_group WHERE name >= ? ORDER BY name", (first,)).fetchall()
    return (row["name"] for row in rows)


def _row(connection: sqlite3.Connection, group: str, name: str) -> sqlite3.Row:
    groups.get(connection, group)
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM schedule WHERE group_name = ? AND name = ?", (group, name)
    ).fetchone()
    if row is None:
        raise ResourceNotFound(f"Schedule {name} does not exist.")
    return row


def _definition(row: sqlite3.Row) -> dict[str, Any]:
    """Return the stored definition. Raises UnreadableDefinition."""
    try:
        definition = json.loads(row["definition"])
    except (ValueError, TypeError, RecursionError) as error:
        raise UnreadableDefinition(row["name"], str(error)) from error
    if not isinstance(definition, dict):
        raise UnreadableDefinition(row["name"], "it is no JSON object")
    return definition


def _note(definition: dict[str, Any], occurrence: int | None) -> tuple[str | None, int | None]:
    note = zone_note(definition, occurrence)
    return note.zone_release, note.wall


def _columns(definition: dict[str, Any]) -> tuple[str, str, str, str, str]:
    return (
        definition["GroupName"],
        definition["Name"],
        definition["State"],
        definition["Target"]["Arn"],
        json.dumps(definition, ensure_ascii=False, separators=(",", ":")),
    )
