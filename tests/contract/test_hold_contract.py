"""The contract of the hold port, on SQLite and on DynamoDB in moto."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.ledger.sqlite import open_database
from core.posts.models import new_post_id
from core.scheduling.hold.dynamodb import DynamoHold
from core.scheduling.hold.port import HELD_LIMIT, Hold, HoldStore
from core.scheduling.hold.sqlite import SqliteHold


@pytest.fixture
def sqlite_hold(tmp_path, clock) -> Iterator[HoldStore]:
    database = open_database(tmp_path / "punctual.db", now=clock())
    yield SqliteHold(database)
    database.close()


@pytest.fixture
def dynamodb_hold(table) -> HoldStore:
    return DynamoHold(table)


@pytest.fixture(params=["sqlite", "dynamodb"])
def store(request) -> HoldStore:
    return request.getfixturevalue(f"{request.param}_hold")


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
