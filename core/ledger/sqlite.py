"""The ledger of one machine: SQLite, one transaction per method."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from datetime import datetime
from importlib.resources import files
from pathlib import Path

from core.ledger import claim_rules
from core.ledger import sqlite_changes as changes
from core.ledger import sqlite_claims as claims
from core.ledger import sqlite_many_plans as many_plans
from core.ledger import sqlite_occurrences as occurrences
from core.ledger import sqlite_outdated_plans as outdated_plans
from core.ledger import sqlite_plans as plans
from core.ledger.concurrent_reads import IN_ORDER
from core.ledger.cursor import Cursor
from core.ledger.port import ClaimResult, ClaimTerms, Occurrence, OccurrenceReceipt, Plan, PlanChange, Receipt
from core.ledger.refusals import ChangedElsewhere
from core.posts.destinations import Destination
from core.posts.models import Post
from core.posts.payload import Payload
from core.storage.database import Database
from core.storage.processes import Presence
from core.storage.recovery import open_or_recreate
from core.time.instants import epoch_ms
from lambda_pkg.receipts import RECEIPTS_KEPT

_SCRIPTS = (
    "schema.sql",
    "zone_release.sql",
    "cancelled_from.sql",
    "drafts.sql",
    "labels.sql",
    "posting_times.sql",
    "held_posts.sql",
    "returned.sql",
    "replaces.sql",
)
MIGRATIONS = tuple(files("core.ledger").joinpath(name).read_text() for name in _SCRIPTS)
"""Schema version n consists of the first n entries. A released entry never changes; a new version adds one."""
DERIVATION_BATCH = 1000
"""Plans that `outdated` yields at once."""
PRUNE_LIMIT = 1000
"""Rows of each table that one call deletes, so that it blocks other writers only briefly."""


def open_database(path: Path, *, now: datetime) -> Database:
    """Open punctual.db, the file of the ledger, the outbox, the drafts and the posting times."""
    return open_or_recreate(path, MIGRATIONS, now=now)


class SqliteLedger:
    """The ledger port on a SQLite file that several processes may share."""

    concurrent = IN_ORDER

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database = database
        self._presence = presence

    def plan(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        return self._database.write(lambda connection: changes.write_new(connection, change, now, also))

    def change(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        return self._database.write(lambda connection: changes.write(connection, change, now, also))

    def settle(self, post_id: str, revision: int, *, now: datetime) -> Plan | None:
        def work(connection: sqlite3.Connection) -> Plan | None:
            plans.settle(connection, post_id, revision, now)
            return plans.find(connection, post_id)

        return self._database.write(work)

    def plan_all(self, posts: Sequence[Post], *, now: datetime) -> dict[str, Plan]:
        return self._database.write(lambda connection: many_plans.insert_unknown(connection, posts, now))

    def settle_all(self, plans: Sequence[Plan], *, now: datetime) -> dict[str, Plan]:
        return self._database.write(lambda connection: many_plans.settle_each(connection, plans, now))

    def unsettle_all(self, *, now: datetime) -> None:
        """Mark every open post as unsettled, after the scheduler lost its schedules.

        All of them then have the same `changed_at`, so `unsettled` returns them in due order.
        """
        self._database.write(lambda connection: plans.unsettle_all(connection, now))

    def outdated(self, release: str, *, newer: bool, due_before: datetime | None = None) -> Iterator[list[Plan]]:
        return outdated_plans.outdated(
            self._database, release, batch=DERIVATION_BATCH, newer=newer, due_before=due_before
        )

    def note_derivation(self, plans: Sequence[Plan]) -> None:
        """Write without a disk flush: after a power cut, the plans are derived once more."""
        self._database.write_unflushed(lambda connection: outdated_plans.note(connection, plans))

    def get(self, post_id: str) -> Plan | None:
        rows = self._database.read("SELECT * FROM post WHERE post_id = ?", (post_id,))
        return plans.read(rows[0]) if rows else None

    def get_all(self, post_ids: Sequence[str]) -> dict[str, Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE post_id IN (SELECT value FROM json_each(?))", (json.dumps(list(post_ids)),)
        )
        return {row["post_id"]: plans.read(row) for row in rows}

    def replaced_runs(self, series_id: str) -> dict[str, datetime]:
        with self._database.snapshot() as connection:
            return plans.replaced_runs(connection, series_id)

    def unsettled(self, *, changed_before: datetime, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE settled = 0 AND changed_at < ? ORDER BY changed_at, due_at LIMIT ?",
            (epoch_ms(changed_before), limit),
        )
        return [plans.read(row) for row in rows]

    def overdue(self, *, due_before: datetime, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE open = 1 AND due_at IS NOT NULL AND due_at < ? ORDER BY due_at DESC LIMIT ?",
            (epoch_ms(due_before), limit),
        )
        return [plans.read(row) for row in rows]

    def due(self, *, due_from: datetime, due_before: datetime, limit: int) -> list[Plan]:
        return [plans.read(row) for row in self._due_rows(due_from, due_before, limit)]

    def due_with(
        self, words: Sequence[str], *, due_from: datetime, due_before: datetime, limit: int
    ) -> tuple[list[Plan], bool]:
        rows = self._due_rows(due_from, due_before, limit + 1)
        return [plans.read(row) for row in plans.rows_with(words, rows[:limit])], len(rows) > limit

    def _due_rows(self, due_from: datetime, due_before: datetime, limit: int) -> list[sqlite3.Row]:
        return self._database.read(
            "SELECT * FROM post WHERE open = 1 AND due_at >= ? AND due_at < ? ORDER BY due_at, post_id LIMIT ?",
            (epoch_ms(due_from), epoch_ms(due_before), limit),
        )

    def due_count(self, *, due_from: datetime, due_before: datetime) -> int:
        period = (epoch_ms(due_from), epoch_ms(due_before))
        rows = self._database.read(
            "SELECT count(*) AS number FROM post WHERE open = 1 AND due_at >= ? AND due_at < ?", period
        )
        return int(rows[0]["number"])

    def open_count(self) -> int:
        rows = self._database.read("SELECT count(*) AS number FROM post WHERE open = 1", ())
        return int(rows[0]["number"])

    def pending(self, post_ids: Sequence[str]) -> dict[str, Plan | None]:
        rows = self._database.read(
            "SELECT *, open OR (wish = 'moved' AND schedule_name IS NOT NULL) AS pending FROM post"
            " WHERE post_id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(post_ids)),),
        )
        return {row["post_id"]: plans.read(row) if row["pending"] else None for row in rows}

    def needing_time(self, *, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE open = 1 AND needs_time IS NOT NULL ORDER BY due_at LIMIT ?", (limit,)
        )
        return [plans.read(row) for row in rows]

    def cancelled(self, *, after: datetime, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE wish = 'cancelled' AND NOT returned AND changed_at > ?"
            " ORDER BY changed_at DESC LIMIT ?",
            (epoch_ms(after), limit),
        )
        return [plans.read(row) for row in rows]

    def series(self, *, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE open = 1 AND due_at IS NULL ORDER BY post_id LIMIT ?", (limit,)
        )
        return [plans.read(row) for row in rows]

    def record(self, payload: Payload, receipt: Receipt) -> None:
        self.record_all([(payload, receipt)])

    def record_all(self, receipts: Sequence[OccurrenceReceipt]) -> None:
        """Append receipts in order, all or none, with one disk flush."""

        def work(connection: sqlite3.Connection) -> None:
            for payload, receipt in receipts:
                occurrences.append(connection, payload, receipt)

        self._database.write(work)

    def occurrence(self, key: str) -> Occurrence | None:
        with self._database.snapshot() as connection:
            return occurrences.get(connection, key)

    def occurrences(self, keys: Sequence[str]) -> list[Occurrence]:
        with self._database.snapshot() as connection:
            found = [occurrences.get(connection, key) for key in keys]
        return [each for each in found if each is not None]

    def begun(self, keys: Sequence[str]) -> frozenset[str]:
        rows = self._database.read(
            "SELECT occurrence_key FROM occurrence WHERE occurrence_key IN (SELECT value FROM json_each(?))",
            (json.dumps(list(keys)),),
        )
        return frozenset(row["occurrence_key"] for row in rows)

    def history(self, *, after: Cursor | None, limit: int) -> list[Occurrence]:
        with self._database.snapshot() as connection:
            return occurrences.page(connection, after, limit)

    def claim(self, payload: Payload, destination: Destination, terms: ClaimTerms) -> ClaimResult:
        return self._database.write(
            lambda connection: claims.claim(connection, payload, destination, terms, self._presence)
        )

    def ended_or_paused(self, payload: Payload, destination: Destination, *, now: datetime) -> ClaimResult | None:
        rows = self._database.read(claims.FIND, (payload.occurrence_key, str(destination)))
        return claim_rules.ended_or_paused(claims.read(rows[0]) if rows else None, now)

    def finish(self, payload: Payload, receipt: Receipt) -> None:
        self._database.write(lambda connection: claims.finish(connection, payload, receipt))

    def reopen(self, payload: Payload, destinations: tuple[Destination, ...], *, now: datetime) -> None:
        def work(connection: sqlite3.Connection) -> None:
            if payload.due_at is not None and plans.is_superseded(connection, payload):
                raise ChangedElsewhere(payload.post_id)
            for destination in destinations:
                claims.reopen(connection, payload, destination, now)

        self._database.write(work)

    def prune(self, *, now: datetime) -> None:
        def work(connection: sqlite3.Connection) -> None:
            claims.prune(connection, now, PRUNE_LIMIT)
            plans.prune(connection, now - RECEIPTS_KEPT, PRUNE_LIMIT)
            occurrences.prune(connection, now - RECEIPTS_KEPT, PRUNE_LIMIT)

        self._database.write(work)
