"""The ledger finds the plans whose instants were derived with another release of the zone data, on both adapters."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.ledger.derivation import derivation
from core.ledger.dynamodb import DynamoLedger
from core.ledger.dynamodb_transactions import Table
from core.ledger.port import Ledger, Plan, PlanChange
from core.ledger.sqlite import SqliteLedger, open_database
from core.posts.models import Post, Repeat
from core.posts.payload import ScheduleName
from core.storage.processes import Presence
from core.time.zone_data import zone_release

DOUBLED = {
    "zone": "Europe/Berlin",
    "wall": "2027-10-31T02:30:00",
    "due_at": datetime(2027, 10, 31, 1, 30, tzinfo=UTC),
}


@pytest.fixture
def sqlite_ledger(tmp_path, clock) -> Any:
    presence, database = Presence(tmp_path / "processes"), open_database(tmp_path / "punctual.db", now=clock())
    yield SqliteLedger(database, presence)
    database.close()
    presence.leave()


@pytest.fixture
def dynamodb_ledger(dynamodb, clock) -> Ledger:
    return DynamoLedger(Table(dynamodb, "punctual", clock, pause=lambda seconds: None))


@pytest.fixture(params=["sqlite", "dynamodb"])
def ledger(request) -> Ledger:
    return request.getfixturevalue(f"{request.param}_ledger")


@pytest.fixture
def plan(ledger, clock, monkeypatch) -> Callable[..., Plan]:
    """Plan a post by the rules of a release, in the hour of its number."""

    def planned(number: int, release: str, **changed: Any) -> Plan:
        members = {
            "post_id": f"{number:012d}",
            "text": "Hello",
            "destinations": ("outbox",),
            "zone": "UTC",
            "wall": f"2026-11-02T{12 + number}:00:00",
            "due_at": clock() + timedelta(hours=number),
            **changed,
        }
        post = Post(**members)
        with monkeypatch.context() as older:
            older.setattr("core.ledger.derivation.zone_release", lambda: release)
            return ledger.plan(PlanChange(post=post, schedule_name=str(ScheduleName.of(post))), now=clock())

    return planned


@pytest.fixture
def change(ledger, clock) -> Callable[..., Plan]:
    """Write the next revision of a plan."""

    def changed(plan: Plan, desired: str = "active", *, derived: Any = None, **members: Any) -> Plan:
        post = plan.post.model_copy(update={"revision": plan.post.revision + 1, **members})
        name = str(ScheduleName.of(post))
        return ledger.change(PlanChange(post=post, desired=desired, schedule_name=name, derived=derived), now=clock())

    return changed


def outdated(ledger: Ledger, *, newer: bool = True) -> list[str]:
    """Return the ids of the outdated plans, in order."""
    return [plan.post.post_id for batch in ledger.outdated(zone_release(), newer=newer) for plan in batch]


def test_plans_of_another_release_are_outdated_soonest_due_first(ledger, plan):
    for number, release in ((3, "2020a"), (1, "2020a"), (2, zone_release()), (4, "2020a")):
        plan(number, release)
    assert outdated(ledger) == [f"{number:012d}" for number in (1, 3, 4)]


def test_repeating_posts_are_outdated_too(ledger, plan):
    plan(1, "2020a", due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))
    assert outdated(ledger) == [f"{1:012d}"]


def test_newer_notes_are_left_out_unless_asked_for(ledger, plan):
    plan(1, "2099z")
    assert outdated(ledger, newer=False) == []
    assert outdated(ledger) == [f"{1:012d}"]


def test_the_posts_that_are_due_soon_can_be_asked_for(ledger, plan, clock):
    for number, release in ((5, "2020a"), (1, "2020a"), (2, "2020b")):
        plan(number, release)
    plan(3, "2020a", due_at=None, repeat=Repeat(expression="cron(0 9 * * ? *)"))
    soon = ledger.outdated(zone_release(), newer=True, due_before=clock() + timedelta(hours=3))
    assert sorted(plan.post.post_id for batch in soon for plan in batch) == [f"{number:012d}" for number in (1, 2)]


def test_cancelled_posts_are_not_outdated(ledger, plan, change):
    change(plan(1, "2020a"), desired="cancelled")
    assert outdated(ledger) == []


def test_a_noted_plan_is_current_and_otherwise_unchanged(ledger, plan, clock):
    planned = plan(1, "2020a", **DOUBLED)
    clock.move(seconds=5)
    ledger.note_derivation([planned])
    noted = ledger.get(planned.post.post_id)
    assert outdated(ledger) == []
    assert (noted.derivation.zone_release, noted.derivation.which) == (zone_release(), 2)
    assert (noted.post, noted.changed_at, noted.settled) == (planned.post, planned.changed_at, planned.settled)


def test_a_note_on_an_earlier_revision_has_no_effect(ledger, plan, change):
    planned = plan(1, "2020a")
    change(planned, text="Edited")
    ledger.note_derivation([planned])
    assert outdated(ledger) == [planned.post.post_id]


@pytest.mark.parametrize("changed", [{"text": "Edited"}, {"destinations": ("outbox", "webhook:sales")}])
def test_a_change_of_the_content_keeps_the_note(plan, change, changed):
    assert change(plan(1, "2020a", **DOUBLED), **changed).derivation == plan(2, "2020a", **DOUBLED).derivation


def test_a_change_of_the_time_notes_the_release_in_use(plan, change, clock):
    moved = change(plan(1, "2020a"), due_at=clock() + timedelta(hours=9), wall="2026-11-02T21:00:00")
    assert moved.derivation.zone_release == zone_release()


def test_the_need_of_a_time_lasts_until_the_post_may_publish(ledger, plan, change):
    planned = plan(1, "2020a")
    needing = change(planned, "paused", derived=derivation(planned.post, "active"))
    edited = change(needing, "paused", text="Edited")
    cancelled = change(edited, "cancelled")
    restored = change(cancelled, "paused")
    published = change(restored, "active")
    states = [each.needs_time for each in (needing, edited, cancelled, restored, published)]
    assert states == ["active", "active", "active", "active", None]
    assert ledger.get(planned.post.post_id) == published
