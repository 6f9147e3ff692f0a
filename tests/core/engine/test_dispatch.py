"""Dispatch of due occurrences, missed runs and unreadable schedules."""

import errno
import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
import pytz

from core.engine import invocations
from core.engine.payloads import payload_of
from core.errors import MachineShortage
from core.time.instants import epoch_ms


@pytest.fixture
def claim_all(store, presence, clock):
    """Claim everything that is due now; return the invocations."""

    def claim():
        claimed = []
        while batch := store.claim_due(presence.token, epoch_ms(clock()), 10):
            claimed += batch
        return claimed

    return claim


@pytest.fixture
def remove_zone(store):
    """Replace the zone of a stored schedule by one that the time zone database does not contain."""

    def replace_zone(name):
        store.write(
            lambda connection: connection.execute(
                "UPDATE schedule SET definition = replace(definition, '\"UTC\"', '\"Atlantis\"') WHERE name = ?",
                (name,),
            )
        )

    return replace_zone


def times(invocations):
    return [f"{invocation.scheduled_at:%d %H:%M}" for invocation in invocations]


def test_dispatch_replaces_placeholders(create, clients, claim_all, clock):
    text = json.dumps(
        {
            "when": "<aws.scheduler.scheduled-time>",
            "arn": "<aws.scheduler.schedule-arn>",
            "id": "<aws.scheduler.execution-id>",
            "attempt": "<aws.scheduler.attempt-number>",
            "unknown": "<aws.scheduler.other>",
        }
    )
    create(expression="at(2026-11-02T12:00:07)", target={"Input": text})
    assert clients.scheduler.get_schedule(Name="post")["Target"]["Input"] == text
    clock.move(minutes=5)
    (invocation,) = claim_all()
    assert json.loads(invocation.payload) == {
        "when": "2026-11-02T12:00:07Z",
        "arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/post",
        "id": invocation.id,
        "attempt": "1",
        "unknown": "<aws.scheduler.other>",
    }


def test_a_schedule_without_input_sends_the_schedulers_own_event(create, claim_all):
    create(target={"Arn": "arn:aws:lambda:us-east-1:1:function:x"})
    (invocation,) = claim_all()
    event = json.loads(invocation.payload)
    assert (event["source"], event["time"]) == ("aws.scheduler", "2026-11-02T12:00:00Z")
    assert event["resources"] == ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/post"]


def test_input_in_any_script_is_unchanged(create, claim_all):
    text = '"☕ Καφές \\u003cb> 🇩🇪 \\ud83d\\ude00"'
    create(target={"Input": text})
    assert claim_all()[0].payload.decode() == text


def test_a_rate_runs_at_once_and_then_in_equal_steps(create, claim_all, clock):
    create(expression="rate(20 minutes)")
    assert times(claim_all()) == ["02 12:00"]
    clock.move(minutes=19, seconds=59)
    assert claim_all() == []
    clock.move(seconds=1)
    assert times(claim_all()) == ["02 12:20"]


def test_a_rate_counts_from_its_start_date(create, claim_all, clock):
    create(expression="rate(1 hour)", StartDate=clock().timestamp() + 600)
    assert claim_all() == []
    clock.move(minutes=75)
    assert times(claim_all()) == ["02 12:10", "02 13:10"]


def test_a_cron_runs_on_the_wall_clock_of_its_zone(create, claim_all, clock):
    create(expression="cron(0 9 * * ? *)", ScheduleExpressionTimezone="America/New_York")
    clock.move(days=1)
    (invocation,) = claim_all()
    assert invocation.scheduled_at == datetime(2026, 11, 2, 14, tzinfo=UTC)


def test_a_repeating_schedule_ends_at_its_end_date_and_is_deleted(create, claim_all, clock, clients):
    create(expression="rate(1 hour)", EndDate=clock().timestamp() + 7200)
    assert clients.scheduler.list_schedules()["Schedules"]
    clock.move(hours=1)
    assert times(claim_all()) == ["02 12:00", "02 13:00"]
    clock.move(hours=5)
    assert times(claim_all()) == ["02 14:00"]
    assert clients.scheduler.list_schedules()["Schedules"] == []


@pytest.mark.parametrize(("days", "runs"), [(0.8, 4), (24, 97)])
def test_all_missed_runs_are_dispatched(create, claim_all, clock, store, days, runs):
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(days=days)
    found = claim_all()
    steps = {later.scheduled_at - earlier.scheduled_at for earlier, later in pairwise(found)}
    assert (len(found), steps) == (runs, {timedelta(hours=6)})
    assert store.dead_letters() == []


