"""The contract of the labels port, on SQLite and on DynamoDB in moto and in dynalite."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.labels.dynamodb import DynamoLabels
from core.labels.label import COLOURS, MAX_LABELS, InvalidLabel, Label, LabelExists, LabelGone, TooManyLabels
from core.labels.port import Labels
from core.labels.sqlite import SqliteLabels
from core.ledger.sqlite import open_database


@pytest.fixture
def sqlite_labels(tmp_path, clock) -> Iterator[Labels]:
    database = open_database(tmp_path / "punctual.db", now=clock())
    yield SqliteLabels(database)
    database.close()


@pytest.fixture
def moto_labels(table) -> Labels:
    return DynamoLabels(table)


@pytest.fixture
def dynalite_labels(dynalite_table) -> Labels:
    return DynamoLabels(dynalite_table)


@pytest.fixture(params=["sqlite", "moto", "dynalite"])
def labels(request) -> Labels:
    return request.getfixturevalue(f"{request.param}_labels")


def names(labels: Labels) -> list[str]:
    return [label.name for label in labels.all()]


def test_a_new_deployment_has_no_labels(labels):
    assert labels.all() == ()


def test_new_labels_get_different_colours_and_are_in_order(labels):
    assert labels.add(["sales", "Launch", "Größe"]) == ("sales", "Launch", "Größe")
    assert names(labels) == ["Größe", "Launch", "sales"]
    assert {label.colour for label in labels.all()} == set(COLOURS[:3])


def test_names_that_differ_in_case_or_spaces_are_one_label(labels):
    labels.add(["Product launch"])
    assert labels.add(["PRODUCT  launch ", "product launch"]) == ("Product launch",)
    assert names(labels) == ["Product launch"]


@pytest.mark.parametrize("name", ["", " \n", "x" * 51])
def test_a_name_that_no_label_can_have_is_refused(labels, name):
    with pytest.raises(InvalidLabel):
        labels.add(["fine", name])
    assert labels.all() == ()


def test_a_label_changes_its_colour_or_its_name(labels):
    labels.add(["sales"])
    labels.change("Sales", Label(name="sales", colour="red"))
    labels.change("sales", Label(name="Revenue", colour="red"))
    assert labels.all() == (Label(name="Revenue", colour="red"),)


def test_the_letter_case_of_a_label_can_be_changed(labels):
    labels.add(["sales"])
    labels.change("sales", Label(name="Sales", colour="blue"))
    assert names(labels) == ["Sales"]


def test_a_label_cannot_take_the_name_of_another(labels):
    labels.add(["sales", "Launch"])
    with pytest.raises(LabelExists):
        labels.change("sales", Label(name="launch"))
    with pytest.raises(LabelGone):
        labels.change("gone", Label(name="new"))
    assert names(labels) == ["Launch", "sales"]


def test_a_deleted_label_can_be_restored_with_its_colour(labels):
    labels.add(["sales"])
    labels.change("sales", Label(name="sales", colour="violet"))
    labels.delete("SALES")
    labels.delete("SALES")
    assert labels.all() == ()
    labels.restore(Label(name="sales", colour="violet"))
    labels.restore(Label(name="Sales", colour="red"))
    assert labels.all() == (Label(name="sales", colour="violet"),)


def test_there_are_at_most_so_many_labels(labels):
    labels.add([f"label {number}" for number in range(MAX_LABELS)])
    with pytest.raises(TooManyLabels):
        labels.add(["one more"])
    assert len(labels.all()) == MAX_LABELS
    assert labels.add(["label 7"]) == ("label 7",)


def test_writers_at_the_same_moment_lose_no_label(labels):
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: labels.add([f"Label {number % 8}", "Common"]), range(16)))
    assert names(labels) == ["Common", *(f"Label {number}" for number in range(8))]
