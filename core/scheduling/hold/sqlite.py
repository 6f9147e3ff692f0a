"""The hold of one machine, in punctual.db (core/ledger/held_posts.sql)."""

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime

from core.ledger import sqlite_changes as changes
from core.ledger.port import Plan, PlanChange
from core.scheduling.hold.port import Hold, check_held
from core.storage.database import Database

_FIND = "SELECT content FROM hold"


class SqliteHold:
    """The hold port on the SQLite file that also holds the plans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self) -> Hold | None:
        return _read(self._database.read(_FIND))

    def change(self, change: Callable[[Hold | None], Hold | None]) -> Hold | None:
        def work(connection: sqlite3.Connection) -> Hold | None:
            before = _read(connection.execute(_FIND).fetchall())
            after = change(before)
            if after is None:
                connection.execute("DELETE FROM hold")
            elif after != before:
                connection.execute(
                    "INSERT OR REPLACE INTO hold (id, content) VALUES (1, ?)", (after.model_dump_json(),)
                )
            return after

        return self._database.write(work)

    def write(self, change: PlanChange, *, now: datetime, also: Sequence[PlanChange] = ()) -> Plan:
        def work(connection: sqlite3.Connection) -> Plan:
            check_held(_read(connection.execute(_FIND).fetchall()), change)
            return changes.write(connection, change, now, also)

        return self._database.write(work)


def _read(rows: Sequence[sqlite3.Row]) -> Hold | None:
    return Hold.model_validate_json(rows[0]["content"]) if rows else None