def test_after_too_many_missed_runs_only_the_first_and_those_of_the_last_day_are_dispatched(
    create, claim_all, clock, store
):
    create(expression="cron(0 * * * ? *)")
    clock.move(days=30, minutes=30)
    found = claim_all()
    assert times(found)[:2] == ["02 12:00", "01 13:00"]
    assert len(found) == 1 + 24
    (skipped,) = store.dead_letters()
    assert skipped.scheduled_at == datetime(2026, 11, 2, 13, tzinfo=UTC)
    assert skipped.error == (
        "Too many runs were missed. This run and all later ones until 2026-12-01T12:30:00Z are skipped."
    )


@pytest.mark.parametrize(("older_than_a_day", "dispatched"), [(100, 105), (101, 5)])
def test_up_to_a_hundred_missed_runs_older_than_a_day_are_dispatched(
    create, claim_all, clock, store, older_than_a_day, dispatched
):
    """105 runs are the first one, 100 that are older than a day, and 4 of the last day."""
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(hours=6 * older_than_a_day + 24, seconds=1)
    assert len(claim_all()) == dispatched
    assert len(store.dead_letters()) == (dispatched == 5)


@pytest.mark.parametrize(("missed", "dispatched"), [(100, 101), (101, 1)])
def test_up_to_a_hundred_missed_runs_of_an_ended_schedule_are_dispatched(
    create, claim_all, clock, clients, missed, dispatched
):
    create(expression="cron(0 0/6 * * ? *)", EndDate=clock().timestamp() + missed * 6 * 3600)
    clock.move(days=60)
    assert len(claim_all()) == dispatched
    assert clients.scheduler.list_schedules()["Schedules"] == []


def test_a_missed_run_of_exactly_a_day_ago_does_not_count_as_older_than_a_day(create, claim_all, clock, store):
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(hours=6 * 101 + 24)
    assert len(claim_all()) == 106
    assert store.dead_letters() == []


def test_schedules_of_a_deleted_group_never_fire(create, claim_all, clock, clients):
    clients.scheduler.create_schedule_group(Name="posts")
    create("gone", GroupName="posts")
    create("stays")
    clients.scheduler.delete_schedule_group(Name="posts")
    clients.scheduler.create_schedule_group(Name="posts")
    assert clients.scheduler.list_schedules(GroupName="posts")["Schedules"] == []
    assert [invocation.schedule_name for invocation in claim_all()] == ["stays"]


def test_an_invocation_continues_after_its_group_is_deleted(create, claim_all, clock, clients, store, presence):
    clients.scheduler.create_schedule_group(Name="posts")
    create(expression="rate(1 hour)", GroupName="posts")
    (running,) = claim_all()
    clients.scheduler.delete_schedule_group(Name="posts")
    again = epoch_ms(clock())
    store.write_unflushed(
        lambda connection: invocations.schedule_retry(connection, running.id, presence.token, "x", again)
    )
    clock.move(hours=2)
    assert [(each.id, each.attempt) for each in claim_all()] == [(running.id, 2)]


def test_a_schedule_recreated_while_it_runs_is_dispatched_separately(create, claim_all, clients, store, presence):
    create()
    (first,) = claim_all()
    create()
    (second,) = claim_all()
    assert (first.schedule_name, first.scheduled_at) == (second.schedule_name, second.scheduled_at)
    store.write_unflushed(lambda connection: invocations.delete_succeeded(connection, first.id, presence.token))
    (left,) = store.database.read("SELECT id FROM invocation")
    assert left["id"] == second.id


def test_a_run_of_exactly_a_day_ago_is_dispatched_as_one_of_the_last_day(create, claim_all, clock, store):
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(hours=6 * 102 + 24)
    assert times(claim_all())[1] == "28 00:00"
    assert len(store.dead_letters()) == 1


def test_a_schedule_whose_zone_has_disappeared_does_not_delay_others(create, claim_all, clock, store, remove_zone):
    create("broken", "cron(5 12 * * ? *)")
    create("sound", "cron(6 12 * * ? *)")
    remove_zone("broken")
    clock.move(minutes=10)
    assert [invocation.schedule_name for invocation in claim_all()] == ["broken", "sound"]
    (dead,) = store.dead_letters()
    assert dead.error == "The schedule cannot run again: There is no time zone called 'Atlantis'."


def test_a_pending_run_fires_although_its_zone_has_disappeared(create, claim_all, clock, store, remove_zone):
    create("broken", "cron(5 12 * * ? *)")
    remove_zone("broken")
    clock.move(minutes=5)
    assert times(claim_all()) == ["02 12:05"]
    (dead,) = store.dead_letters()
    assert dead.error == "The schedule cannot run again: There is no time zone called 'Atlantis'."


