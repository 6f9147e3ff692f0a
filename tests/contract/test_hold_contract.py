"""The contract of the hold port, on SQLite and on DynamoDB in moto and in dynalite."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.ledger.dynamodb import DynamoLedger
from core.ledger.port import Ledger, Plan, PlanChange
from core.ledger.sqlite import SqliteLedger, open_database
from core.posts.models import Post, new_post_id
from core.scheduling.hold.dynamodb import DynamoHold
from core.scheduling.hold.port import HELD_LIMIT, Hold, HoldStore, NotHeld
from core.scheduling.hold.sqlite import SqliteHold
from core.storage.processes import Presence


@pytest.fixture
def sqlite_stores(tmp_path, clock) -> Iterator[tuple[HoldStore, Ledger]]:
    database, presence = open_database(tmp_path / "punctual.db", now=clock()), Presence(tmp_path / "processes")
    yield SqliteHold(database), SqliteLedger(database, presence)
    presence.leave()
    database.close()


@pytest.fixture
def moto_stores(table) -> tuple[HoldStore, Ledger]:
    return DynamoHold(table), DynamoLedger(table)


@pytest.fixture
def dynalite_stores(dynalite_table) -> tuple[HoldStore, Ledger]:
    return DynamoHold(dynalite_table), DynamoLedger(dynalite_table)


@pytest.fixture(params=["sqlite", "moto", "dynalite"])
def stores(request) -> tuple[HoldStore, Ledger]:
    return request.getfixturevalue(f"{request.param}_stores")


@pytest.fixture
def store(stores) -> HoldStore:
    return stores[0]


@pytest.fixture
def ledger(stores) -> Ledger:
    return stores[1]


@pytest.fixture
def a_hold(clock):
    """Build a hold with members changed."""

    def build(**changed):
        members = {"phase": "pausing", "began_at": clock(), "changed_at": clock(), "total": 3, **changed}
        return Hold(**members)

    return build


def test_a_new_deployment_holds_nothing(store):
    assert store.read() is None
    assert store.change(lambda hold: hold) is None
    assert store.read() is None


def test_a_hold_is_read_as_it_was_written_until_it_ends(store, a_hold, clock):
    held = a_hold(posts=(new_post_id(), new_post_id()))
    assert store.change(lambda hold: held) == held
    assert store.read() == held
    later = store.change(lambda hold: hold.model_copy(update={"changed_at": clock() + timedelta(seconds=1)}))
    assert store.read() == later != held
    assert store.change(lambda hold: None) is None
    assert store.read() is None
    assert store.change(lambda hold: held if hold is None else None) == held


def test_an_error_in_a_change_writes_nothing(store, a_hold):
    held = store.change(lambda hold: a_hold())

    def fail(hold):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        store.change(fail)
    assert store.read() == held


def test_writers_at_the_same_moment_lose_no_post(store, a_hold):
    store.change(lambda hold: a_hold())
    ids = [new_post_id() for _ in range(12)]

    def add(post_id):
        store.change(lambda hold: hold.model_copy(update={"posts": (*hold.posts, post_id)}))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, ids))
    assert sorted(store.read().posts) == sorted(ids)


def test_the_largest_hold_is_stored(store, a_hold):
    held = a_hold(posts=tuple(f"{number:012d}" for number in range(HELD_LIMIT)))
    store.change(lambda hold: held)
    assert store.read() == held


@pytest.fixture
def plan(ledger, clock) -> Plan:
    """Plan a post that is due in an hour."""
    members = {"post_id": new_post_id(), "text": "Hi", "destinations": ("outbox",), "zone": "UTC"}
    post = Post(**members, wall="2026-11-02T13:00:00", due_at=clock() + timedelta(hours=1))
    return ledger.plan(PlanChange(post=post, schedule_name="post"), now=clock())


@pytest.fixture
def pause(store, plan, clock):
    """Pause the post for the hold."""
    post = plan.post.model_copy(update={"revision": 2})
    return lambda: store.write(PlanChange(post=post, desired="paused", schedule_name="post"), now=clock())


@pytest.mark.parametrize("phase", ["pausing", "paused"])
def test_a_post_of_the_hold_is_paused(store, ledger, a_hold, plan, pause, phase):
    store.change(lambda hold: a_hold(phase=phase, posts=(plan.post.post_id,)))
    assert pause().desired == "paused"
    assert ledger.get(plan.post.post_id).desired == "paused"


@pytest.mark.parametrize("members", [None, {"phase": "paused", "posts": ()}, {"phase": "resuming"}])
def test_no_post_is_paused_without_a_hold_that_has_it(store, ledger, a_hold, plan, pause, members):
    if members is not None:
        store.change(lambda hold: a_hold(**{"posts": (plan.post.post_id,), **members}))
    with pytest.raises(NotHeld):
        pause()
    assert ledger.get(plan.post.post_id) == plan


@pytest.mark.parametrize(
    ("stores", "used"),
    [("moto", "table"), ("dynalite", "dynalite_table")],
    indirect=["stores"],
    ids=["moto", "dynalite"],
)
def test_a_hold_that_ends_at_the_same_moment_pauses_nothing(
    request, used, store, ledger, a_hold, plan, pause, monkeypatch
):
    """SQLite writes one transaction after the other."""
    table = request.getfixturevalue(used)
    store.change(lambda hold: a_hold(posts=(plan.post.post_id,)))
    read = table.get

    def read_before_the_end(keys):
        found = read(keys)
        monkeypatch.setattr(table, "get", read)
        store.change(lambda hold: None)
        return found

    monkeypatch.setattr(table, "get", read_before_the_end)
    with pytest.raises(NotHeld):
        pause()
    assert ledger.get(plan.post.post_id) == plan
