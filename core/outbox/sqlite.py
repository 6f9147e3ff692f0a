"""The outbox of one machine, in punctual.db (core/ledger/schema.sql)."""

import sqlite3

from core.ledger.sqlite_occurrences import AFTER_ALL
from core.outbox.port import MEDIA, OutboxPost
from core.storage.database import Database
from core.time.instants import epoch_ms, from_epoch_ms


class SqliteOutbox:
    """The outbox port on the SQLite file that also holds the claims.

    `add` does not wait for the disk, because the receipt that follows it in the same file does. If a power cut loses
    the post, it loses the receipt as well, and the post is added again.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, post: OutboxPost) -> None:
        self._database.write_unflushed(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO outbox (occurrence_key, post_id, text, media, published_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    post.occurrence_key,
                    post.post_id,
                    post.text,
                    MEDIA.dump_json(post.media).decode(),
                    epoch_ms(post.published_at),
                ),
            )
        )

    def get(self, occurrence_key: str) -> OutboxPost | None:
        rows = self._database.read("SELECT * FROM outbox WHERE occurrence_key = ?", (occurrence_key,))
        return _read(rows[0]) if rows else None

    def feed(self, *, limit: int, after: OutboxPost | None = None) -> list[OutboxPost]:
        rows = self._database.read(
            "SELECT * FROM outbox WHERE (published_at, occurrence_key) < (?, ?)"
            " ORDER BY published_at DESC, occurrence_key DESC LIMIT ?",
            (*((epoch_ms(after.published_at), after.occurrence_key) if after else AFTER_ALL), limit),
        )
        return [_read(row) for row in rows]


def _read(row: sqlite3.Row) -> OutboxPost:
    return OutboxPost(
        occurrence_key=row["occurrence_key"],
        post_id=row["post_id"],
        text=row["text"],
        media=MEDIA.validate_json(row["media"]),
        published_at=from_epoch_ms(row["published_at"]),
    )
