"""What every outbox promises (core/outbox/port.py), on each adapter there is."""

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
def dynamodb_outbox(table) -> DynamoOutbox:
    return DynamoOutbox(table)


@pytest.fixture(params=["sqlite", "dynamodb"])
def outbox(request) -> Outbox:
    return request.getfixturevalue(f"{request.param}_outbox")


@pytest.fixture
def entry(clock) -> Callable[..., OutboxPost]:
    """Build an entry, published now."""

    def build(key: str = "k3v9q2m4cx7a", **changed: Any) -> OutboxPost:
        whole = {"occurrence_key": key, "post_id": "k3v9q2m4cx7a", "text": "Hello", "published_at": clock(), **changed}
        return OutboxPost(**whole)

    return build


def keys(entries: list[OutboxPost]) -> list[str]:
    return [entry.occurrence_key for entry in entries]


def test_an_entry_is_there_as_it_was_published(outbox, entry):
    picture = Media(
        reference="0" * 64, kind="picture", content_type="image/png", size=9, width=2, height=1, alt="A cat"
    )
    published = entry(text="Grüße 🎉\n", media=(picture,))
    outbox.add(published)
    assert outbox.get(published.occurrence_key) == published
    assert outbox.feed(limit=10) == [published]


def test_what_was_never_published_is_not_there(outbox):
    assert outbox.get("k3v9q2m4cx7a") is None
    assert outbox.feed(limit=10) == []


def test_an_occurrence_is_published_once_and_stays_as_it_is(outbox, entry, clock):
    outbox.add(entry())
    clock.move(minutes=1)
    outbox.add(entry(text="again"))
    assert [found.text for found in outbox.feed(limit=10)] == ["Hello"]


def test_of_many_at_the_same_moment_one_is_published(outbox, entry):
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: outbox.add(entry(text=str(number))), range(8)))
    assert len(outbox.feed(limit=10)) == 1


def test_the_runs_of_a_series_are_published_each(outbox, entry):
    for hour in (8, 9):
        outbox.add(entry(f"k3v9q2m4cx7a/2026-11-24T{hour:02d}:00:00Z"))
    assert len(outbox.feed(limit=10)) == 2


def test_the_latest_comes_first(outbox, entry, clock):
    for name in "bca":
        outbox.add(entry(name, published_at=clock.move(milliseconds=1)))
    outbox.add(entry("early", published_at=clock() - timedelta(days=40)))
    assert keys(outbox.feed(limit=3)) == ["a", "c", "b"]


def test_the_feed_goes_on_behind_an_entry_and_skips_nothing(outbox, entry, clock):
    for number in range(11):
        outbox.add(entry(str(number), published_at=clock() + timedelta(seconds=number // 4)))
    found: list[OutboxPost] = []
    while page := outbox.feed(limit=3, after=found[-1] if found else None):
        found += page
    assert len(set(keys(found))) == len(found) == 11
    assert [each.published_at for each in found] == sorted((each.published_at for each in found), reverse=True)
