"""Deriving 100,000 pending posts again after an update of the zone data, with 200 that move."""

import sqlite3
import time
from datetime import datetime, timedelta

from benchmarks.measuring import heading, row, temporary_home, verdict
from core.application import Application
from core.ledger import sqlite_plans as plans
from core.ledger.port import PlanChange
from core.maintenance.zone_rule_update import ZoneRuleUpdate
from core.posts.models import Post
from core.posts.payload import ScheduleName
from core.time.instants import instant, real_clock, wall_time

COUNT, MOVED = 100_000, 200
ZONES = ("Europe/Berlin", "America/New_York", "Asia/Tokyo")
OLD_RELEASE = "2025b"
AIM_SECONDS = 30


def post(number: int, start: datetime) -> Post:
    """Return a post; the first ones are due an hour off their wall time, as by other rules."""
    zone = ZONES[number % len(ZONES)]
    due_at = start + timedelta(minutes=number % 500_000)
    wall = wall_time(due_at, zone).replace(tzinfo=None)
    due_at = instant(wall, zone, which=1) + timedelta(hours=number < MOVED)
    return Post(
        post_id=f"{number:012d}",
        text="x" * 280,
        destinations=("outbox",),
        zone=zone,
        wall=wall.isoformat(),
        due_at=due_at,
    )


def fill(application: Application) -> None:
    """Plan the posts as a process with older rules has done it."""
    start = (real_clock() + timedelta(days=2)).replace(second=0, microsecond=0)
    posts = [post(number, start) for number in range(COUNT)]
    for each in posts[:MOVED]:
        application.schedules.schedule(each)

    def work(connection: sqlite3.Connection) -> None:
        for each in posts[MOVED:]:
            plans.insert(connection, PlanChange(post=each, schedule_name=str(ScheduleName.of(each))), real_clock())
        connection.execute("UPDATE post SET zone_release = ?, settled = 1", (OLD_RELEASE,))

    assert application.one_machine is not None
    application.one_machine.databases[0].write(work)


def main() -> None:
    """Print the duration of one run, and of a run with nothing to do."""
    heading("Posts derived again")
    with temporary_home() as application:
        fill(application)
        zone_rule_update = ZoneRuleUpdate(
            application.ledger, application.schedules, application.zone_changes, real_clock, shared_ledger=False
        )
        started = time.perf_counter()
        moved = zone_rule_update.run()
        seconds = time.perf_counter() - started
        row(f"{COUNT:,} posts, {moved} of them moved", f"{seconds:.1f} s", verdict(seconds / AIM_SECONDS, at_most=1))
        started = time.perf_counter()
        zone_rule_update.run()
        row("a run with nothing to do", f"{(time.perf_counter() - started) * 1000:.2f} ms")


if __name__ == "__main__":
    main()
