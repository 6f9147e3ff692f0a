"""The engine's memory: schedules, groups and invocations in one SQLite file."""

import hashlib
import sqlite3
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from core.engine import groups, invocations
from core.engine.api_errors import Conflict
from core.engine.dispatch import hand_over
from core.engine.invocations import DeadLetter, Invocation
from core.engine.timing import instant_of, milliseconds
from core.storage.database import open_sound
from core.storage.processes import Presence

T = TypeVar("T")

MIGRATIONS = ((Path(__file__).with_name("schema.sql")).read_text(encoding="utf-8"),)

TOKENS_KEPT = 24 * 3600_000
"""How long client tokens are kept, in milliseconds."""

DEAD_LETTERS_KEPT = 365 * 24 * 3600_000
"""How long dead letters are kept, in milliseconds: less than the fence remembers what went out."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What tells a repeated request from another one with the same client token."""

    token: str
    operation: str
    content: bytes


class Store:
    """What the engine knows, in one file. Several processes may have it open at once.

    Each method is one transaction. What was asked for and acknowledged survives a power cut. What a runner notes
    (claims, results, that it lives) survives a kill but waits for no disk: after a power cut it is only done again,
    which functions must bear anyway. All methods may raise StorageFault or Damaged.
    """

    def __init__(self, path: Path, *, now: datetime) -> None:
        """Open the file, made if missing. A damaged one is set aside. Raises StorageFault or NewerDatabase."""
        self.database = open_sound(path, MIGRATIONS, now=now)
        self._listener: Callable[[int], None] = lambda due: None
        if not self.database.read("SELECT 1 FROM schedule_group WHERE name = ?", (groups.DEFAULT,)):
            self.write(lambda connection: groups.ensure_default(connection, milliseconds(now)))

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a durable transaction; what it raises undoes it."""
        return self.database.write(work)

    def note(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction that survives a kill, for what is only done again if a power cut takes it."""
        return self.database.write_unflushed(work)

    def write_once(self, request: Request | None, now: int, work: Callable[[sqlite3.Connection], int | None]) -> None:
        """Run `work` unless the very same request was carried out before, and tell the runner of what it made due.

        Raises Conflict if the client token was used for another request of this operation within the last day.
        """
        due = self.write(lambda connection: _once(connection, request, now, work))
        if due is not None:
            self._listener(due)

    def snapshot(self) -> AbstractContextManager[sqlite3.Connection]:
        """Give a connection for reading one committed state."""
        return self.database.snapshot()

    def on_due(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with each instant that becomes due through this process, after it was committed."""
        self._listener = listener

    def invoke(self, function_arn: str, payload: bytes, now: int) -> None:
        """Store a direct invocation, due at once."""
        self.write(lambda connection: invocations.put(connection, function_arn, payload, now))
        self._listener(now)

    def next_due(self) -> datetime | None:
        """Return the instant at which something is to be done next; None when nothing is pending."""
        due = self.database.read(
            "SELECT min(due) FROM (SELECT min(due) AS due FROM schedule WHERE due IS NOT NULL UNION ALL"
            " SELECT min(next_attempt) FROM invocation WHERE next_attempt IS NOT NULL)"
        )[0][0]
        return None if due is None else instant_of(due)

    def take(self, owner: str, now: int, limit: int) -> list[Invocation]:
        """Claim up to `limit` of what is due for the process `owner`, in due order.

        Schedules come before retries: being on time matters to them, while a retry is late already.
        """

        def work(connection: sqlite3.Connection) -> list[Invocation]:
            taken = hand_over(connection, owner, now, limit)
            if len(taken) < limit:
                taken += invocations.claim(connection, owner, now, limit - len(taken))
            return taken

        return self.note(work)

    def running(self, presence: Presence) -> bool:
        """Tell whether a live process runs this home's engine."""
        tokens = [row["token"] for row in self.database.read("SELECT token FROM engine_process")]
        return any(presence.lives(token) for token in tokens)

    def heartbeat(self) -> datetime | None:
        """Return when a runner last reported, at most 10 s old while one runs; None if none does."""
        last = self.database.read("SELECT max(heartbeat) FROM engine_process")[0][0]
        return None if last is None else instant_of(last)

    def beat(self, owner: str, now: int) -> None:
        """Report that a runner lives, and prolong the leases of what it runs."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO engine_process VALUES (?, ?)", (owner, now))
            invocations.renew(connection, owner, now)

        self.note(work)

    def leave(self, owner: str) -> None:
        """Report that a runner has stopped."""
        self.note(lambda connection: connection.execute("DELETE FROM engine_process WHERE token = ?", (owner,)))

    def owners(self) -> dict[str, int]:
        """Return the processes that are known, each with the end of its longest lease, or 0 if it holds nothing."""
        rows = self.database.read(
            "SELECT token AS owner, 0 AS lease FROM engine_process UNION ALL"
            " SELECT owner, max(lease_until) FROM invocation WHERE owner IS NOT NULL GROUP BY owner"
        )
        return {row["owner"]: row["lease"] for row in rows}

    def bury(self, owner: str, now: int) -> None:
        """Forget a process that is dead; what it held is due again."""

        def work(connection: sqlite3.Connection) -> None:
            invocations.free(connection, owner, now)
            connection.execute("DELETE FROM engine_process WHERE token = ?", (owner,))

        self.note(work)

    def hasten(self, latest: int) -> None:
        """Let no attempt wait until later than an instant."""
        self.note(lambda connection: invocations.hasten(connection, latest))

    def dead_letters(self) -> list[DeadLetter]:
        """Return the invocations that were given up, newest first; of very many, the newest 200."""
        with self.snapshot() as connection:
            return invocations.dead_letters(connection)

    def dead_count(self) -> int:
        """Return how many invocations were given up, and neither retried nor discarded since."""
        with self.snapshot() as connection:
            return invocations.dead_count(connection)

    def is_dead(self, invocation_id: str) -> bool:
        """Tell whether an invocation was given up, and neither retried nor discarded since."""
        with self.snapshot() as connection:
            return invocations.is_dead(connection, invocation_id)

    def discard(self, invocation_id: str) -> bool:
        """Forget a dead letter; False if it is no dead letter any more."""
        return self.write(lambda connection: invocations.discard(connection, invocation_id))

    def prune(self, now: int) -> None:
        """Forget the client tokens that were used more than a day ago, and dead letters of more than a year ago."""

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM client_token WHERE used < ?", (now - TOKENS_KEPT,))
            invocations.prune(connection, now - DEAD_LETTERS_KEPT)

        self.note(work)

    def close(self) -> None:
        """Close the file."""
        self.database.close()


def _once(
    connection: sqlite3.Connection, request: Request | None, now: int, work: Callable[[sqlite3.Connection], int | None]
) -> int | None:
    if request is None:
        return work(connection)
    digest = hashlib.sha256(request.content).digest()[:16]
    key = (request.token, request.operation)
    known = connection.execute("SELECT request FROM client_token WHERE token = ? AND operation = ?", key).fetchone()
    if known is None:
        due = work(connection)
        connection.execute("INSERT INTO client_token VALUES (?, ?, ?, ?)", (*key, digest, now))
        return due
    if known["request"] != digest:
        raise Conflict(f"ClientToken {request.token} was used for another {request.operation} request.")
    return None
