"""What each channel was told already, and how it went: kept so that a restart neither forgets nor repeats."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from core.storage.database import Database, open_sound
from core.time.instants import from_milliseconds, milliseconds

MIGRATIONS = (files("core.notifications").joinpath("schema.sql").read_text(),)
"""Schema version n is the first n of these. A released one never changes; a new version adds one."""
KEPT = timedelta(days=400)


def open_memory(path: Path, *, now: datetime) -> "Memory":
    """Open notices.db; a damaged one is set aside. Raises StorageFault or NewerDatabase."""
    return Memory(open_sound(path, MIGRATIONS, now=now))


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How it stands with one channel. `error` is its last failure in words, None once a message got through."""

    name: str
    since: datetime
    failures: int
    try_at: datetime
    error: str | None
    digest_on: date | None


@dataclass(frozen=True, kw_only=True)
class Look:
    """A look through the ledger: when, and back to which due instant."""

    at: datetime
    went_to: datetime


class Memory:
    """notices.db. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def close(self) -> None:
        """Close the file."""
        self.database.close()

    def last_look(self) -> Look | None:
        """Return the last look; None before the first."""
        rows = self.database.read("SELECT at, went_to FROM look")
        return (
            Look(at=from_milliseconds(rows[0]["at"]), went_to=from_milliseconds(rows[0]["went_to"])) if rows else None
        )

    def looked(self, look: Look) -> None:
        """Note a look, and forget what was told 400 days before it."""
        kept_from = milliseconds(look.at - KEPT)
        values = (milliseconds(look.at), milliseconds(look.went_to))
        self.database.write(
            lambda connection: (
                connection.execute("INSERT OR REPLACE INTO look (id, at, went_to) VALUES (1, ?, ?)", values),
                connection.execute("DELETE FROM told WHERE at < ?", (kept_from,)),
            )
        )

    def standing(self, name: str, now: datetime) -> Standing:
        """Return how it stands with a channel; one that is seen for the first time begins now."""
        rows = self.database.read("SELECT * FROM channel WHERE name = ?", (name,))
        if not rows:
            self.database.write(
                lambda connection: connection.execute(
                    "INSERT OR IGNORE INTO channel (name, since) VALUES (?, ?)", (name, milliseconds(now))
                )
            )
            rows = self.database.read("SELECT * FROM channel WHERE name = ?", (name,))
        row = rows[0]
        return Standing(
            name=name,
            since=from_milliseconds(row["since"]),
            failures=row["failures"],
            try_at=from_milliseconds(row["try_at"]),
            error=row["error"],
            digest_on=date.fromisoformat(row["digest_on"]) if row["digest_on"] else None,
        )

    def untold(self, name: str, ids: Sequence[str]) -> set[str]:
        """Return those of `ids` that the channel was not told."""
        found: set[str] = set(ids)
        for place in range(0, len(ids), 500):
            some = ids[place : place + 500]
            marks = ", ".join("?" * len(some))
            rows = self.database.read(
                f"SELECT trouble FROM told WHERE channel = ? AND trouble IN ({marks})", (name, *some)
            )
            found -= {row["trouble"] for row in rows}
        return found

    def sent(self, name: str, ids: Iterable[str], now: datetime) -> None:
        """Note that a channel was told of these, and works."""
        rows = [(name, each, milliseconds(now)) for each in ids]
        self.database.write(
            lambda connection: (
                connection.executemany("INSERT OR IGNORE INTO told (channel, trouble, at) VALUES (?, ?, ?)", rows),
                connection.execute("UPDATE channel SET failures = 0, try_at = 0, error = NULL WHERE name = ?", (name,)),
            )
        )

    def failed(self, name: str, error: str, try_at: datetime) -> None:
        """Note that a message did not get through, and when the channel is tried again."""
        self.database.write(
            lambda connection: connection.execute(
                "UPDATE channel SET failures = failures + 1, try_at = ?, error = ? WHERE name = ?",
                (milliseconds(try_at), error, name),
            )
        )

    def digested(self, name: str, day: date) -> None:
        """Note the day of a channel's last digest."""
        self.database.write(
            lambda connection: connection.execute(
                "UPDATE channel SET digest_on = ? WHERE name = ?", (day.isoformat(), name)
            )
        )

    def rename(self, name: str, new_name: str) -> None:
        """Let a channel go by another name; whatever went by that before is forgotten."""
        self.database.write(
            lambda connection: (
                connection.execute("DELETE FROM told WHERE channel = ?", (new_name,)),
                connection.execute("UPDATE OR REPLACE channel SET name = ? WHERE name = ?", (new_name, name)),
                connection.execute("UPDATE told SET channel = ? WHERE channel = ?", (new_name, name)),
            )
        )

    def forget(self, name: str) -> None:
        """Forget a channel; one that is set up again under the same name begins anew."""
        self.database.write(
            lambda connection: (
                connection.execute("DELETE FROM channel WHERE name = ?", (name,)),
                connection.execute("DELETE FROM told WHERE channel = ?", (name,)),
            )
        )
