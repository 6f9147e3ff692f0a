"""The ledger of one machine: SQLite, one transaction per intent."""

import json
import sqlite3
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

from core.database import Database, open_sound
from core.ledger.port import (
    AlreadyGoingOut,
    AlreadyPlanned,
    ChangedElsewhere,
    Claim,
    Cursor,
    Occurrence,
    Plan,
    Receipt,
    UnknownPost,
    Wish,
)
from core.models import Post
from core.moments import from_milliseconds, milliseconds
from core.processes import Presence
from core.wire import Payload, read_payload

KEPT = timedelta(days=400)
"""How long claims and receipts outlive their due instant."""

MIGRATIONS = (files("core.ledger").joinpath("schema.sql").read_text(),)
"""Schema version n is the first n of these. A released one never changes; a new version adds one."""


def open_database(path: Path, *, now: datetime) -> Database:
    """Open punctual.db, the file that the ledger and the outbox share."""
    return open_sound(path, MIGRATIONS, now=now)


class SqliteLedger:
    """The ledger port on a SQLite file that several processes may share."""

    def __init__(self, database: Database, presence: Presence) -> None:
        self._database = database
        self._presence = presence

    def plan(self, post: Post, *, schedule_name: str | None, now: datetime) -> Plan:
        def insert(connection: sqlite3.Connection) -> Plan:
            found = _plan(connection, post.post_id)
            if found is not None:
                raise AlreadyPlanned(post.post_id)
            connection.execute(
                "INSERT INTO post (post_id, revision, content, wish, schedule_name, due_at, created_at, changed_at)"
                " VALUES (:post_id, :revision, :content, 'active', :schedule_name, :due_at, :now, :now)",
                _post_columns(post) | {"schedule_name": schedule_name, "now": milliseconds(now)},
            )
            return _plan_of(connection, post.post_id)

        return self._database.write(insert)

    def change(self, post: Post, *, wish: Wish, schedule_name: str | None, now: datetime) -> Plan:
        def update(connection: sqlite3.Connection) -> Plan:
            current = _plan_of(connection, post.post_id)
            if current.post.revision != post.revision - 1:
                raise ChangedElsewhere(post.post_id)
            if _going_out(connection, post):
                raise AlreadyGoingOut(post.post_id)
            left = {current.schedule_name, *current.superseded} - {schedule_name, None}
            connection.execute(
                "UPDATE post SET revision = :revision, content = :content, wish = :wish, superseded = :superseded,"
                " schedule_name = :schedule_name, settled = 0, due_at = :due_at, open = :open, changed_at = :now"
                " WHERE post_id = :post_id",
                _post_columns(post)
                | {"wish": wish, "schedule_name": schedule_name, "superseded": json.dumps(sorted(left, key=str))}
                | {"open": int(wish != "cancelled"), "now": milliseconds(now)},
            )
            return _plan_of(connection, post.post_id)

        return self._database.write(update)

    def settle(self, post_id: str, revision: int, *, now: datetime) -> None:
        self._database.write(
            lambda connection: connection.execute(
                "UPDATE post SET settled = 1, superseded = '[]', changed_at = ? WHERE post_id = ? AND revision = ?",
                (milliseconds(now), post_id, revision),
            )
        )

    def get(self, post_id: str) -> Plan | None:
        rows = self._database.read("SELECT * FROM post WHERE post_id = ?", (post_id,))
        return _read_plan(rows[0]) if rows else None

    def unsettled(self, *, changed_before: datetime, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE settled = 0 AND changed_at < ? ORDER BY changed_at LIMIT ?",
            (milliseconds(changed_before), limit),
        )
        return [_read_plan(row) for row in rows]

    def lying(self, *, due_before: datetime, limit: int) -> list[Plan]:
        rows = self._database.read(
            "SELECT * FROM post WHERE open = 1 AND due_at IS NOT NULL AND due_at < ? ORDER BY due_at LIMIT ?",
            (milliseconds(due_before), limit),
        )
        return [_read_plan(row) for row in rows]

    def record(self, payload: Payload, receipt: Receipt) -> None:
        self._database.write(lambda connection: _append(connection, payload, receipt))

    def occurrence(self, key: str) -> Occurrence | None:
        rows = self._database.read("SELECT * FROM occurrence WHERE occurrence_key = ?", (key,))
        return self._with_receipts(rows)[0] if rows else None

    def history(self, *, after: Cursor | None, limit: int) -> list[Occurrence]:
        place = (milliseconds(after.due_at), after.key) if after else (None, None)
        rows = self._database.read(
            "SELECT * FROM occurrence WHERE shown = 1"
            " AND (:due IS NULL OR due_at < :due OR (due_at = :due AND occurrence_key > :key))"
            " ORDER BY due_at DESC, occurrence_key LIMIT :limit",
            {"due": place[0], "key": place[1], "limit": limit},
        )
        return self._with_receipts(rows)

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
        def take(connection: sqlite3.Connection) -> Claim:
            row = connection.execute(
                "SELECT * FROM claim WHERE occurrence_key = ? AND destination = ?",
                (payload.occurrence_key, destination),
            ).fetchone()
            if row is not None and row["state"] in ("published", "refused", "unconfirmed"):
                return Claim(verdict=row["state"], attempt=row["attempt"], detail=json.loads(row["detail"]))
            if row is not None and row["state"] == "claimed":
                if row["lease_until"] > milliseconds(now) and self._presence.lives(row["owner"]):
                    return Claim(verdict="busy", until=from_milliseconds(row["lease_until"]))
                if not deduplicates:
                    return _give_up(connection, payload, destination, row["attempt"], now)
            if _is_superseded(connection, payload):
                _append(connection, payload, _superseded(payload, destination, now))
                return Claim(verdict="superseded")
            return _take(connection, payload, destination, row, prepared, self._presence.token, lease_until)

        return self._database.write(take)

    def finish(self, payload: Payload, receipt: Receipt) -> None:
        def end(connection: sqlite3.Connection) -> None:
            connection.execute(
                "UPDATE claim SET state = :kind, detail = :detail, lease_until = 0 WHERE occurrence_key = :key"
                " AND destination = :destination AND state <> 'published' AND attempt <= :attempt",
                {
                    "kind": receipt.kind,
                    "detail": json.dumps(receipt.detail),
                    "key": payload.occurrence_key,
                    "destination": receipt.destination,
                    "attempt": receipt.attempt if receipt.kind != "published" else 1 << 62,
                },
            )
            _append(connection, payload, receipt)

        self._database.write(end)

    def reopen(self, key: str, destinations: tuple[str, ...]) -> None:
        def open_again(connection: sqlite3.Connection) -> None:
            connection.executemany(
                "UPDATE claim SET state = 'waiting' WHERE occurrence_key = ? AND destination = ?"
                " AND state IN ('refused', 'unconfirmed')",
                [(key, destination) for destination in destinations],
            )

        self._database.write(open_again)

    def prune(self, *, now: datetime) -> int:
        before = {"before": milliseconds(now - KEPT)}

        def delete(connection: sqlite3.Connection) -> int:
            old = "SELECT occurrence_key FROM occurrence WHERE due_at < :before"
            connection.execute(f"DELETE FROM receipt WHERE occurrence_key IN ({old})", before)
            connection.execute("DELETE FROM claim WHERE expires_at < :before", before)
            gone = connection.execute("DELETE FROM occurrence WHERE due_at < :before", before).rowcount
            connection.execute(
                "DELETE FROM post WHERE settled = 1 AND open = 0 AND changed_at < :before"
                " AND (due_at < :before OR wish = 'cancelled')",
                before,
            )
            return gone

        return self._database.write(delete)

    def _with_receipts(self, rows: list[sqlite3.Row]) -> list[Occurrence]:
        keys = [row["occurrence_key"] for row in rows]
        marks = ", ".join("?" * len(keys))
        found: dict[str, list[Receipt]] = {key: [] for key in keys}
        for row in self._database.read(f"SELECT * FROM receipt WHERE occurrence_key IN ({marks}) ORDER BY id", keys):
            found[row["occurrence_key"]].append(_read_receipt(row))
        return [
            Occurrence(
                key=row["occurrence_key"],
                payload=read_payload(row["content"]),
                receipts=tuple(found[row["occurrence_key"]]),
            )
            for row in rows
        ]


