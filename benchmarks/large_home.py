"""A home with many pending posts: the product schedules one, and SQL copies its rows with other times and ids.

`python -m benchmarks.large_home FOLDER POSTS DAYS`: POSTS spread evenly over DAYS from the next midnight in UTC.
"""

import sqlite3
import sys
import time
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from core.application import Application
from core.posts.models import Post
from core.posts.payload import ScheduleName
from core.settings import Settings
from core.time.instants import epoch_ms, real_clock, utc_text

TEXT = "Number 0000000: the summer sale begins, with new colours and the old prices. "
COPIED_COLUMNS = {
    "post": ("post_id", "content", "schedule_name", "due_at"),
    "schedule": ("name", "definition", "occurrence", "due"),
}


def midnight() -> datetime:
    """Return the next midnight in UTC."""
    return real_clock().replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)


def spread(count: int, first: datetime, days: float) -> list[datetime]:
    """Return instants in whole seconds, evenly over some days."""
    step = timedelta(days=days) / count
    return [(first + step * number).replace(microsecond=0) for number in range(count)]


def fill(application: Application, due: Iterable[datetime]) -> None:
    """Add a pending post for each instant, with ids in no order, as new ones have."""
    engine = application.one_machine
    assert engine is not None
    instants = list(due)
    template = _post("k3v9q2m4cx7a", instants[0])
    application.schedules.schedule(template)
    copies = [(_post_id(number), number, at) for number, at in enumerate(instants[1:], 1)]
    ledger, schedules = engine.databases
    ledger.write(lambda connection: _copy(connection, "post", template, sorted(copies)))
    schedules.write(lambda connection: _copy(connection, "schedule", template, copies))


def _post_id(number: int) -> str:
    return f"{number * 388_888_888_889 % 10**12:012d}"


def _post(post_id: str, due_at: datetime) -> Post:
    return Post(
        post_id=post_id,
        text=(TEXT * 4)[:280],
        destinations=("outbox",),
        zone="UTC",
        wall=due_at.replace(tzinfo=None).isoformat(),
        due_at=due_at,
    )


def _copy(
    connection: sqlite3.Connection, table: str, template: Post, copies: Iterable[tuple[str, int, datetime]]
) -> None:
    """Copy the row of the template for each id, number and instant."""
    assert template.due_at is not None
    own = COPIED_COLUMNS[table]
    names = [row["name"] for row in connection.execute(f"PRAGMA table_info({table})") if row["name"] != "id"]
    connection.execute(f"CREATE TEMP TABLE template AS SELECT * FROM {table}")
    row = connection.execute("SELECT * FROM template").fetchone()
    old_name, old_second = str(ScheduleName.of(template)), utc_text(template.due_at)[:19]

    def values() -> Iterator[tuple[str | int, ...]]:
        for post_id, number, at in copies:
            name, due = f"{old_name[:5]}{at:%Y%m%dT%H%M%S}Z-{post_id}", epoch_ms(at)
            second = f"{at:%Y-%m-%dT%H:%M:%S}"
            text = row[own[1]].replace(old_name, name).replace(template.post_id, post_id)
            text = text.replace(old_second, second).replace("Number 0000000", f"Number {number:07d}")
            yield (post_id, text, name, due) if table == "post" else (name, text, due, due)

    selected = ", ".join(name if name not in own else f"?{own.index(name) + 1}" for name in names)
    connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) SELECT {selected} FROM template", values())
    connection.execute("DROP TABLE template")


def main(folder: str, count: int, days: float) -> None:
    """Fill a home and print the duration."""
    started = time.perf_counter()
    application = Application(Settings(home=Path(folder)))
    fill(application, spread(count, midnight(), days))
    application.close()
    print(f"{count:,} posts in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), float(sys.argv[3]))
