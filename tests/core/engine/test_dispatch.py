import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from core.engine import invocations
from core.engine.timing import milliseconds
from core.storage.database import StorageFault


@pytest.fixture
def fire(store, presence, clock):
    """Hand over all that is due now, and return the invocations."""

    def take_all():
        taken = []
        while batch := store.take(presence.token, milliseconds(clock()), 10):
            taken += batch
        return taken

    return take_all


def times(invocations):
    return [f"{invocation.scheduled_at:%d %H:%M}" for invocation in invocations]


def test_placeholders_are_replaced_at_invocation(create, clients, fire, clock):
    text = json.dumps(
        {
            "when": "<aws.scheduler.scheduled-time>",
            "arn": "<aws.scheduler.schedule-arn>",
            "id": "<aws.scheduler.execution-id>",
            "attempt": "<aws.scheduler.attempt-number>",
            "unknown": "<aws.scheduler.mood>",
        }
    )
    create(expression="at(2026-11-02T12:00:07)", target={"Input": text})
    assert clients.scheduler.get_schedule(Name="post")["Target"]["Input"] == text
    clock.move(minutes=5)
    (invocation,) = fire()
    assert json.loads(invocation.payload) == {
        "when": "2026-11-02T12:00:07Z",
        "arn": "arn:aws:scheduler:us-east-1:000000000000:schedule/default/post",
        "id": invocation.id,
        "attempt": "1",
        "unknown": "<aws.scheduler.mood>",
    }


def test_without_an_input_the_function_gets_the_schedulers_own_event(create, fire):
    create(target={"Arn": "arn:aws:lambda:us-east-1:1:function:x"})
    (invocation,) = fire()
    event = json.loads(invocation.payload)
    assert (event["source"], event["time"]) == ("aws.scheduler", "2026-11-02T12:00:00Z")
    assert event["resources"] == ["arn:aws:scheduler:us-east-1:000000000000:schedule/default/post"]


def test_text_of_every_script_arrives_as_it_was_written(create, fire):
    text = '"☕ Καφές \\u003cb> 🇩🇪 \\ud83d\\ude00"'
    create(target={"Input": text})
    assert fire()[0].payload.decode() == text


def test_a_rate_runs_at_once_and_then_in_equal_steps(create, fire, clock):
    create(expression="rate(20 minutes)")
    assert times(fire()) == ["02 12:00"]
    clock.move(minutes=19, seconds=59)
    assert fire() == []
    clock.move(seconds=1)
    assert times(fire()) == ["02 12:20"]


def test_a_rate_counts_from_its_start_date(create, fire, clock):
    create(expression="rate(1 hour)", StartDate=clock().timestamp() + 600)
    assert fire() == []
    clock.move(minutes=75)
    assert times(fire()) == ["02 12:10", "02 13:10"]


def test_a_cron_runs_on_the_wall_clock_of_its_zone(create, fire, clock):
    create(expression="cron(0 9 * * ? *)", ScheduleExpressionTimezone="America/New_York")
    clock.move(days=1)
    (invocation,) = fire()
    assert invocation.scheduled_at == datetime(2026, 11, 2, 14, tzinfo=UTC)


def test_a_series_ends_with_its_end_date_and_leaves_the_list(create, fire, clock, clients):
    create(expression="rate(1 hour)", EndDate=clock().timestamp() + 7200)
    assert clients.scheduler.list_schedules()["Schedules"]
    clock.move(hours=1)
    assert times(fire()) == ["02 12:00", "02 13:00"]
    clock.move(hours=5)
    assert times(fire()) == ["02 14:00"]
    assert clients.scheduler.list_schedules()["Schedules"] == []


@pytest.mark.parametrize(("days", "runs"), [(0.8, 4), (24, 97)])
def test_missed_runs_are_all_made_up_for(create, fire, clock, store, days, runs):
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(days=days)
    found = fire()
    steps = {later.scheduled_at - earlier.scheduled_at for earlier, later in pairwise(found)}
    assert (len(found), steps) == (runs, {timedelta(hours=6)})
    assert store.dead_letters() == []


