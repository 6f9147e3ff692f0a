"""Invocations: occurrences that were handed over to a function, and what became of each attempt.

Every function works in the transaction that its connection is in.
"""

import sqlite3
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.engine.timing import instant_of, milliseconds

LEASE = 60_000
"""How long a process that is not seen to live may hold an invocation, in milliseconds. Live ones renew theirs."""

MOST_READ = 200
"""Dead letters that are read at once, as on AWS; each may be a quarter of a megabyte."""

_INSERT = "INSERT INTO invocation VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """One attempt to invoke a function. `payload` has its placeholders replaced; `attempt` counts from 1."""

    id: str
    function_arn: str
    payload: bytes
    attempt: int
    scheduled_at: datetime
    schedule_name: str | None
    """None for a direct invocation (Lambda's Invoke)."""
    first_due: datetime
    """What its age is counted from."""


@dataclass(frozen=True, kw_only=True, slots=True)
class DeadLetter:
    """An invocation that was given up, kept until someone retries or discards it, or for a year."""

    id: str
    function_arn: str
    payload: bytes
    attempts: int
    scheduled_at: datetime
    schedule_name: str | None
    error: str
    failed_at: datetime


def begin(connection: sqlite3.Connection, handed_over: Iterable[tuple[Invocation, int]], owner: str, now: int) -> None:
    """Add invocations, each with its schedule's generation, that `owner` has claimed."""
    connection.executemany(
        _INSERT,
        [
            _row(invocation, generation, state="running", attempts=1, owner=owner, lease_until=now + LEASE)
            for invocation, generation in handed_over
        ],
    )


def bury(connection: sqlite3.Connection, invocation: Invocation, error: str, now: int) -> None:
    """Add an occurrence that will not be invoked, as a dead letter of no generation."""
    connection.execute(_INSERT, _row(invocation, None, state="dead", error=error, finished=now))


def put(connection: sqlite3.Connection, function_arn: str, payload: bytes, now: int) -> None:
    """Store a direct invocation, due at once."""
    invocation = Invocation(
        id=str(uuid.uuid4()),
        function_arn=function_arn,
        payload=payload,
        attempt=1,
        scheduled_at=instant_of(now),
        schedule_name=None,
        first_due=instant_of(now),
    )
    connection.execute(_INSERT, _row(invocation, None, state="waiting", next_attempt=now))


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
) -> tuple[Any, ...]:
    return (
        invocation.id,
        generation,
        invocation.schedule_name,
        invocation.function_arn,
        invocation.payload,
        milliseconds(invocation.scheduled_at),
        milliseconds(invocation.first_due),
        attempts,
        next_attempt,
        owner,
        lease_until,
        state,
        error,
        finished,
    )


def claim(connection: sqlite3.Connection, owner: str, now: int, limit: int) -> list[Invocation]:
    """Claim for `owner` up to `limit` of the attempts that are due, in due order."""
    rows = connection.execute(
        "UPDATE invocation SET state = 'running', owner = ?, lease_until = ?, attempts = attempts + 1,"
        " next_attempt = NULL WHERE id IN"
        " (SELECT id FROM invocation WHERE next_attempt <= ? ORDER BY next_attempt LIMIT ?) RETURNING *",
        (owner, now + LEASE, now, limit),
    ).fetchall()
    return sorted(map(_invocation, rows), key=lambda invocation: invocation.scheduled_at)


def succeed(connection: sqlite3.Connection, invocation_id: str, owner: str) -> None:
    """Forget an invocation that succeeded: what became of the post is the function's to record."""
    connection.execute("DELETE FROM invocation WHERE id = ? AND owner = ?", (invocation_id, owner))


def try_again(connection: sqlite3.Connection, invocation_id: str, owner: str, error: str, at: int) -> int:
    """Record that an attempt failed; return when the next one is due, which is `at`."""
    connection.execute(
        "UPDATE invocation SET state = 'waiting', owner = NULL, lease_until = NULL, error = ?, next_attempt = ?"
        " WHERE id = ? AND owner = ?",
        (error, at, invocation_id, owner),
    )
    return at


