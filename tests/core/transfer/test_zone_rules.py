"""Posts move between machines whose zone rules differ, and keep their wall times."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from core.application import Application
from core.settings import Settings
from core.time.zone_data import zone_release
from core.transfer.importing import MOVED, NEEDS_TIME, import_posts
from core.transfer.report import TransferReport

POST = "c" * 12


@pytest.fixture
def transfer(tmp_path, plan_by_old_rules, clock):
    """Export posts from a machine with older rules; return this machine and the report of the import."""
    opened: list[Application] = []

    def run(*posts: dict[str, Any]) -> tuple[Application, TransferReport]:
        file: Path = tmp_path / "posts.jsonl"
        plan_by_old_rules(tmp_path / "source", clock.now, list(posts), export=file)
        opened.append(Application(Settings(home=tmp_path / "here"), clock))
        return opened[0], import_posts(opened[0], file)

    yield run
    for application in opened:
        application.close()


def test_an_imported_post_goes_out_at_its_wall_time_by_the_rules_here(clock, transfer):
    clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    here, report = transfer({"post_id": POST, "wall": "2027-01-15T09:00:00", "zone": "Africa/Casablanca"})
    plan = here.schedules.plan(POST)
    assert (plan.post.due_at, plan.desired) == (datetime(2027, 1, 15, 9, tzinfo=UTC), "active")
    assert plan.schedule_name == f"post-20270115T090000Z-{POST}"
    assert plan.derivation.zone_release == zone_release()
    assert [MOVED in remark.reason for remark in report.remarks] == [True]


def test_an_imported_series_keeps_its_dates_by_the_rules_here(clock, transfer):
    clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    series = {"wall": "2027-01-10T09:00:00", "until": "2027-01-20", "zone": "Africa/Casablanca"}
    here, _ = transfer({"post_id": POST, **series})
    repeat = here.schedules.plan(POST).post.repeat
    assert (repeat.starts_at, repeat.ends_at) == (
        datetime(2027, 1, 10, tzinfo=UTC),
        datetime(2027, 1, 20, 23, 59, 59, tzinfo=UTC),
    )


def test_an_imported_wall_time_that_comes_twice_here_needs_a_time(clock, transfer):
    clock.now = datetime(2026, 9, 1, tzinfo=UTC)
    here, report = transfer({"post_id": POST, "wall": "2026-09-20T01:30:00", "zone": "Africa/Casablanca"})
    plan = here.schedules.plan(POST)
    assert (plan.desired, plan.needs_time) == ("paused", "active")
    assert [NEEDS_TIME in remark.reason for remark in report.remarks] == [True]