def test_where_very_many_were_missed_the_first_and_the_last_days_are_made_up_for_and_the_rest_is_named(
    create, fire, clock, store
):
    create(expression="cron(0 * * * ? *)")
    clock.move(days=30, minutes=30)
    found = fire()
    assert times(found)[:2] == ["02 12:00", "01 13:00"]
    assert len(found) == 1 + 24
    (left_out,) = store.dead_letters()
    assert left_out.scheduled_at == datetime(2026, 11, 2, 13, tzinfo=UTC)
    assert left_out.error == ("Too many runs were missed: this one, and all until 2026-12-01T12:30:00Z, are left out.")


@pytest.mark.parametrize(("older_than_a_day", "made_up"), [(100, 105), (101, 5)])
def test_a_hundred_runs_are_not_very_many(create, fire, clock, store, older_than_a_day, made_up):
    """The one that is due, what was missed until a day ago, and the four of the last day."""
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(hours=6 * older_than_a_day + 24, seconds=1)
    assert len(fire()) == made_up
    assert len(store.dead_letters()) == (made_up == 5)


@pytest.mark.parametrize(("missed", "made_up"), [(100, 101), (101, 1)])
def test_of_a_series_that_has_ended_a_hundred_runs_are_not_very_many_either(
    create, fire, clock, clients, missed, made_up
):
    create(expression="cron(0 0/6 * * ? *)", EndDate=clock().timestamp() + missed * 6 * 3600)
    clock.move(days=60)
    assert len(fire()) == made_up
    assert clients.scheduler.list_schedules()["Schedules"] == []


def test_a_hundred_and_first_run_of_exactly_a_day_ago_is_made_up_for(create, fire, clock, store):
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(hours=6 * 101 + 24)
    assert len(fire()) == 106
    assert store.dead_letters() == []


def test_what_was_in_a_group_that_was_deleted_never_fires(create, fire, clock, clients):
    clients.scheduler.create_schedule_group(Name="posts")
    create("gone", GroupName="posts")
    create("stays")
    clients.scheduler.delete_schedule_group(Name="posts")
    clients.scheduler.create_schedule_group(Name="posts")
    assert clients.scheduler.list_schedules(GroupName="posts")["Schedules"] == []
    assert [invocation.schedule_name for invocation in fire()] == ["stays"]


def test_what_was_handed_over_goes_on_although_its_group_is_deleted(create, fire, clock, clients, store, presence):
    clients.scheduler.create_schedule_group(Name="posts")
    create(expression="rate(1 hour)", GroupName="posts")
    (running,) = fire()
    clients.scheduler.delete_schedule_group(Name="posts")
    again = milliseconds(clock())
    store.note(lambda connection: invocations.try_again(connection, running.id, presence.token, "x", again))
    clock.move(hours=2)
    assert [(each.id, each.attempt) for each in fire()] == [(running.id, 2)]


def test_a_name_that_is_made_again_while_it_runs_is_another_one(create, fire, clients, store, presence):
    create()
    (first,) = fire()
    create()
    (second,) = fire()
    assert (first.schedule_name, first.scheduled_at) == (second.schedule_name, second.scheduled_at)
    store.note(lambda connection: invocations.succeed(connection, first.id, presence.token))
    (left,) = store.database.read("SELECT id FROM invocation")
    assert left["id"] == second.id


def test_a_run_of_exactly_a_day_ago_is_of_the_last_day(create, fire, clock, store):
    create(expression="cron(0 0/6 * * ? *)")
    clock.move(hours=6 * 102 + 24)
    assert times(fire())[1] == "28 00:00"
    assert len(store.dead_letters()) == 1


