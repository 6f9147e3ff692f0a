"""Who may publish what, in SQLite. Every function works in the transaction that its connection is in."""

import json
import sqlite3
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from core.ledger import occurrences, pauses, plans
from core.ledger.port import KEPT, STOPPED_WHILE_PUBLISHING, Claim, Receipt
from core.posts.models import account_and_part
from core.posts.payload import Payload
from core.time.instants import from_milliseconds, milliseconds


def find(connection: sqlite3.Connection, key: str, destination: str) -> sqlite3.Row | None:
    """Return the row of a claim; None while there is none."""
    found: sqlite3.Row | None = connection.execute(
        "SELECT * FROM claim WHERE occurrence_key = ? AND destination = ?", (key, destination)
    ).fetchone()
    return found


def look(
    connection: sqlite3.Connection,
    payload: Payload,
    destination: str,
    now: datetime,
    *,
    deduplicates: bool,
    lives: Callable[[str], bool],
) -> Claim | None:
    """Return what stands against a claim, or None if it may be taken. `lives` tells whether an owner does."""
    row = find(connection, payload.occurrence_key, destination)
    if (row is None or row["state"] == "waiting") and _is_turned_away(connection, payload, destination):
        turned_away = Receipt(kind="superseded", at=now, revision=payload.revision, destination=destination)
        occurrences.append(connection, payload, turned_away)
        return Claim(verdict="superseded")
    if row is None or row["state"] != "claimed":
        return stands(row, now)
    if row["lease_until"] > milliseconds(now) and lives(row["owner"]):
        return Claim(verdict="busy", attempt=row["attempt"], until=from_milliseconds(row["lease_until"]))
    return None if deduplicates else _give_up(connection, payload, destination, row["attempt"], now)


def stands(row: sqlite3.Row | None, now: datetime) -> Claim | None:
    """Return how a publication ended, or that its network is to be left alone, as its row is; else None."""
    if row is None or row["state"] == "claimed":
        return None
    detail = json.loads(row["detail"])
    if row["state"] == "waiting":
        return pauses.standing(row["attempt"], detail, now)
    return Claim(verdict=row["state"], attempt=row["attempt"], detail=detail)


def take(
    connection: sqlite3.Connection,
    payload: Payload,
    destination: str,
    *,
    owner: str,
    prepared: dict[str, Any] | None,
    lease_until: datetime,
) -> Claim:
    """Take a claim that nothing stands against; what was prepared with the first attempt is kept."""
    row = find(connection, payload.occurrence_key, destination)
    kept = row["prepared"] if row is not None else None
    if kept is None and prepared is not None:
        kept = json.dumps(prepared)
    attempt = row["attempt"] + 1 if row is not None else 1
    _put(connection, payload, destination, "claimed", attempt, owner, lease_until=milliseconds(lease_until), kept=kept)
    occurrences.begin(connection, payload, shown=True)
    return Claim(verdict="yours", attempt=attempt, prepared=json.loads(kept) if kept else None)


def finish(connection: sqlite3.Connection, payload: Payload, receipt: Receipt) -> None:
    """Note how an attempt ended. That something is out counts whoever says so, all else only of the last attempt."""
    connection.execute(
        "UPDATE claim SET state = :kind, detail = :detail, lease_until = 0 WHERE occurrence_key = :key"
        " AND destination = :destination AND state <> 'published' AND (attempt <= :attempt OR :kind = 'published')",
        {
            "kind": receipt.kind,
            "detail": json.dumps(receipt.detail),
            "key": payload.occurrence_key,
            "destination": receipt.destination,
            "attempt": receipt.attempt,
        },
    )
    occurrences.append(connection, payload, receipt)


def reopen(connection: sqlite3.Connection, payload: Payload, destination: str, now: datetime) -> None:
    """Let a publication that is neither out nor under way be claimed again, and note that a person said so."""
    row = find(connection, payload.occurrence_key, destination)
    if row is not None and row["state"] in ("claimed", "published"):
        return
    kept, attempt = (row["prepared"], row["attempt"]) if row is not None else (None, 0)
    _put(connection, payload, destination, "waiting", attempt, "", lease_until=0, kept=kept)
    receipt = Receipt(kind="retried", at=now, revision=payload.revision, attempt=attempt, destination=destination)
    occurrences.append(connection, payload, receipt)


def hold(connection: sqlite3.Connection, post_id: str, now: datetime) -> bool:
    """Whether a claim forbids a change of the post: any on a one-time post; of a series, one that may go on.

    What a person reopened of which there was no claim yet forbids nothing.
    """
    held = connection.execute(
        "SELECT 1 FROM claim WHERE attempt > 0 AND (occurrence_key = :post_id"
        " OR (post_id = :post_id AND state IN ('claimed', 'waiting')"
        " AND (lease_until > :now OR late_at IS NULL OR late_at > :now))) LIMIT 1",
        {"post_id": post_id, "now": milliseconds(now)},
    )
    return held.fetchone() is not None


def prune(connection: sqlite3.Connection, now: datetime, limit: int) -> None:
    """Delete up to `limit` claims that have expired."""
    connection.execute(
        "DELETE FROM claim WHERE (occurrence_key, destination) IN"
        " (SELECT occurrence_key, destination FROM claim WHERE expires_at < ? ORDER BY expires_at LIMIT ?)",
        (milliseconds(now), limit),
    )


def _is_turned_away(connection: sqlite3.Connection, payload: Payload, destination: str) -> bool:
    """Whether this revision is no longer wanted. A run of a series goes on there as it began, and so do threads."""
    of_the_thread = {destination, account_and_part(destination)[0]}
    if payload.due_at is None and any(find(connection, payload.occurrence_key, each) for each in of_the_thread):
        return False
    return plans.is_superseded(connection, payload)


def _give_up(connection: sqlite3.Connection, payload: Payload, destination: str, attempt: int, now: datetime) -> Claim:
    """Mark a claim unconfirmed whose owner never said how the call ended."""
    detail = {"reason": STOPPED_WHILE_PUBLISHING}
    receipt = Receipt(
        kind="unconfirmed", at=now, revision=payload.revision, attempt=attempt, destination=destination, detail=detail
    )
    finish(connection, payload, receipt)
    return Claim(verdict="unconfirmed", attempt=attempt, detail=detail)


def _put(
    connection: sqlite3.Connection,
    payload: Payload,
    destination: str,
    state: str,
    attempt: int,
    owner: str,
    *,
    lease_until: int,
    kept: str | None,
) -> None:
    late = payload.late_after_minutes
    connection.execute(
        "INSERT OR REPLACE INTO claim (occurrence_key, destination, post_id, state, attempt, owner, lease_until,"
        " late_at, prepared, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            payload.occurrence_key,
            destination,
            payload.post_id,
            state,
            attempt,
            owner,
            lease_until,
            milliseconds(payload.due + timedelta(minutes=late)) if late is not None else None,
            kept,
            milliseconds(payload.due + KEPT),
        ),
    )
