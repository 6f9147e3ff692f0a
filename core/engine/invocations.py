"""Rows of invocations: dispatched occurrences and direct invocations, with the state of their attempts.

Every function runs in its connection's current transaction.
"""

import json
import sqlite3
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.time.instants import epoch_ms, from_epoch_ms

LEASE = 60_000
"""How long a claim is valid without renewal, in milliseconds. Live processes renew their claims."""

MAX_LISTED_DEAD_LETTERS = 200
"""The most dead letters in one listing. A payload may have 1 MiB."""

_INSERT = "INSERT INTO invocation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One attempt to invoke a function. `payload` contains no placeholders; `attempt` counts from 1."""

    id: str
    function_arn: str
    payload: bytes
    attempt: int
    scheduled_at: datetime
    schedule_name: str | None
    """None for a direct invocation (Lambda's Invoke)."""
    first_due: datetime
    """The invocation's age counts from this instant."""
    lane: str = ""
    """Invocations of one lane share a part of the workers; see `core.engine.lanes`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class FailedInvocation:
    """A dead letter: an invocation without further attempts. Kept for a year unless it is discarded."""

    id: str
    function_arn: str
    payload: bytes
    attempts: int
    scheduled_at: datetime
    schedule_name: str | None
    error: str
    failed_at: datetime


def add_claimed(
    connection: sqlite3.Connection, dispatched: Iterable[tuple[Invocation, int]], owner: str, now: int
) -> None:
    """Add dispatched invocations, claimed by `owner`, each with its schedule's generation."""
    connection.executemany(
        _INSERT,
        [
            _row(
                invocation,
                generation,
                state="running",
                attempts=1,
                owner=owner,
                lease_until=now + LEASE,
                lane=invocation.lane,
            )
            for invocation, generation in dispatched
        ],
    )


def add_waiting(connection: sqlite3.Connection, dispatched: Iterable[tuple[Invocation, int]]) -> None:
    """Add dispatched invocations that wait for the share of their lane, each with its schedule's generation."""
    connection.executemany(
        _INSERT,
        [
            _row(
                invocation,
                generation,
                state="waiting",
                next_attempt=epoch_ms(invocation.first_due),
                lane=invocation.lane,
            )
            for invocation, generation in dispatched
        ],
    )


def add_dead_letter(connection: sqlite3.Connection, invocation: Invocation, error: str, now: int) -> None:
    """Add a dead letter for an occurrence that is not invoked.

    It has no generation, so the index invocation_once permits an invocation of the same occurrence.
    """
    connection.execute(_INSERT, _row(invocation, None, state="dead", error=error, finished=now))


def add_direct(connection: sqlite3.Connection, function_arn: str, payload: bytes, now: int) -> None:
    """Add a direct invocation that is due now."""
    invocation = Invocation(
        id=str(uuid.uuid4()),
        function_arn=function_arn,
        payload=payload,
        attempt=1,
        scheduled_at=from_epoch_ms(now),
        schedule_name=None,
        first_due=from_epoch_ms(now),
    )
    connection.execute(_INSERT, _row(invocation, None, state="waiting", next_attempt=now, lane=None))


def _row(
    invocation: Invocation,
    generation: int | None,
    *,
    state: str,
    attempts: int = 0,
    next_attempt: int | None = None,
    owner: str | None = None,
    lease_until: int | None = None,
    error: str | None = None,
    finished: int | None = None,
    lane: str | None = None,
) -> tuple[Any, ...]:
    return (
        invocation.id,
        generation,
        invocation.schedule_name,
        invocation.function_arn,
        invocation.payload,
        epoch_ms(invocation.scheduled_at),
        epoch_ms(invocation.first_due),
        attempts,
        next_attempt,
        owner,
        lease_until,
        state,
        error,
        finished,
        lane,
    )


