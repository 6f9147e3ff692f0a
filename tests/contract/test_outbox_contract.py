"""The contract of the outbox port, on SQLite and on DynamoDB in moto and in dynalite."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest

from core.ledger.sqlite import open_database
from core.outbox.dynamodb import DynamoOutbox
from core.outbox.port import Outbox, OutboxPost
from core.outbox.sqlite import SqliteOutbox
from core.posts.models import Media


@pytest.fixture
def sqlite_outbox(tmp_path, clock) -> Iterator[SqliteOutbox]:
    database = open_database(tmp_path / "punctual.db", now=clock())
    yield SqliteOutbox(database)
    database.close()


@pytest.fixture
def moto_outbox(table) -> DynamoOutbox:
    return DynamoOutbox(table)


@pytest.fixture
def dynalite_outbox(dynalite_table) -> DynamoOutbox:
    return DynamoOutbox(dynalite_table)


@pytest.fixture(params=["sqlite", "moto", "dynalite"])
def outbox(request) -> Outbox:
    return request.getfixturevalue(f"{request.param}_outbox")


@pytest.fixture
def post(clock) -> Callable[..., OutboxPost]:
    """Build a post that is published now."""

    def build(key: str = "k3v9q2m4cx7a", **changed: Any) -> OutboxPost:
        whole = {"occurrence_key": key, "post_id": "k3v9q2m4cx7a", "text": "Hello", "published_at": clock(), **changed}
        return OutboxPost(**whole)

    return build


def keys(posts: list[OutboxPost]) -> list[str]:
    return [post.occurrence_key for post in posts]


def test_a_post_is_read_as_it_was_added(outbox, post):
    picture = Media(
        reference="0" * 64, kind="picture", content_type="image/png", size=9, width=2, height=1, alt="A cat"
    )
    published = post(text="Grüße 🎉\n", media=(picture,))
    outbox.add(published)
    assert outbox.get(published.occurrence_key) == published
    assert outbox.feed(limit=10) == [published]


def test_an_empty_outbox_has_no_posts(outbox):
    assert outbox.get("k3v9q2m4cx7a") is None
    assert outbox.feed(limit=10) == []


def test_an_occurrence_is_added_once_and_not_changed(outbox, post, clock):
    outbox.add(post())
    clock.move(minutes=1)
    outbox.add(post(text="again"))
    assert [found.text for found in outbox.feed(limit=10)] == ["Hello"]


def test_one_of_many_simultaneous_posts_of_an_occurrence_is_added(outbox, post):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: outbox.add(post(text=str(number))), range(8)))
    assert len(outbox.feed(limit=10)) == 1


def test_each_run_of_a_series_is_a_post_of_its_own(outbox, post):
    for hour in (8, 9):
        outbox.add(post(f"k3v9q2m4cx7a/2026-11-24T{hour:02d}:00:00Z"))
    assert len(outbox.feed(limit=10)) == 2


def test_the_feed_is_latest_first(outbox, post, clock):
    for name in "bca":
        outbox.add(post(name, published_at=clock.move(milliseconds=1)))
    outbox.add(post("early", published_at=clock() - timedelta(days=40)))
    assert keys(outbox.feed(limit=3)) == ["a", "c", "b"]


def test_pages_of_the_feed_are_complete_and_in_order(outbox, post, clock):
    for number in range(11):
        outbox.add(post(str(number), published_at=clock() + timedelta(seconds=number // 4)))
    found: list[OutboxPost] = []
    while page := outbox.feed(limit=3, after=found[-1] if found else None):
        found += page
    assert len(set(keys(found))) == len(found) == 11
    assert [each.published_at for each in found] == sorted((each.published_at for each in found), reverse=True)
