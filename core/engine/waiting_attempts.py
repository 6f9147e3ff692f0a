"""Waiting attempts: which of them a runner claims next, lane by lane.

Every function runs in its connection's current transaction. None reads more than a few rows of each lane, because a
destination that hangs may have thousands of waiting attempts.
"""

import sqlite3

from core.engine import invocations
from core.engine.invocations import Invocation
from core.engine.lanes import LaneOf, LaneRooms

MAX_NAMED = 1000
"""The most attempts that one transaction names. Only an upgrade or a lost file leaves more of them at once."""

_LANES = """
    WITH RECURSIVE found (lane) AS (
        SELECT min(lane) FROM invocation WHERE next_attempt IS NOT NULL
        UNION ALL
        SELECT (SELECT min(lane) FROM invocation WHERE next_attempt IS NOT NULL AND lane > found.lane)
        FROM found WHERE found.lane IS NOT NULL
    )
    SELECT lane, head FROM (
        SELECT lane, (
            SELECT min(next_attempt) FROM invocation WHERE lane = found.lane AND next_attempt IS NOT NULL
        ) AS head FROM found WHERE lane IS NOT NULL
    ) WHERE head <= ? ORDER BY head
"""


def claim_due(connection: sqlite3.Connection, owner: str, now: int, limit: int, rooms: LaneRooms) -> list[Invocation]:
    """Claim up to `limit` due attempts for `owner` from the lanes with room; return them in due order.

    Each lane's attempts are claimed in their order. The lane whose next attempt is due longest comes first.
    """
    _name_lanes(connection, now, rooms.lane_of)
    ids: list[str] = []
    for lane, _ in connection.execute(_LANES, (now,)).fetchall():
        room = rooms.room(lane, limit - len(ids))
        if room:
            found = [row["id"] for row in _next_of(connection, lane, now, room)]
            rooms.take(lane, len(found))
            ids += found
    return invocations.claim(connection, owner, now, ids)


def earliest(connection: sqlite3.Connection, lane: str) -> int | None:
    """Return the instant of the next waiting attempt of a lane."""
    found: int | None = connection.execute(
        "SELECT min(next_attempt) FROM invocation WHERE lane = ? AND next_attempt IS NOT NULL", (lane,)
    ).fetchone()[0]
    return found


def _next_of(connection: sqlite3.Connection, lane: str, now: int, count: int) -> list[sqlite3.Row]:
    return connection.execute(
        "SELECT id FROM invocation WHERE lane = ? AND next_attempt <= ? ORDER BY next_attempt LIMIT ?",
        (lane, now, count),
    ).fetchall()


def _name_lanes(connection: sqlite3.Connection, now: int, lane_of: LaneOf) -> None:
    """Name the lanes of due attempts that have none: direct invocations, and rows of an earlier version."""
    unnamed = connection.execute(
        "SELECT id, payload FROM invocation WHERE lane IS NULL AND next_attempt <= ? ORDER BY next_attempt LIMIT ?",
        (now, MAX_NAMED),
    ).fetchall()
    connection.executemany(
        "UPDATE invocation SET lane = ? WHERE id = ?", [(lane_of(row["payload"]), row["id"]) for row in unnamed]
    )
