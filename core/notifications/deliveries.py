"""The state of each channel and the problems it has reported, kept across restarts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from importlib.resources import files
from pathlib import Path

from core.storage.database import Database
from core.storage.recovery import open_or_recreate
from core.time.instants import epoch_ms, from_epoch_ms

MIGRATIONS = (files("core.notifications").joinpath("schema.sql").read_text(),)
"""One script for each schema version. A released script never changes; a new version appends one."""
RETENTION = timedelta(days=400)
SQL_BATCH = 500
"""The most problem ids in one statement; SQLite limits its parameters."""


def open_deliveries(path: Path, *, now: datetime) -> "Deliveries":
    """Open notices.db; a damaged one is replaced. Raises StorageError or NewerDatabase."""
    return Deliveries(open_or_recreate(path, MIGRATIONS, now=now))


@dataclass(frozen=True, kw_only=True)
class ChannelState:
    """The state of a channel, which reports problems that begin at `since` or later.

    `failures` counts the consecutive ones. `error` is the text of the last failure, None after a success.
    """

    name: str
    since: datetime
    failures: int
    retry_at: datetime
    error: str | None
    digest_on: date | None


@dataclass(frozen=True, kw_only=True)
class Scan:
    """A scan of the ledger for problems: its instant, and the earliest due instant that it covered."""

    at: datetime
    due_since: datetime


class Deliveries:
    """The tables of notices.db. Each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self.database = database

    def close(self) -> None:
        """Close the database."""
        self.database.close()

    def last_scan(self) -> Scan | None:
        """Return the last scan; None before the first."""
        rows = self.database.read("SELECT at, went_to FROM look")
        if not rows:
            return None
        return Scan(at=from_epoch_ms(rows[0]["at"]), due_since=from_epoch_ms(rows[0]["went_to"]))

    def record_scan(self, scan: Scan) -> None:
        """Record a scan, and delete reports that are older than RETENTION."""
        oldest = epoch_ms(scan.at - RETENTION)
        values = (epoch_ms(scan.at), epoch_ms(scan.due_since))
        self.database.write(
            lambda connection: (
                connection.execute("INSERT OR REPLACE INTO look (id, at, went_to) VALUES (1, ?, ?)", values),
                connection.execute("DELETE FROM told WHERE at < ?", (oldest,)),
            )
        )

    def channel_state(self, name: str, now: datetime) -> ChannelState:
        """Return the state of a channel; a new channel's state begins now."""
        rows = self.database.read("SELECT * FROM channel WHERE name = ?", (name,))
        if not rows:
            self.database.write(
                lambda connection: connection.execute(
                    "INSERT OR IGNORE INTO channel (name, since) VALUES (?, ?)", (name, epoch_ms(now))
                )
            )
            rows = self.database.read("SELECT * FROM channel WHERE name = ?", (name,))
        row = rows[0]
        return ChannelState(
            name=name,
            since=from_epoch_ms(row["since"]),
            failures=row["failures"],
            retry_at=from_epoch_ms(row["try_at"]),
            error=row["error"],
            digest_on=date.fromisoformat(row["digest_on"]) if row["digest_on"] else None,
        )

    def unreported(self, name: str, problem_ids: Sequence[str]) -> set[str]:
        """Return the problem ids that the channel has not reported."""
        found: set[str] = set(problem_ids)
        for start in range(0, len(problem_ids), SQL_BATCH):
            batch = problem_ids[start : start + SQL_BATCH]
            marks = ", ".join("?" * len(batch))
            rows = self.database.read(
                f"SELECT trouble FROM told WHERE channel = ? AND trouble IN ({marks})", (name, *batch)
            )
            found -= {row["trouble"] for row in rows}
        return found

    def record_success(self, name: str, problem_ids: Iterable[str], now: datetime) -> None:
        """Record that a channel works, and the problems that it reported."""
        rows = [(name, each, epoch_ms(now)) for each in problem_ids]
        self.database.write(
            lambda connection: (
                connection.executemany("INSERT OR IGNORE INTO told (channel, trouble, at) VALUES (?, ?, ?)", rows),
                connection.execute("UPDATE channel SET failures = 0, try_at = 0, error = NULL WHERE name = ?", (name,)),
            )
        )

    def record_failure(self, name: str, error: str, retry_at: datetime) -> None:
        """Record that a message failed, and the instant of the next attempt."""
        self.database.write(
            lambda connection: connection.execute(
                "UPDATE channel SET failures = failures + 1, try_at = ?, error = ? WHERE name = ?",
                (epoch_ms(retry_at), error, name),
            )
        )

    def record_digest(self, name: str, day: date) -> None:
        """Record the day of a channel's last digest."""
        self.database.write(
            lambda connection: connection.execute(
                "UPDATE channel SET digest_on = ? WHERE name = ?", (day.isoformat(), name)
            )
        )

    def rename_channel(self, name: str, new_name: str) -> None:
        """Rename a channel, and delete the records of an earlier channel of the new name."""
        self.database.write(
            lambda connection: (
                connection.execute("DELETE FROM told WHERE channel = ?", (new_name,)),
                connection.execute("UPDATE OR REPLACE channel SET name = ? WHERE name = ?", (new_name, name)),
                connection.execute("UPDATE told SET channel = ? WHERE channel = ?", (new_name, name)),
            )
        )

    def delete_channel(self, name: str) -> None:
        """Delete the records of a channel, so that a later channel of the same name starts without them."""
        self.database.write(
            lambda connection: (
                connection.execute("DELETE FROM channel WHERE name = ?", (name,)),
                connection.execute("DELETE FROM told WHERE channel = ?", (name,)),
            )
        )