def hasten(connection: sqlite3.Connection, latest: int) -> None:
    """Make attempts that are planned for later than an instant due at that instant."""
    connection.execute("UPDATE invocation SET next_attempt = ? WHERE next_attempt > ?", (latest, latest))


def give_up(connection: sqlite3.Connection, invocation_id: str, owner: str, error: str, now: int) -> None:
    """Record that the last attempt failed; the invocation is a dead letter from now on."""
    connection.execute(
        "UPDATE invocation SET state = 'dead', owner = NULL, lease_until = NULL, error = ?, finished = ?"
        " WHERE id = ? AND owner = ?",
        (error, now, invocation_id, owner),
    )


def put_back(connection: sqlite3.Connection, invocation_id: str, owner: str, now: int) -> None:
    """Free a claim whose function was not begun; the attempt does not count."""
    connection.execute(
        "UPDATE invocation SET state = 'waiting', owner = NULL, lease_until = NULL, attempts = attempts - 1,"
        " next_attempt = ? WHERE id = ? AND owner = ?",
        (now, invocation_id, owner),
    )


def renew(connection: sqlite3.Connection, owner: str, now: int) -> None:
    """Prolong the leases of a live process."""
    connection.execute("UPDATE invocation SET lease_until = ? WHERE owner = ?", (now + LEASE, owner))


def free(connection: sqlite3.Connection, owner: str, now: int) -> None:
    """Make all that a process holds due again."""
    connection.execute(
        "UPDATE invocation SET state = 'waiting', owner = NULL, lease_until = NULL, next_attempt = ? WHERE owner = ?",
        (now, owner),
    )


def _invocation(row: sqlite3.Row) -> Invocation:
    return Invocation(
        id=row["id"],
        function_arn=row["function_arn"],
        payload=row["payload"],
        attempt=row["attempts"],
        scheduled_at=instant_of(row["scheduled"]),
        schedule_name=row["schedule_name"],
        first_due=instant_of(row["first_due"]),
    )


def dead_letters(connection: sqlite3.Connection) -> list[DeadLetter]:
    """Return the dead letters, newest first; of very many, the newest."""
    rows = connection.execute(
        "SELECT * FROM invocation WHERE finished IS NOT NULL ORDER BY finished DESC, id LIMIT ?", (MOST_READ,)
    ).fetchall()
    return [
        DeadLetter(
            id=row["id"],
            function_arn=row["function_arn"],
            payload=row["payload"],
            attempts=row["attempts"],
            scheduled_at=instant_of(row["scheduled"]),
            schedule_name=row["schedule_name"],
            error=row["error"],
            failed_at=instant_of(row["finished"]),
        )
        for row in rows
    ]


def dead_count(connection: sqlite3.Connection) -> int:
    """Return how many dead letters there are."""
    count: int = connection.execute("SELECT count(*) FROM invocation WHERE finished IS NOT NULL").fetchone()[0]
    return count


def prune(connection: sqlite3.Connection, before: int) -> None:
    """Forget the dead letters that were given up before an instant."""
    connection.execute("DELETE FROM invocation WHERE finished < ?", (before,))


def is_dead(connection: sqlite3.Connection, invocation_id: str) -> bool:
    """Tell whether an invocation is a dead letter."""
    found = connection.execute("SELECT 1 FROM invocation WHERE id = ? AND state = 'dead'", (invocation_id,))
    return found.fetchone() is not None


def discard(connection: sqlite3.Connection, invocation_id: str) -> bool:
    """Forget a dead letter; False if it is none any more."""
    return connection.execute("DELETE FROM invocation WHERE id = ? AND state = 'dead'", (invocation_id,)).rowcount == 1
