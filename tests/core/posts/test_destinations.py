"""Destinations name an account and a part of a thread."""

import copy
import json
import pickle
import sqlite3

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from core.posts.destinations import PARTS_LIMIT, Destination

PART_2 = Destination("bluesky:ada.example", 2)


@pytest.mark.parametrize(
    ("text", "account", "part"),
    [
        ("outbox", "outbox", 1),
        ("bluesky:ada.example", "bluesky:ada.example", 1),
        ("bluesky:ada.example#2", "bluesky:ada.example", 2),
        ("bluesky:ada.example#50", "bluesky:ada.example", 50),
        ("bluesky:ada.example#1", "bluesky:ada.example#1", 1),
        ("bluesky:ada.example#02", "bluesky:ada.example#02", 1),
        ("bluesky:ada.example#100", "bluesky:ada.example#100", 1),
        ("webhook:sales#eu", "webhook:sales#eu", 1),
        ("webhook:a#2#3", "webhook:a#2", 3),
    ],
)
def test_a_stored_text_is_parsed_into_account_and_part(text, account, part):
    destination = Destination.parse(text)
    assert (destination, destination.account, destination.part) == (text, account, part)


@pytest.mark.parametrize("part", [1, 2, PARTS_LIMIT])
def test_a_destination_is_parsed_from_its_own_text(part):
    destination = Destination("mastodon:ada@example.org", part)
    parsed = Destination.parse(str(destination))
    assert parsed == destination
    assert (parsed.account, parsed.part) == ("mastodon:ada@example.org", part)


@settings(deadline=None, database=None)
@given(st.text())
def test_every_text_is_parsed_without_change(text):
    destination = Destination.parse(text)
    assert str(destination) == text
    assert destination.account.part == 1
    assert destination.account.account == destination.account


def test_the_account_of_a_destination_is_part_1():
    assert PART_2.account == Destination("bluesky:ada.example")
    assert (PART_2.account.part, PART_2.account.account) == (1, PART_2.account)
    assert Destination(PART_2.account, 3) == "bluesky:ada.example#3"


def test_a_part_is_not_an_account():
    with pytest.raises(ValueError, match="names a part"):
        Destination("bluesky:ada.example#2")


@pytest.mark.parametrize("text", ["webhook:a#2#3", "webhook:a#2#3#4"])
def test_a_model_refuses_a_part_of_a_part_by_its_reason(text):
    with pytest.raises(ValidationError, match="names two parts of a thread"):
        TypeAdapter(Destination).validate_python(text)


def test_a_destination_is_stored_as_its_text():
    assert json.dumps({PART_2: [PART_2]}) == '{"bluesky:ada.example#2": ["bluesky:ada.example#2"]}'
    assert sqlite3.connect(":memory:").execute("SELECT ?", (PART_2,)).fetchone() == ("bluesky:ada.example#2",)
    assert {PART_2: 1}["bluesky:ada.example#2"] == 1
    assert sorted([PART_2, Destination("outbox"), PART_2.account]) == [PART_2.account, PART_2, "outbox"]


@pytest.mark.parametrize("destination", [PART_2, PART_2.account])
@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda each: pickle.loads(pickle.dumps(each))])
def test_a_copy_is_a_destination_too(destination, copied):
    same = copied(destination)
    assert (same, same.account, same.part) == (destination, destination.account, destination.part)


def test_a_model_parses_its_destinations():
    adapter = TypeAdapter(dict[Destination, tuple[Destination, ...]])
    ((key, (value,)),) = adapter.validate_json('{"bluesky:ada.example#2": ["outbox"]}', strict=True).items()
    assert (key.account, key.part, value.account) == ("bluesky:ada.example", 2, "outbox")
    assert adapter.dump_json({key: (value,)}) == b'{"bluesky:ada.example#2":["outbox"]}'


@pytest.mark.parametrize(
    "text", ["Outbox", "webhook:", "webhook:a b", "outbox#2", f"webhook:{'x' * 201}", "webhook:<x>"]
)
def test_a_model_refuses_other_text(text):
    with pytest.raises(ValidationError):
        TypeAdapter(Destination).validate_python(text)
