"""The outbox: posts published to this machine alone, where a newcomer sees what readers would see."""

import sqlite3
from dataclasses import dataclass
from datetime import datetime

from pydantic import TypeAdapter

from core.database import Database
from core.models import Media
from core.moments import from_milliseconds, milliseconds

LATEST = (1 << 62, "")
"""A place before the whole feed."""
_MEDIA = TypeAdapter(tuple[Media, ...])


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One published post in the feed."""

    occurrence_key: str
    post_id: str
    text: str
    published_at: datetime
    media: tuple[Media, ...] = ()


class Outbox:
    """A feed in punctual.db, one entry an occurrence however often it is added."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, entry: Entry) -> None:
        """Publish an entry. An occurrence that is there already stays as it is."""
        self._database.write(
            lambda connection: connection.execute(
                "INSERT OR IGNORE INTO outbox (occurrence_key, post_id, text, media, published_at)"
                " VALUES (?, ?, ?, ?, ?)",
                (
                    entry.occurrence_key,
                    entry.post_id,
                    entry.text,
                    _MEDIA.dump_json(entry.media).decode(),
                    milliseconds(entry.published_at),
                ),
            )
        )

    def get(self, occurrence_key: str) -> Entry | None:
        """Return one entry."""
        rows = self._database.read("SELECT * FROM outbox WHERE occurrence_key = ?", (occurrence_key,))
        return _read(rows[0]) if rows else None

    def feed(self, *, limit: int, after: Entry | None = None) -> list[Entry]:
        """Return entries, the latest first, behind `after`."""
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
        media=_MEDIA.validate_json(row["media"]),
        published_at=from_milliseconds(row["published_at"]),
    )