def test_a_schedule_whose_zone_is_gone_holds_up_no_other(create, fire, clock, store):
    create("broken", "cron(5 12 * * ? *)")
    create("sound", "cron(6 12 * * ? *)")
    store.write(
        lambda connection: connection.execute(
            "UPDATE schedule SET definition = replace(definition, '\"UTC\"', '\"Atlantis\"') WHERE name = 'broken'"
        )
    )
    clock.move(minutes=10)
    assert [invocation.schedule_name for invocation in fire()] == ["broken", "sound"]
    (dead,) = store.dead_letters()
    assert dead.error == "The schedule cannot run again: There is no time zone called 'Atlantis'."


def test_a_zone_that_is_gone_at_the_very_instant_of_a_run_does_not_take_that_run_along(create, fire, clock, store):
    create("broken", "cron(5 12 * * ? *)")
    store.write(
        lambda connection: connection.execute(
            "UPDATE schedule SET definition = replace(definition, '\"UTC\"', '\"Atlantis\"')"
        )
    )
    clock.move(minutes=5)
    assert times(fire()) == ["02 12:05"]
    (dead,) = store.dead_letters()
    assert dead.error == "The schedule cannot run again: There is no time zone called 'Atlantis'."


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
def test_a_schedule_that_cannot_be_read_becomes_a_dead_letter_and_holds_up_no_other(
    create, fire, store, states, caplog, definition, error
):
    create("broken")
    create("sound")
    store.write(
        lambda connection: connection.execute("UPDATE schedule SET definition = ? WHERE name = 'broken'", (definition,))
    )
    assert [invocation.schedule_name for invocation in fire()] == ["sound"]
    (dead,) = store.dead_letters()
    assert (dead.schedule_name, dead.payload) == ("broken", definition.encode())
    assert dead.error.startswith(f"Cannot be read: {error}(")
    assert states() == ["dead", "running"]
    assert "The schedule broken cannot be handed over" in caplog.text


def test_a_disk_that_is_full_at_the_hand_over_is_named_and_loses_nothing(create, fire, store):
    for number in range(5):
        create(f"n{number}", target={"Input": f'"{"x" * 50_000}"'})
    limit = store.write(lambda connection: connection.execute("PRAGMA page_count").fetchone()[0]) + 5
    store.write(lambda connection: connection.execute(f"PRAGMA max_page_count = {limit}").fetchone())
    with pytest.raises(StorageFault, match="database or disk is full"):
        fire()
    store.write(lambda connection: connection.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert sorted(invocation.schedule_name for invocation in fire()) == [f"n{number}" for number in range(5)]


def test_flexible_windows_spread_their_invocations(create, fire, clock):
    window = {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 60}
    for number in range(60):
        create(f"n{number}", FlexibleTimeWindow=window)
    counts = []
    for _ in range(4):
        clock.move(minutes=15)
        taken = fire()
        counts.append(len(taken))
        assert {invocation.scheduled_at for invocation in taken} == {datetime(2026, 11, 2, 12, tzinfo=UTC)}
    assert sum(counts) == 60
    assert min(counts) >= 5


def test_retries_wait_for_fresh_posts(create, fire, store, presence, clock, clients):
    clients.functions.invoke(FunctionName="relay", InvocationType="Event", Payload=b'"older"')
    create()
    taken = store.take(presence.token, milliseconds(clock() + timedelta(seconds=1)), 1)
    assert [invocation.schedule_name for invocation in taken] == ["post"]
    assert [invocation.payload for invocation in fire()] == [b'"older"']


def test_no_more_is_claimed_than_asked_for_and_retries_in_their_order(create, store, presence, clock, clients):
    for number in range(12):
        clients.functions.invoke(FunctionName="relay", InvocationType="Event", Payload=b"%d" % number)
        clock.move(seconds=1)
    create()
    taken = [store.take(presence.token, milliseconds(clock()), limit) for limit in (4, 5, 9, 9)]
    assert [each.schedule_name for each in taken[0]] == ["post", None, None, None]
    retried = [[int(each.payload) for each in batch if each.schedule_name is None] for batch in taken]
    assert retried == [[0, 1, 2], [3, 4, 5, 6, 7], [8, 9, 10, 11], []]