def _post_columns(post: Post) -> dict[str, Any]:
    return {
        "post_id": post.post_id,
        "revision": post.revision,
        "content": post.model_dump_json(),
        "due_at": milliseconds(post.due_at) if post.due_at else None,
    }


def _plan(connection: sqlite3.Connection, post_id: str) -> Plan | None:
    row = connection.execute("SELECT * FROM post WHERE post_id = ?", (post_id,)).fetchone()
    return _read_plan(row) if row else None


def _plan_of(connection: sqlite3.Connection, post_id: str) -> Plan:
    found = _plan(connection, post_id)
    if found is None:
        raise UnknownPost(post_id)
    return found


def _read_plan(row: sqlite3.Row) -> Plan:
    return Plan(
        post=Post.model_validate_json(row["content"]),
        wish=row["wish"],
        schedule_name=row["schedule_name"],
        superseded=tuple(json.loads(row["superseded"])),
        settled=bool(row["settled"]),
        created_at=from_milliseconds(row["created_at"]),
        changed_at=from_milliseconds(row["changed_at"]),
    )


def _read_receipt(row: sqlite3.Row) -> Receipt:
    return Receipt(
        kind=row["kind"],
        at=from_milliseconds(row["at"]),
        revision=row["revision"],
        attempt=row["attempt"],
        destination=row["destination"],
        detail=json.loads(row["detail"]),
    )


