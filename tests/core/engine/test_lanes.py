"""Lanes: an invocation that hangs delays the invocations of its own lane only, and each lane keeps its order."""

import json
import threading
from collections import Counter

import pytest

from core.engine import waiting_attempts
from core.engine.lanes import LaneRooms
from core.storage.database import Database
from core.time.instants import epoch_ms
from tests.core.engine.arns import FUNCTION


def lane_of(payload):
    return json.loads(payload)["lane"]


@pytest.fixture
def post(create):
    """Create a schedule in a lane, due at a second after noon."""

    def create_in_lane(name, lane, second=0):
        create(
            name, f"at(2026-11-02T12:{second // 60:02}:{second % 60:02})", target={"Input": json.dumps({"lane": lane})}
        )

    return create_in_lane


@pytest.fixture
def hanging(function):
    """Let every invocation in the lanes that begin with `hang` hang until the test ends."""
    release = threading.Event()
    function.side_effect = lambda invocation: release.wait(30) if invocation.lane.startswith("hang") else None
    yield release
    release.set()


@pytest.fixture
def started(function):
    """Return the names of the invocations of a lane that have started, in order."""
    return lambda lane: [each.schedule_name for each in list(function.invocations) if each.lane == lane]


def test_a_lane_that_hangs_does_not_delay_another(post, start_runner, clock, hanging, started, eventually):
    for number in range(30):
        post(f"slow{number}", "hang")
    for number in range(5):
        post(f"quick{number}", "quick", second=1)
    clock.move(seconds=1)
    start_runner(workers=8, lane_of=lane_of)
    eventually(lambda: len(started("quick")) == 5)
    assert len(started("hang")) <= 2


def test_a_backlog_larger_than_any_claim_does_not_delay_another_lane(
    post, start_runner, clock, hanging, started, eventually
):
    for number in range(150):
        post(f"slow{number}", "hang")
    post("quick", "quick", second=1)
    clock.move(seconds=1)
    runner = start_runner(workers=4, lane_of=lane_of)
    eventually(lambda: started("quick"))
    post("next", "quick", second=2)
    clock.move(seconds=1)
    runner.wake()
    eventually(lambda: started("quick") == ["quick", "next"])


def test_several_lanes_that_hang_leave_workers_for_the_others(
    post, start_runner, clock, hanging, started, function, eventually
):
    for lane in range(8):
        for number in range(6):
            post(f"slow{lane}-{number}", f"hang{lane}")
    post("quick", "quick", second=1)
    clock.move(seconds=1)
    start_runner(workers=16, lane_of=lane_of)
    eventually(lambda: started("quick"))
    assert Counter(each.lane for each in function.invocations if each.lane != "quick").keys() == {
        f"hang{lane}" for lane in range(8)
    }


@pytest.mark.parametrize("workers", [1, 2, 7])
def test_the_invocations_of_a_lane_start_in_due_order(post, start_runner, clock, started, eventually, workers):
    order = [(number * 37) % 101 for number in range(101)]
    for second in order:
        post(f"n{second:03}", "one", second)
    clock.move(minutes=5)
    start_runner(workers=workers, lane_of=lane_of)
    eventually(lambda: len(started("one")) == 101)
    if workers == 1:
        assert started("one") == sorted(started("one"))
    assert sorted(started("one")) == [f"n{second:03}" for second in range(101)]


def test_a_lane_that_recovers_works_off_its_backlog(
    post, start_runner, hanging, started, eventually, states, monkeypatch
):
    monkeypatch.setattr("core.engine.runner.POLL_SECONDS", 3600)
    for number in range(150):
        post(f"slow{number:03}", "hang")
    start_runner(workers=4, lane_of=lane_of)
    eventually(lambda: started("hang"))
    hanging.set()
    eventually(lambda: len(started("hang")) == 150 and states() == [])


def test_an_occurrence_held_back_counts_no_attempt(post, start_runner, hanging, started, function, eventually, states):
    for number in range(40):
        post(f"slow{number:02}", "hang")
    runner = start_runner(workers=4, lane_of=lane_of)
    eventually(lambda: states().count("waiting") == 40 - 2 * 4)
    runner.stop(timeout=0.01)
    hanging.set()
    start_runner(workers=4, lane_of=lane_of)
    eventually(lambda: len({each.schedule_name for each in list(function.invocations)}) == 40)
    assert {each.attempt for each in function.invocations} == {1}


