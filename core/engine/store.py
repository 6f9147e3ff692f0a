"""The engine's data: schedules, groups, invocations and client tokens in one SQLite file."""

import hashlib
import logging
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from core.engine import groups, invocations, waiting_attempts, zone_rules
from core.engine.api_errors import ApiError, Conflict
from core.engine.dispatch import dispatch_due
from core.engine.invocations import FailedInvocation, Invocation
from core.engine.lanes import LaneRooms
from core.storage.processes import Presence
from core.storage.recovery import open_or_recreate
from core.time.instants import epoch_ms, from_epoch_ms
from core.time.phrases import plural

T = TypeVar("T")

Work = Callable[[sqlite3.Connection], int | None]
"""A change in a transaction. It returns the due instant that it sets, in milliseconds, or None."""

log = logging.getLogger(__name__)

MIGRATIONS = tuple(
    Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("schema.sql", "lanes.sql", "zone_rules.sql")
)
"""Schema version n consists of the first n entries. A released entry never changes; a new version adds one."""

CLIENT_TOKEN_RETENTION = 24 * 3600_000
"""How long client tokens are kept, in milliseconds."""

DEAD_LETTER_RETENTION = 365 * 24 * 3600_000
"""How long dead letters are kept, in milliseconds.

It is less than the 400 days of receipts: after these, a retried dead letter could publish a post again.
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class IdempotentRequest:
    """A request with a client token. A request with an equal value is a repeat."""

    token: str
    operation: str
    content: bytes


class Store:
    """The engine's file. Several processes may have it open at once.

    Each method is one transaction. Changes through the API survive a power cut. Changes by a runner (claims, results,
    heartbeats) survive a kill but are not flushed to the disk. A power cut may undo them; then functions run again. All
    methods may raise StorageError or DatabaseDamaged.
    """

    def __init__(self, path: Path, *, now: datetime) -> None:
        """Open or create the file. A damaged file is set aside. Raises StorageError or NewerDatabase."""
        self.database = open_or_recreate(path, MIGRATIONS, now=now)
        self._listener: Callable[[int], None] = lambda due: None
        if not self.database.read("SELECT 1 FROM schedule_group WHERE name = ?", (groups.DEFAULT_GROUP,)):
            self.write(lambda connection: groups.ensure_default(connection, epoch_ms(now)))

    def write(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a durable transaction; an exception rolls it back."""
        return self.database.write(work)

    def write_unflushed(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run `work` in a transaction that survives a kill. A power cut may undo it, so `work` must be repeatable."""
        return self.database.write_unflushed(work)

    def write_once(self, request: IdempotentRequest | None, now: int, work: Work) -> None:
        """Run `work` once per request; pass the due instant that it returns to the listener.

        A repeat within a day has no effect. Raises Conflict if another request of this operation used the client token
        within a day.
        """
        due = self.write(lambda connection: _run_once(connection, request, now, work))
        if due is not None:
            self._listener(due)

    def write_each_once(
        self, writes: Sequence[tuple[IdempotentRequest | None, Work]], now: int
    ) -> list[ApiError | None]:
        """Run many requests in one durable transaction, each as `write_once` does; return the error of each.

        A request that fails must have changed nothing, and does not affect the others.
        """

        def run_all(connection: sqlite3.Connection) -> tuple[list[ApiError | None], list[int]]:
            errors: list[ApiError | None] = []
            dues: list[int] = []
            for request, work in writes:
                try:
                    due = _run_once(connection, request, now, work)
                except ApiError as error:
                    errors.append(error)
                else:
                    errors.append(None)
                    dues += [due] if due is not None else []
            return errors, dues

        errors, dues = self.write(run_all)
        if dues:
            self._listener(min(dues))
        return errors

    def snapshot(self) -> AbstractContextManager[sqlite3.Connection]:
        """Return a context with a connection that reads one committed state."""
        return self.database.snapshot()

    def on_due(self, listener: Callable[[int], None]) -> None:
        """Call `listener` with each new due instant from this process, after its commit."""
        self._listener = listener

    def add_direct_invocation(self, function_arn: str, payload: bytes, now: int) -> None:
        """Store a direct invocation that is due now."""
        self.write(lambda connection: invocations.add_direct(connection, function_arn, payload, now))
        self._listener(now)

    def next_due(self, *, attempts_after: int = -1) -> datetime | None:
        """Return the earliest due instant of schedules and attempts, or None if nothing is pending.

        Attempts at `attempts_after` and before do not count.
        """
        due = self.database.read(
            "SELECT min(due) FROM (SELECT min(due) AS due FROM schedule WHERE due IS NOT NULL UNION ALL"
            " SELECT min(next_attempt) FROM invocation WHERE next_attempt > ?)",
            (attempts_after,),
        )[0][0]
        return None if due is None else from_epoch_ms(due)

    def runs_due(self, prefix: str, begin: datetime, end: datetime, limit: int) -> list[tuple[str, datetime]]:
        """Return the names and pending occurrences of schedules that are due in a period, at most `limit`, in order.

        `prefix` begins the names. The query reads the range of an index.
        """
        rows = self.database.read(
            "SELECT name, occurrence FROM schedule WHERE due >= ? AND due < ? AND name >= ? AND name < ?"
            " ORDER BY due LIMIT ?",
            (epoch_ms(begin), epoch_ms(end), *groups.name_range(prefix, ""), limit),
        )
        return [(row["name"], from_epoch_ms(row["occurrence"])) for row in rows]

    def claim_due(self, owner: str, now: int, limit: int, rooms: LaneRooms | None = None) -> list[Invocation]:
        """Claim up to `limit` due invocations for the process `owner`; return them in due order.

        Schedules come before retries and direct invocations, because schedules can still be on time. In a lane, the
        order of the instants decides. An occurrence whose lane has no room is stored, and is claimed by a later call.
        `rooms` counts these. By default there are no lanes.
        """
        allowed = rooms or LaneRooms()

        def claim(connection: sqlite3.Connection) -> list[Invocation]:
            left = allowed.copy()
            claimed = dispatch_due(connection, owner, now, limit, left)
            if len(claimed) < limit:
                claimed += waiting_attempts.claim_due(connection, owner, now, limit - len(claimed), left)
            allowed.held_back = left.held_back
            return claimed

        return self.write_unflushed(claim)

    def derive_again(self, *, newer: bool, report: Callable[[list[str]], None] = lambda names: None) -> None:
        """Derive the pending occurrences whose zone rules were another release's; see zone_rules.derive_again.

        `report` gets the names of the schedules that move, before they do. Without any, this is one step in an index.
        """
        with self.snapshot() as connection:
            if not zone_rules.is_outdated(connection, newer=newer):
                return

        def derive(connection: sqlite3.Connection) -> int:
            moved = zone_rules.derive_again(connection, newer=newer)
            report(moved)
            return len(moved)

        moved = plural(self.write_unflushed(derive), "schedule")
        log.info("The rules of time zones changed: the next runs of %s moved.", moved)

    def has_live_runner(self, presence: Presence) -> bool:
        """Return whether a live process runs this home's engine."""
        tokens = [row["token"] for row in self.database.read("SELECT token FROM engine_process")]
        return any(presence.is_alive(token) for token in tokens)

    def last_heartbeat(self) -> datetime | None:
        """Return the newest heartbeat of the known runners, or None. It is at most 10 s old while a runner lives."""
        last = self.database.read("SELECT max(heartbeat) FROM engine_process")[0][0]
        return None if last is None else from_epoch_ms(last)

    def record_heartbeat(self, owner: str, now: int) -> None:
        """Record that a runner is alive, and renew its leases."""

        def record(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO engine_process VALUES (?, ?)", (owner, now))
            invocations.renew_leases(connection, owner, now)

        self.write_unflushed(record)

    def remove_process(self, owner: str) -> None:
        """Record that a runner has stopped."""
        self.write_unflushed(
            lambda connection: connection.execute("DELETE FROM engine_process WHERE token = ?", (owner,))
        )

    def lease_ends(self) -> dict[str, int]:
        """Return the end of the longest lease of each process that is known or has claims; 0 without claims.

        The second SELECT replaces the zeros of the first.
        """
        rows = self.database.read(
            "SELECT token AS owner, 0 AS lease FROM engine_process UNION ALL"
            " SELECT owner, max(lease_until) FROM invocation WHERE owner IS NOT NULL GROUP BY owner"
        )
        return {row["owner"]: row["lease"] for row in rows}

    def free_claims_of(self, owner: str, now: int) -> None:
        """Remove a process that is dead or stuck, and make its claims due now."""

        def free(connection: sqlite3.Connection) -> None:
            invocations.free_claims_of(connection, owner, now)
            connection.execute("DELETE FROM engine_process WHERE token = ?", (owner,))

        self.write_unflushed(free)

    def cap_next_attempt(self, latest: int) -> None:
        """Move attempts planned after `latest` to `latest`."""
        self.write_unflushed(
            lambda connection: connection.execute(
                "UPDATE invocation SET next_attempt = ? WHERE next_attempt > ?", (latest, latest)
            )
        )

    def dead_letters(self) -> list[FailedInvocation]:
        """Return the newest dead letters, newest first, at most MAX_LISTED_DEAD_LETTERS."""
        with self.snapshot() as connection:
            return invocations.dead_letters(connection)

    def dead_letter_count(self) -> int:
        """Return the number of dead letters."""
        count: int = self.database.read("SELECT count(*) FROM invocation WHERE finished IS NOT NULL")[0][0]
        return count

    def is_dead_letter(self, invocation_id: str) -> bool:
        """Return whether an invocation is a dead letter."""
        return bool(self.database.read("SELECT 1 FROM invocation WHERE id = ? AND state = 'dead'", (invocation_id,)))

    def discard_dead_letter(self, invocation_id: str) -> bool:
        """Delete a dead letter; return False if the invocation is not a dead letter."""
        discard = "DELETE FROM invocation WHERE id = ? AND state = 'dead'"
        return self.write(lambda connection: connection.execute(discard, (invocation_id,)).rowcount == 1)

    def prune(self, now: int) -> None:
        """Delete the client tokens older than a day and the dead letters older than a year."""

        def delete_expired(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM client_token WHERE used < ?", (now - CLIENT_TOKEN_RETENTION,))
            connection.execute("DELETE FROM invocation WHERE finished < ?", (now - DEAD_LETTER_RETENTION,))

        self.write_unflushed(delete_expired)

    def close(self) -> None:
        """Close the file."""
        self.database.close()


def _run_once(
    connection: sqlite3.Connection,
    request: IdempotentRequest | None,
    now: int,
    work: Work,
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
