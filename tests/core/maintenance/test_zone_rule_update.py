"""After an update of the zone data, posts go out at their wall time. The older rules are those of pytz 2025.2."""

from argparse import Namespace
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from io import StringIO
from typing import Any

import pytest

from core.application import Application
from core.cli.commands import list_queue
from core.ledger.post_state import post_state
from core.maintenance.zone_rule_update import ZoneRuleUpdate
from core.posts.payload import read_scheduled
from core.scheduling.refusals import TimeNeeded
from core.settings import Settings
from core.time.instants import epoch_ms, from_epoch_ms
from core.time.zone_data import zone_release
from tests.core.old_rules import OLD_RELEASE

NOW = datetime(2026, 12, 1, 12, tzinfo=UTC)
CASABLANCA, VANCOUVER, BERLIN = "c" * 12, "v" * 12, "b" * 12
POSTS = [
    {"post_id": CASABLANCA, "wall": "2027-01-15T09:00:00", "zone": "Africa/Casablanca"},
    {"post_id": VANCOUVER, "wall": "2027-01-15T09:00:00", "zone": "America/Vancouver"},
    {"post_id": BERLIN, "wall": "2027-01-15T09:00:00", "zone": "Europe/Berlin"},
]


@pytest.fixture
def plan_old(tmp_path, plan_by_old_rules, clock) -> Callable[..., None]:
    """Plan posts in the home with the older rules."""
    return lambda posts: plan_by_old_rules(tmp_path / "home", clock.now, posts)


@pytest.fixture
def open_home(tmp_path, clock) -> Iterator[Callable[[], Application]]:
    """Open the home with the installed rules."""
    opened = []

    def open_one() -> Application:
        opened.append(Application(Settings(home=tmp_path / "home"), clock))
        return opened[-1]

    yield open_one
    for application in opened:
        application.close()


def zone_rule_update(application: Application, *, shared_ledger: bool = False) -> ZoneRuleUpdate:
    return ZoneRuleUpdate(
        application.ledger,
        application.schedules,
        application.zone_changes,
        application.clock,
        shared_ledger=shared_ledger,
    )


def schedules(application: Application) -> dict[str, Any]:
    """Return the schedules of the engine by name."""
    scheduler, group = application.backend.scheduler_client, application.backend.target.group
    pages = scheduler.get_paginator("list_schedules").paginate(GroupName=group)
    names = [each["Name"] for page in pages for each in page["Schedules"]]
    return {name: scheduler.get_schedule(Name=name, GroupName=group) for name in names}


