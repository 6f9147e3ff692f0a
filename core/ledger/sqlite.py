"""The ledger of one machine: SQLite, one transaction per intent."""

import sqlite3
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any

from core.ledger import claims, occurrences, plans
from core.ledger.port import KEPT, AlreadyGoingOut, ChangedElsewhere, Claim, Cursor, Occurrence, Plan, Receipt, Wish
from core.posts.models import Post
from core.posts.payload import Payload
from core.storage.database import Database, open_sound
from core.storage.processes import Presence
from core.time.instants import milliseconds

MIGRATIONS = (files("core.ledger").joinpath("schema.sql").read_text(),)
"""Schema version n is the first n of these. A released one never changes; a new version adds one."""
PRUNED_AT_ONCE = 1000
"""Rows of each table that one call deletes, so that it holds nobody up for long."""


def open_database(path: Path, *, now: datetime) -> Database:
    """Open punctual.db, the file that the ledger and the outbox share."""
    return open_sound(path, MIGRATIONS, now=now)


class SqliteLedger:
    """The ledger port on a SQLite file that several processes may share."""

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database = database
        self._presence = presence

    def plan(self, post: Post, *, wish: Wish = "active", schedule_name: str | None, now: datetime) -> Plan:
        return self._database.write(lambda connection: plans.insert(connection, post, wish, schedule_name, now))

    def change(self, post: Post, *, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
        def work(connection: sqlite3.Connection) -> Plan:
            changed = plans.change(connection, post, wish, schedule_name, now)
            if claims.hold(connection, post.post_id, now):
                raise AlreadyGoingOut(post.post_id)
            occurrences.hide(connection, post.post_id)
            return changed

        return self._database.write(work)

    def settle(self, post_id: str, revision: int, *, now: datetime) -> None:
        self._database.write(lambda connection: plans.settle(connection, post_id, revision, now))

    def distrust(self, *, now: datetime) -> None:
        """Take nothing that is still to go out for settled any more, since the scheduler has lost what it held.

        What changed at the same moment, as all of this does, is unsettled in the order in which it is due.
        """
        self._database.write(lambda connection: plans.distrust(connection, now))

    def get(self, post_id: str) -> Plan | None:
        rows = self._database.read("SELECT * FROM post WHERE post_id = ?", (post_id,))
        return plans.read(rows[0]) if rows else None

    def unsettled(self, *, changed_before: datetime, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE settled = 0 AND changed_at < ? ORDER BY changed_at, due_at LIMIT ?",
            (milliseconds(changed_before), limit),
        )
        return [plans.read(row) for row in rows]

    def lying(self, *, due_before: datetime, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE open = 1 AND due_at IS NOT NULL AND due_at < ? ORDER BY due_at DESC LIMIT ?",
            (milliseconds(due_before), limit),
        )
        return [plans.read(row) for row in rows]

    def series(self, *, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE open = 1 AND due_at IS NULL ORDER BY post_id LIMIT ?", (limit,)
        )
        return [plans.read(row) for row in rows]

    def record(self, payload: Payload, receipt: Receipt) -> None:
        self._database.write(lambda connection: occurrences.append(connection, payload, receipt))

    def occurrence(self, key: str) -> Occurrence | None:
        with self._database.snapshot() as connection:
            return occurrences.get(connection, key)

    def history(self, *, after: Cursor | None, limit: int) -> list[Occurrence]:
        with self._database.snapshot() as connection:
            return occurrences.page(connection, after, limit)

    def claim(
        self,
        payload: Payload,
        destination: str,
        *,
        deduplicates: bool,
        prepared: dict[str, Any] | None,
        lease_until: datetime,
        now: datetime,
    ) -> Claim:
        lives, owner = self._presence.lives, self._presence.token

        def work(connection: sqlite3.Connection) -> Claim:
            answer = claims.look(connection, payload, destination, now, deduplicates=deduplicates, lives=lives)
            return answer or claims.take(
                connection, payload, destination, owner=owner, prepared=prepared, lease_until=lease_until
            )

        return self._database.write(work)

    def stands(self, payload: Payload, destination: str, *, now: datetime) -> Claim | None:
        with self._database.snapshot() as connection:
            return claims.stands(claims.find(connection, payload.occurrence_key, destination), now)

    def finish(self, payload: Payload, receipt: Receipt) -> None:
        self._database.write(lambda connection: claims.finish(connection, payload, receipt))

    def reopen(self, payload: Payload, destinations: tuple[str, ...], *, now: datetime) -> None:
        def work(connection: sqlite3.Connection) -> None:
            if payload.due_at is not None and plans.is_superseded(connection, payload):
                raise ChangedElsewhere(payload.post_id)
            for destination in destinations:
                claims.reopen(connection, payload, destination, now)

        self._database.write(work)

    def prune(self, *, now: datetime) -> None:
        def work(connection: sqlite3.Connection) -> None:
            claims.prune(connection, now, PRUNED_AT_ONCE)
            plans.prune(connection, now - KEPT, PRUNED_AT_ONCE)
            occurrences.prune(connection, now - KEPT, PRUNED_AT_ONCE)

        self._database.write(work)