def test_an_invocation_that_is_sent_directly_gets_the_lane_of_its_payload(
    clients, post, start_runner, hanging, started, function, eventually
):
    for number in range(9):
        post(f"slow{number}", "hang")
    start_runner(workers=4, lane_of=lane_of)
    eventually(lambda: started("hang"))
    for lane in ("hang", "quick"):
        clients.functions.invoke(
            FunctionName=FUNCTION, InvocationType="Event", Payload=json.dumps({"lane": lane}).encode()
        )
    eventually(lambda: started("quick") == [None])
    assert None not in started("hang")


def test_a_payload_without_a_readable_lane_still_runs(create, start_runner, function):
    create(target={"Input": "[]"})
    start_runner(lane_of=lane_of)
    assert function.wait_for(1)[0].lane == ""


def test_a_full_lane_is_claimed_again_only_as_it_empties(store, post, clock):
    for number in range(6):
        post(f"n{number}", "one", number)
    clock.move(minutes=1)
    now = epoch_ms(clock())
    claimed = store.claim_due("me", now, 10, LaneRooms(lane_of, {"one": 2}, 4))
    assert [each.schedule_name for each in claimed] == ["n0", "n1"]
    assert store.claim_due("me", now, 10, LaneRooms(lane_of, {"one": 4}, 4)) == []
    claimed = store.claim_due("me", now, 10, LaneRooms(lane_of, {"one": 1}, 4))
    assert [each.schedule_name for each in claimed] == ["n2", "n3", "n4"]


def test_a_new_occurrence_waits_behind_the_earlier_ones_of_its_lane(store, post, clock):
    post("first", "one")
    now = epoch_ms(clock.move(seconds=1))
    assert store.claim_due("me", now, 10, LaneRooms(lane_of, {"one": 1}, 1)) == []
    post("second", "one", second=1)
    rooms = LaneRooms(lane_of, {}, 1)
    assert [each.schedule_name for each in store.claim_due("me", now, 10, rooms)] == ["first"]
    assert [each.schedule_name for each in store.claim_due("me", now, 10, rooms)] == ["second"]


def test_a_claim_that_becomes_free_keeps_its_place_in_its_lane(store, post, clock):
    for number in range(3):
        post(f"n{number}", "one", number)
    now = epoch_ms(clock.move(minutes=1))
    assert len(store.claim_due("dead", now, 10, LaneRooms(lane_of, {}, 1))) == 1
    assert store.claim_due("dead", now, 10, LaneRooms(lane_of, {"one": 1}, 1)) == []
    store.free_claims_of("dead", now)
    again = store.claim_due("me", now, 10, LaneRooms(lane_of, {}, 9))
    assert [each.schedule_name for each in again] == ["n0", "n1", "n2"]
    first = again[0]
    store.free_claims_of("me", epoch_ms(clock.move(minutes=1)))
    [earliest] = store.claim_due("me", epoch_ms(clock()), 10, LaneRooms(lane_of, {}, 1))
    assert (earliest.id, earliest.attempt) == (first.id, first.attempt + 1)


def test_a_claim_reads_a_few_rows_of_a_lane_by_its_index(store):
    """The plan of each query names the index and no scan of the table."""
    queries = [waiting_attempts._LANES.replace("?", "0")]
    queries.append("SELECT id FROM invocation WHERE lane = 'x' AND next_attempt <= 0 ORDER BY next_attempt LIMIT 1")
    queries.append("SELECT id FROM invocation WHERE lane IS NULL AND next_attempt <= 0 ORDER BY next_attempt LIMIT 1")
    queries.append("SELECT min(next_attempt) FROM invocation WHERE lane = 'x' AND next_attempt IS NOT NULL")
    database: Database = store.database
    for query in queries:
        plan = [row["detail"] for row in database.read(f"EXPLAIN QUERY PLAN {query}")]
        on_table = [step for step in plan if "invocation" in step]
        assert on_table
        assert all(step.startswith("SEARCH") and "invocation_lane" in step for step in on_table), plan