def _going_out(connection: sqlite3.Connection, post: Post) -> bool:
    """Whether a claim forbids a change: any claim on a one-time post, an unfinished one on a repeating post."""
    unfinished = " AND state IN ('claimed', 'waiting')" if post.repeats else ""
    claimed = connection.execute(f"SELECT 1 FROM claim WHERE post_id = ?{unfinished} LIMIT 1", (post.post_id,))
    return claimed.fetchone() is not None


def _is_superseded(connection: sqlite3.Connection, payload: Payload) -> bool:
    """Whether the ledger knows the post and wishes something else of it than this revision.

    A post it does not know was planned by another dashboard that shares the signing secret; it is published.
    """
    row = connection.execute("SELECT revision, wish FROM post WHERE post_id = ?", (payload.post_id,)).fetchone()
    return row is not None and (row["revision"] != payload.revision or row["wish"] != "active")


def _superseded(payload: Payload, destination: str, now: datetime) -> Receipt:
    return Receipt(kind="superseded", at=now, revision=payload.revision, destination=destination)


def _take(
    connection: sqlite3.Connection,
    payload: Payload,
    destination: str,
    earlier: sqlite3.Row | None,
    prepared: dict[str, Any] | None,
    owner: str,
    lease_until: datetime,
) -> Claim:
    kept = json.loads(earlier["prepared"]) if earlier is not None and earlier["prepared"] else prepared
    attempt = earlier["attempt"] + 1 if earlier is not None else 1
    connection.execute(
        "INSERT OR REPLACE INTO claim"
        " (occurrence_key, destination, post_id, state, attempt, owner, lease_until, prepared, expires_at)"
        " VALUES (?, ?, ?, 'claimed', ?, ?, ?, ?, ?)",
        (
            payload.occurrence_key,
            destination,
            payload.post_id,
            attempt,
            owner,
            milliseconds(lease_until),
            json.dumps(kept) if kept is not None else None,
            milliseconds(payload.due + KEPT),
        ),
    )
    _begin(connection, payload, shown=True)
    return Claim(verdict="yours", attempt=attempt, prepared=kept)


def _give_up(connection: sqlite3.Connection, payload: Payload, destination: str, attempt: int, now: datetime) -> Claim:
    """Mark a claim unconfirmed whose owner never said how the call ended."""
    detail = {"reason": "Punctual stopped while it was publishing, and this network cannot be asked what became of it."}
    connection.execute(
        "UPDATE claim SET state = 'unconfirmed', detail = ? WHERE occurrence_key = ? AND destination = ?",
        (json.dumps(detail), payload.occurrence_key, destination),
    )
    receipt = Receipt(
        kind="unconfirmed", at=now, revision=payload.revision, attempt=attempt, destination=destination, detail=detail
    )
    _append(connection, payload, receipt)
    return Claim(verdict="unconfirmed", attempt=attempt, detail=detail)


def _append(connection: sqlite3.Connection, payload: Payload, receipt: Receipt) -> None:
    _begin(connection, payload, shown=receipt.kind != "superseded")
    connection.execute(
        "INSERT INTO receipt (occurrence_key, revision, destination, kind, attempt, at, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            payload.occurrence_key,
            receipt.revision,
            receipt.destination,
            receipt.kind,
            receipt.attempt,
            milliseconds(receipt.at),
            json.dumps(receipt.detail),
        ),
    )


def _begin(connection: sqlite3.Connection, payload: Payload, *, shown: bool) -> None:
    """Note that an occurrence began; the newest revision's payload is kept. One-time posts are open no longer."""
    connection.execute(
        "INSERT INTO occurrence (occurrence_key, post_id, revision, due_at, content, shown)"
        " VALUES (:key, :post_id, :revision, :due_at, :content, :shown)"
        " ON CONFLICT (occurrence_key) DO UPDATE SET shown = MAX(shown, :shown),"
        " due_at = IIF(:revision > revision, :due_at, due_at), content = IIF(:revision > revision, :content, content),"
        " revision = MAX(revision, :revision)",
        {
            "key": payload.occurrence_key,
            "post_id": payload.post_id,
            "revision": payload.revision,
            "due_at": milliseconds(payload.due),
            "content": payload.model_dump_json(),
            "shown": int(shown),
        },
    )
    if shown:
        connection.execute(
            "UPDATE post SET open = 0 WHERE post_id = ? AND revision = ? AND due_at IS NOT NULL AND open = 1",
            (payload.post_id, payload.revision),
        )
