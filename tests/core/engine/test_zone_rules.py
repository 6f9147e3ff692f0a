"""A repeating schedule keeps its wall time when the rules of its zone change.

By the rules of 2025b, clocks in Casablanca are an hour ahead of UTC in January 2027. By later rules they are not.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.application import Application
from core.engine.runner import Runner
from core.settings import Settings
from core.storage.processes import Presence
from core.time.instants import epoch_ms, from_epoch_ms
from core.time.zone_data import zone_release
from tests.core.engine.arns import FUNCTION, ROLE
from tests.core.old_rules import OLD_RELEASE

DAY = datetime(2027, 1, 15, tzinfo=UTC)


@pytest.fixture
def schedule() -> Callable[..., dict[str, Any]]:
    """Build the parameters of a schedule of one function."""

    def parameters(*, text: str = "{}", **changed: Any) -> dict[str, Any]:
        target = {"Arn": FUNCTION, "RoleArn": ROLE, "Input": text}
        return {"Name": "post", "FlexibleTimeWindow": {"Mode": "OFF"}, "Target": target, **changed}

    return parameters


@pytest.fixture
def create(engine_client, schedule, clock, store):
    """Create a schedule whose next occurrence the older rules derived."""

    def create_one(expression: str, occurrence: datetime, wall: datetime | None, **columns: datetime) -> None:
        engine_client.create_schedule(
            **schedule(ScheduleExpression=expression, ScheduleExpressionTimezone="Africa/Casablanca")
        )
        times = {"occurrence": occurrence, "due": occurrence, "wall": wall, **columns}
        values = [None if instant is None else epoch_ms(instant) for instant in times.values()]
        release = OLD_RELEASE if wall is not None else ""
        names = ", ".join(f"{name} = ?" for name in times)
        store.write(
            lambda connection: connection.execute(f"UPDATE schedule SET zone_release = ?, {names}", (release, *values))
        )

    return create_one


@pytest.fixture
def row(store):
    """Return the row of the only schedule."""

    def read() -> dict[str, Any]:
        [found] = store.database.read("SELECT * FROM schedule")
        return dict(found)

    return read


def next_run(row: dict[str, Any]) -> datetime:
    return from_epoch_ms(row["occurrence"])


def test_a_series_of_an_older_process_runs_at_its_wall_time_by_the_new_rules(tmp_path, plan_by_old_rules, clock):
    clock.now = datetime(2026, 12, 1, tzinfo=UTC)
    series = {"wall": "2027-01-10T09:00:00", "until": "2027-01-20", "zone": "Africa/Casablanca"}
    plan_by_old_rules(tmp_path, clock.now, [{"post_id": "c" * 12, **series}])
    application = Application(Settings(home=tmp_path), clock)
    try:
        store = application.one_machine.engine_store
        assert store.next_due() == datetime(2027, 1, 10, 8, tzinfo=UTC)
        store.derive_again(newer=True)
        assert store.next_due() == datetime(2027, 1, 10, 9, tzinfo=UTC)
    finally:
        application.close()


def test_a_runner_derives_the_next_runs_before_it_fires(tmp_path, clock, store, create, row):
    create("cron(0 9 * * ? *)", DAY.replace(hour=8), DAY.replace(hour=9))
    clock.now = DAY + timedelta(hours=8, minutes=5)
    presence = Presence(tmp_path / "processes")
    runner = Runner(store, presence, {}, clock)
    runner.start()
    runner.stop()
    presence.leave()
    assert (next_run(row()), row()["fired"]) == (DAY.replace(hour=9), None)


def test_no_run_comes_twice_on_one_local_day(clock, store, create, row):
    clock.now = DAY
    create("cron(0 9 * * ? *)", DAY.replace(day=16, hour=8), DAY.replace(day=16, hour=9), fired=DAY.replace(hour=8))
    store.derive_again(newer=True)
    assert next_run(row()) == DAY.replace(day=16, hour=9)
    assert row()["zone_release"] == zone_release()


def test_of_two_runs_a_day_the_one_that_was_pending_is_pending(clock, store, create, row):
    clock.now = DAY
    create("cron(0 8,9 * * ? *)", DAY.replace(hour=8), DAY.replace(hour=9), fired=DAY.replace(hour=7))
    store.derive_again(newer=True)
    assert next_run(row()) == DAY.replace(hour=9)


def test_an_hourly_schedule_never_runs_at_the_instant_of_its_last_run(clock, store, create, row):
    clock.now = DAY
    create("cron(0 * * * ? *)", DAY.replace(hour=9), DAY.replace(hour=9), fired=DAY.replace(hour=9))
    store.derive_again(newer=True)
    assert next_run(row()) == DAY.replace(hour=10)


@pytest.mark.parametrize(("expression", "hour"), [("cron(0 9 * * ? *)", 9), ("cron(0 * * * ? *)", 8)])
def test_without_a_noted_wall_time_the_nearest_run_is_pending(clock, store, create, row, expression, hour):
    clock.now = DAY - timedelta(days=2)
    create(expression, DAY.replace(hour=8), None)
    store.derive_again(newer=True)
    assert next_run(row()) == DAY.replace(hour=hour)


def test_an_at_expression_in_a_zone_moves_with_its_rules(clock, store, create, row):
    clock.now = DAY - timedelta(days=2)
    create("at(2027-01-15T09:00:00)", DAY.replace(hour=8), DAY.replace(hour=9))
    store.derive_again(newer=True)
    assert next_run(row()) == DAY.replace(hour=9)


def test_an_update_keeps_the_wall_time_of_the_next_run(clock, engine_client, schedule, create, row):
    clock.now = DAY - timedelta(days=2)
    create("cron(0 9 * * ? *)", DAY.replace(hour=8), DAY.replace(hour=9))
    rule = {"ScheduleExpression": "cron(0 9 * * ? *)", "ScheduleExpressionTimezone": "Africa/Casablanca"}
    engine_client.update_schedule(**schedule(text='{"text": "new"}', **rule))
    assert (next_run(row()), row()["zone_release"]) == (DAY.replace(hour=9), zone_release())


def test_a_text_that_changes_leaves_the_note_of_newer_rules(clock, store, engine_client, schedule, create, row):
    clock.now = DAY - timedelta(days=2)
    create("cron(0 9 * * ? *)", DAY.replace(hour=8), DAY.replace(hour=9))
    store.write(lambda connection: connection.execute("UPDATE schedule SET zone_release = '2099z'"))
    rule = {"ScheduleExpression": "cron(0 9 * * ? *)", "ScheduleExpressionTimezone": "Africa/Casablanca"}
    engine_client.update_schedule(**schedule(text='{"text": "new"}', **rule))
    assert (next_run(row()), row()["zone_release"]) == (DAY.replace(hour=8), "2099z")


def test_a_new_last_date_adds_no_second_run_on_one_local_day(clock, engine_client, schedule, create, row):
    clock.now = DAY + timedelta(hours=8, minutes=30)  # today's run went out at 08:00 UTC; now 09:00 UTC is 09:00
    create("cron(0 9 * * ? *)", DAY.replace(day=16, hour=8), DAY.replace(day=16, hour=9), fired=DAY.replace(hour=8))
    rule = {"ScheduleExpression": "cron(0 9 * * ? *)", "ScheduleExpressionTimezone": "Africa/Casablanca"}
    engine_client.update_schedule(**schedule(EndDate=DAY + timedelta(days=30), **rule))
    assert next_run(row()) == DAY.replace(day=16, hour=9)


def test_schedules_in_utc_and_rates_are_never_derived_again(clock, engine_client, schedule, row):
    engine_client.create_schedule(**schedule(Name="utc", ScheduleExpression="cron(0 9 * * ? *)"))
    assert row()["zone_release"] is None
    engine_client.delete_schedule(Name="utc")
    engine_client.create_schedule(
        **schedule(ScheduleExpression="rate(2 hours)", ScheduleExpressionTimezone="Europe/Berlin")
    )
    assert row()["zone_release"] is None


def test_a_firing_notes_the_rules_of_the_next_run(clock, store, engine_client, schedule, row):
    rule = {"ScheduleExpression": "cron(0 9 * * ? *)", "ScheduleExpressionTimezone": "Europe/Berlin"}
    engine_client.create_schedule(**schedule(**rule))
    clock.now += timedelta(days=1)
    store.claim_due("owner", epoch_ms(clock.now), 10)
    assert row()["zone_release"] == zone_release()
    assert from_epoch_ms(row()["wall"]).hour == 9


def test_later_runs_keep_the_notes_of_newer_releases(clock, store, create, row):
    clock.now = DAY - timedelta(days=2)
    create("cron(0 9 * * ? *)", DAY.replace(hour=8), DAY.replace(hour=9))
    store.write(lambda connection: connection.execute("UPDATE schedule SET zone_release = '2099z'"))
    store.derive_again(newer=False)
    assert next_run(row()) == DAY.replace(hour=8)
    store.derive_again(newer=True)
    assert next_run(row()) == DAY.replace(hour=9)
