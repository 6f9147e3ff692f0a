"""The outbox of one machine, in punctual.db (core/ledger/schema.sql)."""

import sqlite3

from core.outbox.port import MEDIA, Entry
from core.storage.database import Database
from core.time.instants import from_milliseconds, milliseconds

LATEST = (1 << 62, "")
"""A place before the whole feed."""


class SqliteOutbox:
    """The outbox port on the SQLite file in which the fence notes what is out.

    So an entry waits for no disk by itself: the fence's note, which does, follows it. A power cut that takes the entry
    finds no such note, and the entry is added again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entry: Entry) -> None:
        self._database.write_unflushed(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO outbox (occurrence_key, post_id, text, media, published_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    entry.occurrence_key,
                    entry.post_id,
                    entry.text,
                    MEDIA.dump_json(entry.media).decode(),
                    milliseconds(entry.published_at),
                ),
            )
        )

    def get(self, occurrence_key: str) -> Entry | None:
        rows = self._database.read("SELECT * FROM outbox WHERE occurrence_key = ?", (occurrence_key,))
        return _read(rows[0]) if rows else None

    def feed(self, *, limit: int, after: Entry | None = None) -> list[Entry]:
        rows = self._database.read(
            "SELECT * FROM outbox WHERE (published_at, occurrence_key) < (?, ?)"
            " ORDER BY published_at DESC, occurrence_key DESC LIMIT ?",
            (*((milliseconds(after.published_at), after.occurrence_key) if after else LATEST), limit),
        )
        return [_read(row) for row in rows]


def _read(row: sqlite3.Row) -> Entry:
    return Entry(
        occurrence_key=row["occurrence_key"],
        post_id=row["post_id"],
        text=row["text"],
        media=MEDIA.validate_json(row["media"]),
        published_at=from_milliseconds(row["published_at"]),
    )
