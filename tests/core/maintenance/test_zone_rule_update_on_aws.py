"""On AWS, one-time posts keep their wall time too when the rules of their zone change."""

from datetime import UTC, datetime

import pytest

from core.ledger.post_state import post_state
from core.maintenance.zone_rule_update import ZoneRuleUpdate
from core.posts.models import Post
from core.posts.payload import ScheduleName

CASABLANCA, DOUBLED = "c" * 12, "d" * 12


@pytest.fixture
def application(open_application, clock):
    clock.now = datetime(2026, 9, 1, tzinfo=UTC)
    return open_application()


@pytest.fixture
def plan_old(application, monkeypatch):
    """Plan and arm a post whose instant older rules derived."""

    def plan(post_id: str, wall: str, due_at: datetime) -> None:
        post = Post(
            post_id=post_id,
            text="Hello",
            destinations=("outbox",),
            zone="Africa/Casablanca",
            wall=wall,
            due_at=due_at,
        )
        with monkeypatch.context() as older:
            older.setattr("core.ledger.derivation.zone_release", lambda: "2025b")
            older.setattr("core.ledger.derivation._which", lambda post: None)
            application.schedules.schedule(post)

    return plan


@pytest.fixture
def run(application):
    """Derive all posts again, as the caretaker does."""
    zone_rule_update = ZoneRuleUpdate(
        application.ledger, application.schedules, application.zone_changes, application.clock, shared_ledger=True
    )
    return zone_rule_update.run


def expressions(application) -> dict[str, tuple[str, str]]:
    """Return the expression and the state of each schedule by name."""
    scheduler, group = application.backend.scheduler_client, application.backend.target.group
    names = [each["Name"] for each in scheduler.list_schedules(GroupName=group)["Schedules"]]
    found = [scheduler.get_schedule(Name=name, GroupName=group) for name in names]
    return {each["Name"]: (each["ScheduleExpression"], each["State"]) for each in found}


def test_a_one_time_post_is_armed_at_its_wall_time_by_the_new_rules(application, plan_old, run):
    plan_old(CASABLANCA, "2027-01-15T09:00:00", datetime(2027, 1, 15, 8, tzinfo=UTC))
    assert run() == 1
    lead = application.backend.target.lead
    expected = datetime(2027, 1, 15, 9, tzinfo=UTC) - lead
    name = str(ScheduleName(post_id=CASABLANCA, due_at=datetime(2027, 1, 15, 9, tzinfo=UTC)))
    assert expressions(application) == {name: (f"at({expected:%Y-%m-%dT%H:%M:%S})", "ENABLED")}
    assert run() == 0


def test_a_wall_time_that_comes_twice_now_needs_a_time(application, plan_old, run, clock):
    plan_old(DOUBLED, "2026-09-20T01:30:00", datetime(2026, 9, 20, 0, 30, tzinfo=UTC))
    assert run() == 1
    assert post_state(application.ledger, DOUBLED, clock()).state == "needs a time"
    assert [state for _, state in expressions(application).values()] == ["DISABLED"]
    assert [each.needs_time for each in application.zone_changes.all()] == [(DOUBLED,)]