def test_a_post_keeps_its_wall_time_when_the_rules_of_its_zone_change(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(POSTS)
    application = open_home()
    assert zone_rule_update(application).run() == 2
    due = {name: application.schedules.plan(name).post.due_at for name in (CASABLANCA, VANCOUVER, BERLIN)}
    assert due == {
        CASABLANCA: datetime(2027, 1, 15, 9, tzinfo=UTC),
        VANCOUVER: datetime(2027, 1, 15, 16, tzinfo=UTC),
        BERLIN: datetime(2027, 1, 15, 8, tzinfo=UTC),
    }
    assert set(schedules(application)) == {
        f"post-20270115T090000Z-{CASABLANCA}",
        f"post-20270115T160000Z-{VANCOUVER}",
        f"post-20270115T080000Z-{BERLIN}",
    }


def test_only_the_posts_that_move_get_a_new_revision(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(POSTS)
    application = open_home()
    zone_rule_update(application).run()
    plans = [application.schedules.plan(name) for name in (CASABLANCA, VANCOUVER, BERLIN)]
    assert [plan.post.revision for plan in plans] == [2, 2, 1]
    assert {plan.derivation.zone_release for plan in plans} == {zone_release()}
    assert all(plan.settled for plan in plans)


def test_a_second_run_changes_nothing(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(POSTS)
    application = open_home()
    zone_rule_update(application).run()
    assert zone_rule_update(application).run() == 0
    assert list(application.ledger.outdated(zone_release(), newer=True)) == []


def test_a_text_that_is_edited_first_does_not_hide_that_the_instant_is_old(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(POSTS[:1])
    application = open_home()
    plan = application.schedules.plan(CASABLANCA)
    edited = application.schedules.edit(plan, plan.post.model_copy(update={"text": "Edited"}))
    assert edited.derivation.zone_release == OLD_RELEASE
    zone_rule_update(application).run()
    post = application.schedules.plan(CASABLANCA).post
    assert (post.text, post.due_at) == ("Edited", datetime(2027, 1, 15, 9, tzinfo=UTC))


def test_a_wall_time_that_now_comes_twice_needs_a_time_and_does_not_go_out(clock, plan_old, open_home):
    clock.now = datetime(2026, 9, 1, tzinfo=UTC)
    plan_old([{"post_id": CASABLANCA, "wall": "2026-09-20T01:30:00", "zone": "Africa/Casablanca"}])
    application = open_home()
    assert zone_rule_update(application).run() == 1
    assert post_state(application.ledger, CASABLANCA, clock()).state == "needs a time"
    assert [each["State"] for each in schedules(application).values()] == ["DISABLED"]
    with pytest.raises(TimeNeeded):
        application.schedules.resume(application.schedules.plan(CASABLANCA))
    assert zone_rule_update(application).run() == 0


def test_a_chosen_time_brings_back_the_state_before(clock, plan_old, open_home):
    clock.now = datetime(2026, 9, 1, tzinfo=UTC)
    doubled = {"wall": "2026-09-20T01:30:00", "zone": "Africa/Casablanca"}
    plan_old([{"post_id": CASABLANCA, **doubled}, {"post_id": VANCOUVER, **doubled, "paused": True}])
    application = open_home()
    zone_rule_update(application).run()
    chosen = datetime(2026, 9, 20, 0, 30, tzinfo=UTC)
    states = {}
    for name in (CASABLANCA, VANCOUVER):
        plan = application.schedules.plan(name)
        plan = application.schedules.reschedule(plan, due_at=chosen, wall=doubled["wall"], zone=doubled["zone"])
        states[name] = (plan.desired, plan.needs_time, plan.derivation.which)
    assert states == {CASABLANCA: ("active", None, 1), VANCOUVER: ("paused", None, 1)}


def test_a_cancelled_post_that_needed_a_time_needs_it_again_after_undo(clock, plan_old, open_home):
    clock.now = datetime(2026, 9, 1, tzinfo=UTC)
    plan_old([{"post_id": CASABLANCA, "wall": "2026-09-20T01:30:00", "zone": "Africa/Casablanca"}])
    application = open_home()
    application.schedules.cancel(application.schedules.plan(CASABLANCA))
    zone_rule_update(application).run()
    plan = application.schedules.undo_cancel(application.schedules.plan(CASABLANCA))
    assert (plan.desired, plan.needs_time) == ("paused", "active")


def test_undo_arms_a_cancelled_post_by_the_new_rules(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(POSTS[:1])
    application = open_home()
    application.schedules.cancel(application.schedules.plan(CASABLANCA))
    plan = application.schedules.undo_cancel(application.schedules.plan(CASABLANCA))
    assert (plan.desired, plan.post.due_at) == ("active", datetime(2027, 1, 15, 9, tzinfo=UTC))


def test_the_dates_of_a_series_stay_the_same_calendar_days(clock, plan_old, open_home):
    clock.now = NOW
    series = {"wall": "2027-01-10T09:00:00", "until": "2027-01-20", "zone": "Africa/Casablanca"}
    plan_old([{"post_id": CASABLANCA, **series}])
    application = open_home()
    assert zone_rule_update(application).run() == 1
    [(_, schedule)] = schedules(application).items()
    repeat = read_scheduled(schedule).repeat
    assert repeat.starts_at == datetime(2027, 1, 10, tzinfo=UTC)
    assert repeat.ends_at == datetime(2027, 1, 20, 23, 59, 59, tzinfo=UTC)


def test_an_overdue_post_whose_wall_time_is_ahead_is_moved_before_the_engine_fires(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(POSTS[:1])
    clock.now = datetime(2027, 1, 15, 8, 5, tzinfo=UTC)  # after the old instant, before the new one
    application = open_home()
    application.start(lambda: "http://127.0.0.1:9/publish")
    assert application.schedules.plan(CASABLANCA).post.due_at == datetime(2027, 1, 15, 9, tzinfo=UTC)
    assert application.ledger.occurrence(CASABLANCA) is None


def test_the_changes_are_recorded_before_the_posts_and_count_each_post_once(clock, plan_old, open_home, monkeypatch):
    clock.now = NOW
    plan_old(POSTS)
    application = open_home()
    with monkeypatch.context() as broken:
        broken.setattr(application.schedules, "derive_again", lambda plan: pytest.fail("killed"))
        with pytest.raises(pytest.fail.Exception):
            zone_rule_update(application).run()
    assert {(each.zone, each.complete) for each in application.zone_changes.all()} == {
        ("Africa/Casablanca", False),
        ("America/Vancouver", False),
    }
    zone_rule_update(application).run()
    recorded = [(each.zone, each.moved, each.complete) for each in application.zone_changes.all()]
    assert sorted(recorded) == [
        ("Africa/Casablanca", (CASABLANCA,), True),
        ("America/Vancouver", (VANCOUVER,), True),
    ]


def test_a_run_that_is_stopped_goes_on_later(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(POSTS)
    application = open_home()
    assert zone_rule_update(application).run(lambda: True) == 0
    assert zone_rule_update(application).run() == 2


def test_newer_notes_of_other_machines_are_kept_on_a_shared_ledger(clock, open_home, a_post, monkeypatch):
    application = open_home()
    monkeypatch.setattr("core.ledger.derivation.zone_release", lambda: "2099z")
    application.schedules.schedule(a_post(wall="2026-11-02T15:00:00", due_at=clock() + timedelta(hours=1)))
    monkeypatch.undo()
    assert zone_rule_update(application, shared_ledger=True).run() == 0
    [plan] = application.ledger.overdue(due_before=clock() + timedelta(days=1), limit=1)
    assert plan.derivation.zone_release == "2099z"
    assert zone_rule_update(application).run() == 1  # on one machine: the package was downgraded


def test_the_queue_of_the_command_line_says_that_a_post_needs_a_time(clock, plan_old, open_home):
    clock.now = datetime(2026, 9, 1, tzinfo=UTC)
    plan_old([{"post_id": CASABLANCA, "wall": "2026-09-20T01:30:00", "zone": "Africa/Casablanca"}])
    application = open_home()
    zone_rule_update(application).run()
    out = StringIO()
    list_queue(application, Namespace(limit=10, json=False, cancelled=False), out, out)
    assert "needs a time" in out.getvalue()


def test_a_repeating_post_whose_next_run_moves_is_recorded_when_the_engine_starts(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(
        [{"post_id": CASABLANCA, "wall": "2027-01-15T09:00:00", "until": "2027-06-15", "zone": "Africa/Casablanca"}]
    )
    application = open_home()
    application.start(lambda: "http://127.0.0.1:9/publish")
    assert application.one_machine.engine_store.next_due() == datetime(2027, 1, 15, 9, tzinfo=UTC)
    assert [(each.zone, each.moved) for each in application.zone_changes.all()] == [
        ("Africa/Casablanca", (CASABLANCA,))
    ]


def test_a_series_whose_last_date_moves_too_runs_once_on_each_local_day(clock, plan_old, open_home):
    clock.now = NOW
    plan_old(
        [{"post_id": CASABLANCA, "wall": "2026-12-01T13:30:00", "until": "2027-06-15", "zone": "Africa/Casablanca"}]
    )
    application = open_home()
    store = application.one_machine.engine_store
    fired = datetime(2027, 1, 15, 12, 30, tzinfo=UTC)  # 13:30 by the old rules
    clock.now = fired + timedelta(minutes=10)
    pending = epoch_ms(fired + timedelta(days=1))
    wall = epoch_ms(datetime(2027, 1, 16, 13, 30, tzinfo=UTC))
    store.write(
        lambda connection: connection.execute(
            "UPDATE schedule SET zone_release = ?, occurrence = ?, due = ?, wall = ?, fired = ?",
            (OLD_RELEASE, pending, pending, wall, epoch_ms(fired)),
        )
    )
    store.derive_again(newer=True)
    assert zone_rule_update(application).run() == 1  # the last date
    [schedule] = store.database.read("SELECT * FROM schedule")
    assert from_epoch_ms(schedule["occurrence"]) == datetime(2027, 1, 16, 13, 30, tzinfo=UTC)
