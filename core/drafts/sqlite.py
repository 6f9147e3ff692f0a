"""The drafts of one machine, in punctual.db (core/ledger/drafts.sql)."""

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from core.drafts.draft import Draft, DraftContent, DraftGone
from core.drafts.port import KEPT_DELETED, saved
from core.ledger import sqlite_changes as changes
from core.ledger.port import Plan, PlanChange
from core.ledger.sqlite_occurrences import AFTER_ALL
from core.storage.database import Database
from core.time.instants import epoch_ms, from_epoch_ms


class SqliteDrafts:
    """The drafts port on the SQLite file that also holds the plans.

    The plan of a post deletes its draft by a trigger, in the same transaction.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(self, draft_id: str, content: DraftContent, *, base: int, template: bool = False, now: datetime) -> Draft:
        def work(connection: sqlite3.Connection) -> Draft:
            current = _find(connection, draft_id)
            if current is None and (base or _is_planned(connection, draft_id)):
                raise DraftGone(draft_id)
            draft = saved(current, draft_id, content, base=base, template=template, now=_precise(now))
            if draft != current:
                _write(connection, draft)
            return draft

        return self._database.write(work)

    def take_back(
        self,
        draft_id: str,
        content: DraftContent,
        change: PlanChange,
        *,
        now: datetime,
        also: Sequence[PlanChange] = (),
    ) -> Plan:
        def work(connection: sqlite3.Connection) -> Plan:
            plan = changes.write(connection, change, now, also)
            _write(connection, saved(None, draft_id, content, base=0, template=False, now=_precise(now)))
            return plan

        return self._database.write(work)

    def get(self, draft_id: str) -> Draft | None:
        rows = self._database.read("SELECT * FROM draft WHERE draft_id = ?", (draft_id,))
        return _read(rows[0]) if rows else None

    def page(self, *, templates: bool = False, limit: int, after: Draft | None = None) -> list[Draft]:
        rows = self._database.read(
            "SELECT * FROM draft WHERE template = ? AND deleted_at IS NULL AND (changed_at, draft_id) < (?, ?)"
            " ORDER BY changed_at DESC, draft_id DESC LIMIT ?",
            (int(templates), *((epoch_ms(after.changed_at), after.draft_id) if after else AFTER_ALL), limit),
        )
        return [_read(row) for row in rows]

    def count(self) -> int:
        sql = "SELECT count(*) FROM draft WHERE template = 0 AND deleted_at IS NULL"
        return int(self._database.read(sql)[0][0])

    def forget_earlier(self, draft_id: str) -> Draft:
        return self._change(draft_id, lambda draft: replace(draft, earlier=None))

    def delete(self, draft_id: str, *, now: datetime) -> Draft:
        return self._change(draft_id, lambda draft: replace(draft, deleted_at=draft.deleted_at or _precise(now)))

    def restore(self, draft_id: str, *, now: datetime) -> Draft:
        return self._change(draft_id, lambda draft: replace(draft, deleted_at=None))

    def remove(self, draft_id: str) -> None:
        if self.get(draft_id) is not None:  # most often the plan has removed it
            self._database.write(
                lambda connection: connection.execute("DELETE FROM draft WHERE draft_id = ?", (draft_id,))
            )

    def deleted(self, *, now: datetime, limit: int, after: Draft | None = None) -> list[Draft]:
        below = (epoch_ms(after.deleted_at), after.draft_id) if after and after.deleted_at else AFTER_ALL
        rows = self._database.read(
            "SELECT * FROM draft WHERE deleted_at > ? AND (deleted_at, draft_id) < (?, ?)"
            " ORDER BY deleted_at DESC, draft_id DESC LIMIT ?",
            (epoch_ms(now - KEPT_DELETED), *below, limit),
        )
        return [_read(row) for row in rows]

    def prune(self, *, now: datetime) -> None:
        before = (epoch_ms(now - KEPT_DELETED),)
        if self._database.read("SELECT 1 FROM draft WHERE deleted_at <= ? LIMIT 1", before):
            self._database.write(
                lambda connection: connection.execute("DELETE FROM draft WHERE deleted_at <= ?", before)
            )

    def _change(self, draft_id: str, change: Callable[[Draft], Draft]) -> Draft:
        def work(connection: sqlite3.Connection) -> Draft:
            current = _find(connection, draft_id)
            if current is None:
                raise DraftGone(draft_id)
            draft = change(current)
            if draft != current:
                _write(connection, draft)
            return draft

        return self._database.write(work)


def _is_planned(connection: sqlite3.Connection, draft_id: str) -> bool:
    return connection.execute("SELECT 1 FROM post WHERE post_id = ?", (draft_id,)).fetchone() is not None


def _find(connection: sqlite3.Connection, draft_id: str) -> Draft | None:
    row = connection.execute("SELECT * FROM draft WHERE draft_id = ?", (draft_id,)).fetchone()
    return _read(row) if row else None


def _write(connection: sqlite3.Connection, draft: Draft) -> None:
    columns: dict[str, Any] = {
        "draft_id": draft.draft_id,
        "version": draft.version,
        "content": draft.content.model_dump_json(),
        "earlier": draft.earlier.model_dump_json() if draft.earlier else None,
        "template": int(draft.template),
        "created_at": epoch_ms(draft.created_at),
        "changed_at": epoch_ms(draft.changed_at),
        "deleted_at": epoch_ms(draft.deleted_at) if draft.deleted_at else None,
    }
    connection.execute(
        "INSERT OR REPLACE INTO draft (draft_id, version, content, earlier, template, created_at, changed_at,"
        " deleted_at) VALUES (:draft_id, :version, :content, :earlier, :template, :created_at, :changed_at,"
        " :deleted_at)",
        columns,
    )


def _read(row: sqlite3.Row) -> Draft:
    return Draft(
        draft_id=row["draft_id"],
        content=DraftContent.model_validate_json(row["content"]),
        version=row["version"],
        template=bool(row["template"]),
        created_at=from_epoch_ms(row["created_at"]),
        changed_at=from_epoch_ms(row["changed_at"]),
        earlier=DraftContent.model_validate_json(row["earlier"]) if row["earlier"] else None,
        deleted_at=from_epoch_ms(row["deleted_at"]) if row["deleted_at"] is not None else None,
    )


def _precise(instant: datetime) -> datetime:
    """Return an instant with the precision of the file."""
    return from_epoch_ms(epoch_ms(instant))
