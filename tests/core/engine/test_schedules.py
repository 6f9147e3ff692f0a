"""The cost of listing schedules in a full store, and damaged definitions."""

import pytest
from botocore.exceptions import ClientError

from core.engine import schedules
from core.engine.next_occurrence import Timing
from tests.core.engine.arns import FUNCTION, ROLE


def definition(name, state="ENABLED"):
    return {"GroupName": "default", "Name": name, "State": state, "Target": {"Arn": FUNCTION}}


@pytest.fixture
def full_store(store):
    """Return a store with 5,000 schedules; every thousandth is disabled."""

    def fill(connection):
        for number in range(5000):
            state = "DISABLED" if number % 1000 == 999 else "ENABLED"
            schedules.create(connection, definition(f"n{number:04}", state), Timing(anchor=0), 0)

    store.write(fill)
    return store


@pytest.fixture
def steps(full_store):
    """Read a page; return its names and the number of SQLite's steps, in hundreds."""

    def count(prefix="", state=None, after="", limit=100):
        taken = []
        with full_store.snapshot() as connection:
            connection.set_progress_handler(lambda: taken.append(1) and None, 100)
            rows = schedules.page(connection, "default", prefix, state, after, limit)
            connection.set_progress_handler(None, 100)
        return [row["name"] for row in rows], len(taken)

    return count


def test_the_last_page_costs_no_more_than_the_first(steps):
    first, cost_of_first = steps()
    last, cost_of_last = steps(after="n4899")
    assert (first[0], last[0], last[-1], len(last)) == ("n0000", "n4900", "n4999", 100)
    assert cost_of_last <= cost_of_first + 1


def test_the_cost_of_a_prefix_grows_with_its_matches(steps):
    found, cost = steps(prefix="n432")
    assert (found[0], len(found)) == ("n4320", 10)
    assert cost <= 3


def test_the_few_disabled_schedules_are_found_without_a_scan(steps):
    found, cost = steps(state="DISABLED")
    assert found == [f"n{number}999" for number in range(5)]
    assert cost <= 3


def test_a_page_of_a_prefix_starts_after_a_name_and_ends_with_the_prefix(steps):
    assert steps(prefix="n00", after="n0097")[0] == ["n0098", "n0099"]
    assert steps(prefix="n43", after="a")[0][:2] == ["n4300", "n4301"]
    assert steps(prefix="n43", after="n9")[0] == []


@pytest.mark.parametrize("name", ["-", ".", "_", "0", "9", "A", "Z", "a", "z", "zz", "n" * 64])
def test_every_valid_name_is_found_by_prefix_and_after_its_predecessor(store, name):
    longer = name + "-"
    for each in (name, longer):
        store.write(lambda connection, each=each: schedules.create(connection, definition(each), Timing(anchor=0), 0))
    with store.snapshot() as connection:
        found = schedules.page(connection, "default", name, None, "", 10)
        rest = schedules.page(connection, "default", name, None, name, 10)
    assert [row["name"] for row in found] == [name, longer]
    assert [row["name"] for row in rest] == [longer]


@pytest.mark.parametrize(("stored", "reason"), [("{", "Expecting property name"), ("[]", "it is no JSON object")])
def test_a_stored_definition_that_cannot_be_read_is_named_with_the_remedy(create, clients, store, stored, reason):
    create("broken")
    store.write(lambda connection: connection.execute("UPDATE schedule SET definition = ?", (stored,)))
    target = {"Arn": FUNCTION, "RoleArn": ROLE, "Input": "{}"}
    changed = {"ScheduleExpression": "at(2027-01-01T00:00:00)", "FlexibleTimeWindow": {"Mode": "OFF"}}
    for call in (
        lambda: clients.scheduler.get_schedule(Name="broken"),
        lambda: clients.scheduler.update_schedule(Name="broken", Target=target, **changed),
    ):
        with pytest.raises(ClientError, match="The stored definition of schedule broken cannot be read") as refused:
            call()
        assert reason in str(refused.value)
        assert "Delete the schedule, and create it again." in str(refused.value)
    clients.scheduler.delete_schedule(Name="broken")
