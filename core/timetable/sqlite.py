"""The posting times of one machine, in punctual.db (core/ledger/posting_times.sql)."""

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta

from core.ledger import sqlite_plans as plans
from core.posts.destinations import Destination
from core.storage.database import Database
from core.time.instants import epoch_ms, from_epoch_ms
from core.timetable.port import NOT_STORED, Occupant, StoredTimetable, TimeClaim, TimetableChanged, occupies
from core.timetable.timetable import Timetable

KEPT_CLAIMS = timedelta(days=1)
"""How long a claim is kept after its instant."""


class SqlitePostingTimes:
    """The posting times port on the SQLite file that also holds the plans."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> dict[Destination | None, StoredTimetable]:
        rows = self._database.read("SELECT * FROM timetable ORDER BY account")
        return {Destination.parse(row["account"]) if row["account"] else None: _read(row) for row in rows}

    def save(self, account: Destination | None, timetable: Timetable | None, *, base: int) -> StoredTimetable:
        def work(connection: sqlite3.Connection) -> StoredTimetable:
            row = connection.execute("SELECT * FROM timetable WHERE account = ?", (account or "",)).fetchone()
            if (_read(row) if row else NOT_STORED).version != base:
                raise TimetableChanged
            content = timetable.model_dump_json() if timetable else None
            connection.execute("INSERT OR REPLACE INTO timetable VALUES (?, ?, ?)", (account or "", base + 1, content))
            return StoredTimetable(timetable=timetable, version=base + 1)

        return self._database.write(work)

    def occupants(
        self, instants: Sequence[datetime], accounts: Collection[Destination], *, now: datetime
    ) -> Mapping[datetime, list[Occupant]]:
        found: dict[datetime, list[Occupant]] = defaultdict(list)
        wanted = json.dumps([epoch_ms(each) for each in instants])
        posts = self._database.read(
            "SELECT due_at, post_id, json_extract(content, '$.destinations') AS destinations FROM post"
            " WHERE open = 1 AND due_at IN (SELECT value FROM json_each(?))",
            (wanted,),
        )
        for row in posts:
            own = frozenset(Destination.parse(each).account for each in json.loads(row["destinations"]))
            found[from_epoch_ms(row["due_at"])].append(Occupant(post_id=row["post_id"], accounts=own))
        claims = self._database.read(
            "SELECT time_claim.*, post.revision AS planned FROM time_claim LEFT JOIN post USING (post_id)"
            " WHERE time_claim.due_at IN (SELECT value FROM json_each(?))"
            " AND account IN (SELECT value FROM json_each(?)) AND time_claim.revision = coalesce(post.revision, 0)",
            (wanted, json.dumps(list(accounts))),
        )
        for row in claims:
            if _read_claim(row).awaits_plan(row["planned"], now):
                own = frozenset({Destination.parse(row["account"])})
                found[from_epoch_ms(row["due_at"])].append(Occupant(post_id=row["post_id"], accounts=own))
        return found

    def claim(
        self,
        post_id: str,
        accounts: Collection[Destination],
        instant: datetime,
        *,
        revision: int = 0,
        instead_of: Collection[str] = (),
        now: datetime,
    ) -> bool:
        wanted = TimeClaim(post_id=post_id, revision=revision, claimed_at=now)
        return self._database.write(lambda connection: _claim(connection, wanted, accounts, instant, instead_of))

    def claim_each(
        self, wanted: Sequence[tuple[str, Collection[Destination], datetime]], *, now: datetime
    ) -> list[bool]:
        """Claim all of them in one transaction."""

        def work(connection: sqlite3.Connection) -> list[bool]:
            return [
                _claim(connection, TimeClaim(post_id=post_id, revision=0, claimed_at=now), accounts, instant)
                for post_id, accounts, instant in wanted
            ]

        return self._database.write(work)

    def release(self, post_id: str, accounts: Collection[Destination], instant: datetime) -> None:
        self._database.write(
            lambda connection: connection.executemany(
                "DELETE FROM time_claim WHERE due_at = ? AND account = ? AND post_id = ?",
                [(epoch_ms(instant), account, post_id) for account in accounts],
            )
        )


def _claim(
    connection: sqlite3.Connection,
    wanted: TimeClaim,
    accounts: Collection[Destination],
    instant: datetime,
    instead_of: Collection[str] = (),
) -> bool:
    """Claim an instant for accounts, and return whether no other post has a live claim for one of them."""
    now = wanted.claimed_at
    for account in accounts:
        row = _find_claim(connection, account, instant)
        if row and row["post_id"] not in (wanted.post_id, *instead_of) and _is_live(connection, row, now):
            return False
    connection.execute("DELETE FROM time_claim WHERE due_at < ?", (epoch_ms(now - KEPT_CLAIMS),))
    connection.executemany(
        "INSERT OR REPLACE INTO time_claim (due_at, account, post_id, revision, claimed_at) VALUES (?, ?, ?, ?, ?)",
        [(epoch_ms(instant), account, wanted.post_id, wanted.revision, epoch_ms(now)) for account in accounts],
    )
    return True


def _find_claim(connection: sqlite3.Connection, account: Destination, instant: datetime) -> sqlite3.Row | None:
    row: sqlite3.Row | None = connection.execute(
        "SELECT * FROM time_claim WHERE due_at = ? AND account = ?", (epoch_ms(instant), account)
    ).fetchone()
    return row


def _is_live(connection: sqlite3.Connection, row: sqlite3.Row, now: datetime) -> bool:
    found = connection.execute("SELECT * FROM post WHERE post_id = ?", (row["post_id"],)).fetchone()
    plan = plans.read(found) if found else None
    if plan and occupies(plan, Destination.parse(row["account"]), from_epoch_ms(row["due_at"])):
        return True
    return _read_claim(row).awaits_plan(plan.post.revision if plan else None, now)


def _read(row: sqlite3.Row) -> StoredTimetable:
    content = row["content"]
    timetable = Timetable.model_validate_json(content) if content is not None else None
    return StoredTimetable(timetable=timetable, version=row["version"])


def _read_claim(row: sqlite3.Row) -> TimeClaim:
    return TimeClaim(post_id=row["post_id"], revision=row["revision"], claimed_at=from_epoch_ms(row["claimed_at"]))