def test_a_schedule_whose_zone_has_disappeared_is_kept_although_it_is_to_be_deleted(
    create, claim_all, clients, clock, remove_zone
):
    create("broken", "cron(5 12 * * ? *)", ActionAfterCompletion="DELETE", EndDate=clock() + timedelta(days=9))
    remove_zone("broken")
    clock.move(minutes=5)
    assert len(claim_all()) == 1
    clock.move(days=1)
    assert claim_all() == []
    assert clients.scheduler.get_schedule(Name="broken")["ScheduleExpressionTimezone"] == "Atlantis"


def test_the_scheduled_time_has_four_digits_of_the_year():
    definition = {"Arn": "arn:aws:scheduler:us-east-1:0:schedule/default/x", "Target": {}}
    event = json.loads(payload_of(definition, epoch_ms(datetime(999, 1, 2, 3, 4, 5, tzinfo=UTC)), "id"))
    assert event["time"] == "0999-01-02T03:04:05Z"


@pytest.mark.parametrize(
    ("definition", "error"),
    [
        ("{", "JSONDecodeError"),
        ("[]", "TypeError"),
        ("{}", "KeyError"),
        ('{"Target": "arn"}', "AttributeError"),
        ('{"Target": {"Input": "{}"}, "ScheduleExpression": 5}', "AttributeError"),
    ],
)
def test_an_unreadable_schedule_becomes_a_dead_letter_and_does_not_delay_others(
    create, claim_all, store, states, caplog, definition, error
):
    create("broken")
    create("sound")
    store.write(
        lambda connection: connection.execute("UPDATE schedule SET definition = ? WHERE name = 'broken'", (definition,))
    )
    assert [invocation.schedule_name for invocation in claim_all()] == ["sound"]
    (dead,) = store.dead_letters()
    assert (dead.schedule_name, dead.payload) == ("broken", definition.encode())
    assert dead.error.startswith(f"Cannot be read: {error}(")
    assert states() == ["dead", "running"]
    assert "The schedule broken cannot be dispatched" in caplog.text


def test_a_series_whose_zone_cannot_be_read_for_lack_of_file_handles_stays_due_and_delays_no_other(
    create, claim_all, clock, store, monkeypatch
):
    create("series", "cron(5 12 * * ? *)", ScheduleExpressionTimezone="Europe/Lisbon")
    create("sound", "cron(6 12 * * ? *)")
    clock.move(minutes=10)

    def fail(name):
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as short:
        short.setattr("pytz.timezone", lambda name: fail(name) if name == "Europe/Lisbon" else pytz.utc)
        assert [invocation.schedule_name for invocation in claim_all()] == ["sound"]
    assert store.dead_letters() == []
    assert [invocation.schedule_name for invocation in claim_all()] == ["series"]


def test_a_full_disk_at_dispatch_raises_and_loses_nothing(create, claim_all, store):
    for number in range(5):
        create(f"n{number}", target={"Input": f'"{"x" * 50_000}"'})
    limit = store.write(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0]) + 5
    store.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {limit}").fetchone())
    with pytest.raises(MachineShortage, match="disk space"):
        claim_all()
    store.write(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert sorted(invocation.schedule_name for invocation in claim_all()) == [f"n{number}" for number in range(5)]


def test_flexible_windows_spread_their_invocations(create, claim_all, clock):
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    for number in range(60):
        create(f"n{number}", FlexibleTimeWindow=window)
    counts = []
    for _ in range(4):
        clock.move(minutes=15)
        claimed = claim_all()
        counts.append(len(claimed))
        assert {invocation.scheduled_at for invocation in claimed} == {datetime(2026, 11, 2, 12, tzinfo=UTC)}
    assert sum(counts) == 60
    assert min(counts) >= 5


def test_schedules_are_claimed_before_retries(create, claim_all, store, presence, clock, clients):
    clients.functions.invoke(FunctionName="relay", InvocationType="Event", Payload=b'"older"')
    create()
    claimed = store.claim_due(presence.token, epoch_ms(clock() + timedelta(seconds=1)), 1)
    assert [invocation.schedule_name for invocation in claimed] == ["post"]
    assert [invocation.payload for invocation in claim_all()] == [b'"older"']


def test_claims_respect_the_limit_and_retries_keep_their_order(create, store, presence, clock, clients):
    for number in range(12):
        clients.functions.invoke(FunctionName="relay", InvocationType="Event", Payload=b"%d" % number)
        clock.move(seconds=1)
    create()
    claimed = [store.claim_due(presence.token, epoch_ms(clock()), limit) for limit in (4, 5, 9, 9)]
    assert [each.schedule_name for each in claimed[0]] == ["post", None, None, None]
    retried = [[int(each.payload) for each in batch if each.schedule_name is None] for batch in claimed]
    assert retried == [[0, 1, 2], [3, 4, 5, 6, 7], [8, 9, 10, 11], []]