def claim(connection: sqlite3.Connection, owner: str, now: int, ids: Sequence[str]) -> list[Invocation]:
    """Claim waiting attempts for `owner`; return them in due order."""
    if not ids:
        return []
    rows = connection.execute(
        "UPDATE invocation SET state = 'running', owner = ?, lease_until = ?, attempts = attempts + 1,"
        " next_attempt = NULL WHERE id IN (SELECT value FROM json_each(?)) RETURNING *",
        (owner, now + LEASE, json.dumps(ids)),
    ).fetchall()
    return sorted(map(_invocation, rows), key=lambda invocation: invocation.scheduled_at)


def delete_succeeded(connection: sqlite3.Connection, invocation_id: str, owner: str) -> None:
    """Delete an invocation that succeeded. The engine keeps no results of successful attempts."""
    connection.execute("DELETE FROM invocation WHERE id = ? AND owner = ?", (invocation_id, owner))


def schedule_retry(connection: sqlite3.Connection, invocation_id: str, owner: str, error: str, at: int) -> int:
    """Record a failed attempt and plan the next one at `at`; return `at`."""
    connection.execute(
        "UPDATE invocation SET state = 'waiting', owner = NULL, lease_until = NULL, error = ?, next_attempt = ?"
        " WHERE id = ? AND owner = ?",
        (error, at, invocation_id, owner),
    )
    return at


def make_dead_letter(connection: sqlite3.Connection, invocation_id: str, owner: str, error: str, now: int) -> None:
    """Record a failed attempt that is the last one: the invocation becomes a dead letter."""
    connection.execute(
        "UPDATE invocation SET state = 'dead', owner = NULL, lease_until = NULL, error = ?, finished = ?"
        " WHERE id = ? AND owner = ?",
        (error, now, invocation_id, owner),
    )


def release_unstarted(connection: sqlite3.Connection, invocation_id: str, owner: str, now: int) -> None:
    """Free a claim whose function did not start. The attempt does not count. It comes before later ones of its lane."""
    connection.execute(
        "UPDATE invocation SET state = 'waiting', owner = NULL, lease_until = NULL, attempts = attempts - 1,"
        " next_attempt = min(?, first_due) WHERE id = ? AND owner = ?",
        (now, invocation_id, owner),
    )


def renew_leases(connection: sqlite3.Connection, owner: str, now: int) -> None:
    """Extend the leases of a live process."""
    connection.execute("UPDATE invocation SET lease_until = ? WHERE owner = ?", (now + LEASE, owner))


def free_claims_of(connection: sqlite3.Connection, owner: str, now: int) -> None:
    """Free all claims of a process and make their invocations due now, before later ones of their lanes."""
    connection.execute(
        "UPDATE invocation SET state = 'waiting', owner = NULL, lease_until = NULL,"
        " next_attempt = min(?, first_due) WHERE owner = ?",
        (now, owner),
    )


def _invocation(row: sqlite3.Row) -> Invocation:
    return Invocation(
        id=row["id"],
        function_arn=row["function_arn"],
        payload=row["payload"],
        attempt=row["attempts"],
        scheduled_at=from_epoch_ms(row["scheduled"]),
        schedule_name=row["schedule_name"],
        first_due=from_epoch_ms(row["first_due"]),
        lane=row["lane"] or "",
    )


def dead_letters(connection: sqlite3.Connection) -> list[FailedInvocation]:
    """Return the newest MAX_LISTED_DEAD_LETTERS dead letters, newest first."""
    rows = connection.execute(
        "SELECT * FROM invocation WHERE finished IS NOT NULL ORDER BY finished DESC, id LIMIT ?",
        (MAX_LISTED_DEAD_LETTERS,),
    ).fetchall()
    return [
        FailedInvocation(
            id=row["id"],
            function_arn=row["function_arn"],
            payload=row["payload"],
            attempts=row["attempts"],
            scheduled_at=from_epoch_ms(row["scheduled"]),
            schedule_name=row["schedule_name"],
            error=row["error"],
            failed_at=from_epoch_ms(row["finished"]),
        )
        for row in rows
    ]
