"""Occurrences and their receipts in SQLite. Each function works in its connection's transaction."""

import json
import sqlite3
from collections.abc import Sequence
from datetime import datetime

from core.ledger import sqlite_plans as plans
from core.ledger.cursor import Cursor
from core.ledger.port import Occurrence, Receipt
from core.posts.destinations import Destination
from core.posts.payload import Payload, read_payload, write_invocation
from core.time.instants import epoch_ms, from_epoch_ms

AFTER_ALL = (1 << 62, "")
"""A position later than every instant and key: a list read backwards starts there."""


def append(connection: sqlite3.Connection, payload: Payload, receipt: Receipt) -> None:
    """Append a receipt. The first receipt of an occurrence creates the occurrence."""
    begin(connection, payload, shown=_is_shown(connection, payload, receipt))
    connection.execute(
        "INSERT INTO receipt (occurrence_key, revision, destination, kind, attempt, at, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            payload.occurrence_key,
            receipt.revision,
            str(receipt.destination) if receipt.destination is not None else None,
            receipt.kind,
            receipt.attempt,
            epoch_ms(receipt.at),
            json.dumps(receipt.detail),
        ),
    )


def begin(connection: sqlite3.Connection, payload: Payload, *, shown: bool) -> None:
    """Create the occurrence, or replace the payload of an earlier revision. Each revision is written once."""
    key = payload.occurrence_key
    row = connection.execute("SELECT revision, shown FROM occurrence WHERE occurrence_key = ?", (key,)).fetchone()
    if row is None or row["revision"] < payload.revision:
        content = write_invocation(payload)
        connection.execute(
            "INSERT OR REPLACE INTO occurrence (occurrence_key, post_id, revision, due_at, content, shown)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (key, payload.post_id, payload.revision, epoch_ms(payload.due), content, int(shown)),
        )
    elif shown and not row["shown"]:
        connection.execute("UPDATE occurrence SET shown = 1 WHERE occurrence_key = ?", (key,))
    else:
        return
    if shown:
        plans.begin(connection, payload)


def hide(connection: sqlite3.Connection, post_id: str) -> None:
    """Remove a changed one-time post from History until its new revision begins."""
    connection.execute("UPDATE occurrence SET shown = 0 WHERE occurrence_key = ?", (post_id,))


def get(connection: sqlite3.Connection, key: str) -> Occurrence | None:
    """Return one occurrence."""
    rows = connection.execute("SELECT * FROM occurrence WHERE occurrence_key = ?", (key,)).fetchall()
    return _with_receipts(connection, rows)[0] if rows else None


def page(connection: sqlite3.Connection, after: Cursor | None, limit: int) -> list[Occurrence]:
    """Return the occurrences of History after a position, latest due first."""
    rows = connection.execute(
        "SELECT * FROM occurrence WHERE shown = 1 AND (due_at, occurrence_key) < (?, ?)"
        " ORDER BY due_at DESC, occurrence_key DESC LIMIT ?",
        (*((epoch_ms(after.due_at), after.key) if after else AFTER_ALL), limit),
    ).fetchall()
    return _with_receipts(connection, rows)


def prune(connection: sqlite3.Connection, before: datetime, limit: int) -> None:
    """Delete up to `limit` occurrences that were due before an instant, and their receipts."""
    rows = connection.execute(
        "SELECT occurrence_key FROM occurrence WHERE due_at < ? ORDER BY due_at LIMIT ?", (epoch_ms(before), limit)
    ).fetchall()
    connection.executemany("DELETE FROM receipt WHERE occurrence_key = ?", rows)
    connection.executemany("DELETE FROM occurrence WHERE occurrence_key = ?", rows)


def _is_shown(connection: sqlite3.Connection, payload: Payload, receipt: Receipt) -> bool:
    """Return whether History shows the receipt's occurrence: not for an old revision of a one-time post."""
    if receipt.kind == "superseded":
        return False
    return payload.due_at is None or receipt.kind == "published" or not plans.is_superseded(connection, payload)


def _with_receipts(connection: sqlite3.Connection, rows: Sequence[sqlite3.Row]) -> list[Occurrence]:
    return [
        Occurrence(
            key=row["occurrence_key"],
            payload=read_payload(row["content"]),
            receipts=tuple(_receipts(connection, row["occurrence_key"])),
        )
        for row in rows
    ]


def _receipts(connection: sqlite3.Connection, key: str) -> list[Receipt]:
    rows = connection.execute("SELECT * FROM receipt WHERE occurrence_key = ? ORDER BY id", (key,))
    return [
        Receipt(
            kind=row["kind"],
            at=from_epoch_ms(row["at"]),
            revision=row["revision"],
            attempt=row["attempt"],
            destination=Destination.parse(row["destination"]) if row["destination"] is not None else None,
            detail=json.loads(row["detail"]),
        )
        for row in rows
    ]
