"""The plans in SQLite whose instants were derived with another release of the zone data."""

import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime

from core.ledger import sqlite_plans as plans
from core.ledger.derivation import derivation
from core.ledger.port import Plan
from core.storage.database import Database
from core.time.instants import epoch_ms

_SERIES = """
    SELECT * FROM post WHERE open = 1 AND zone_release = ? AND due_at IS NULL AND post_id > ? ORDER BY post_id LIMIT ?
"""
_ONE_TIME = """
    SELECT * FROM post WHERE open = 1 AND zone_release = ? AND due_at < ? AND (due_at, post_id) > (?, ?)
    ORDER BY due_at, post_id LIMIT ?
"""


_EVER = 2**62


def outdated(
    database: Database, release: str, *, batch: int, newer: bool, due_before: datetime | None
) -> Iterator[list[Plan]]:
    """Yield the open plans noted with another release, in batches, soonest due first within a release.

    Each batch is read by an index when it is asked for. Newer releases are left out unless `newer`. With `due_before`,
    only one-time posts due before that instant.
    """
    for noted in _releases(database):
        if noted != release and (newer or noted < release):
            yield from _one_time(database, noted, batch, epoch_ms(due_before) if due_before else _EVER)
            if due_before is None:
                yield from _series(database, noted, batch)


def note(connection: sqlite3.Connection, derived: Sequence[Plan]) -> None:
    """Note this process's release with plans that are still current."""
    notes = [(derivation(plan.post, plan.needs_time), plan.post) for plan in derived]
    connection.executemany(
        "UPDATE post SET zone_release = ?, which = ? WHERE post_id = ? AND revision = ?",
        [(each.zone_release, each.which, post.post_id, post.revision) for each, post in notes],
    )


def _releases(database: Database) -> list[str]:
    """Return the noted releases of the open plans. Each one is one step in the index."""
    found: list[str] = []
    query = "SELECT min(zone_release) FROM post WHERE open = 1"
    release = database.read(query)[0][0]
    while release is not None:
        found.append(release)
        release = database.read(f"{query} AND zone_release > ?", (release,))[0][0]
    return found


def _one_time(database: Database, release: str, batch: int, due_before: int) -> Iterator[list[Plan]]:
    due, post_id = -_EVER, ""
    while rows := database.read(_ONE_TIME, (release, due_before, due, post_id, batch)):
        due, post_id = rows[-1]["due_at"], rows[-1]["post_id"]
        yield [plans.read(row) for row in rows]


def _series(database: Database, release: str, batch: int) -> Iterator[list[Plan]]:
    post_id = ""
    while rows := database.read(_SERIES, (release, post_id, batch)):
        post_id = rows[-1]["post_id"]
        yield [plans.read(row) for row in rows]
