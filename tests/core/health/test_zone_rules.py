"""Health tells of posts that moved with the rules of their zone, and of newer rules on the machine."""

from datetime import timedelta

import pytest

from core.ledger.derivation import derivation
from core.ledger.port import PlanChange
from core.maintenance.zone_changes import ChangedPost
from core.posts.payload import ScheduleName
from core.time.zone_data import zone_release


@pytest.fixture
def record(application, clock):
    """Record a post of Casablanca as changed."""

    def record_post(post_id: str, *, needs_time: bool = False) -> None:
        changed = ChangedPost(post_id=post_id, zone="Africa/Casablanca", needs_time=needs_time)
        application.zone_changes.add([changed], "2026f", clock())

    return record_post


def test_moved_posts_are_counted_by_zone_and_named(application, check, record, a_post, clock):
    wall = {"zone": "Africa/Casablanca", "wall": "2026-11-02T13:00:00", "due_at": clock() + timedelta(hours=1)}
    application.schedules.schedule(a_post(post_id="a" * 12, text="Morning", **wall))
    for post_id in ("a" * 12, "b" * 12, "c" * 12):
        record(post_id)
    result = check("Time zone changes")
    assert result.status == "good"
    assert result.message.startswith("3 posts moved when the rules of Africa/Casablanca changed (release 2026f)")
    assert "“Morning” Mon 2 Nov 2026, 13:00 Africa/Casablanca" in result.message


def test_a_post_that_needs_a_time_is_a_warning_until_it_has_one(application, check, record, a_post, clock):
    post = a_post()
    record(post.post_id, needs_time=True)
    plan = application.ledger.plan(
        PlanChange(
            post=post, desired="paused", schedule_name=str(ScheduleName.of(post)), derived=derivation(post, "active")
        ),
        now=clock(),
    )
    assert check("Time zone changes").status == "warning"
    assert "1 post in Africa/Casablanca needs a time" in check("Time zone changes").message
    application.schedules.reschedule(plan, due_at=clock() + timedelta(hours=2), wall=post.wall, zone=post.zone)
    assert check("Time zone changes").status == "good"


def test_without_changes_the_check_is_good(check):
    assert check("Time zone changes").message == "No post moved in the last 30 days."


@pytest.mark.parametrize(("machine", "status"), [(None, "good"), ("2000a", "good"), ("2099a", "warning")])
def test_a_newer_release_on_the_machine_is_a_warning(check, monkeypatch, machine, status):
    monkeypatch.setattr("core.health.zone_rules.machine_release", lambda: machine)
    result = check("Time zone data")
    assert result.status == status
    assert zone_release() in result.message
    assert status == "good" or "pip install -U pytz" in result.remedy
