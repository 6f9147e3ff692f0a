"""A row keeps its identity when a spreadsheet saves its file again, when it is moved, and when it is corrected."""

import csv
import io

import pytest

from core.accounts.port import Account
from core.bulk.columns import Column
from core.bulk.loading import load

TABLE = (
    "text,date,to,pictures\n"
    'Good morning,2026-12-24 09:00,outbox,\n"Two\nlines",2026-12-25T19:30:00,,\n'
    "Free,,outbox,\nCafé,2026-12-31 07:05,,\n"
)


def ids(checked):
    return [each.post_id for each in checked.rows]


def saved_by_a_spreadsheet(table: str, *, day_first: bool) -> bytes:
    """Return the table as a spreadsheet saves it: other dates, delimiters, line ends, quotes and encoding."""
    rows = list(csv.reader(io.StringIO(table)))
    for row in rows[1:]:
        if row[1]:
            year, month, day = row[1][:10].split("-")
            clock = row[1][11:16]
            row[1] = f"{day}.{month}.{year} {clock}" if day_first else f"{int(month)}/{int(day)}/{year} {clock}"
        row[0] = row[0].replace("\n", "\r\n")
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=";", quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode("utf-16")


@pytest.mark.parametrize("day_first", [True, False])
def test_a_file_that_a_spreadsheet_saved_again_has_the_same_rows(check, day_first):
    assert ids(check(saved_by_a_spreadsheet(TABLE, day_first=day_first))) == ids(check(TABLE))


def test_rows_that_are_moved_or_added_keep_the_others_as_they_are(check):
    head, *rows = TABLE.replace('"Two\nlines"', "Two").splitlines()
    before = ids(check("\n".join([head, *rows])))
    after = ids(check("\n".join([head, "New,2027-01-01 09:00,,", *reversed(rows)])))
    assert after[1:] == before[::-1]


def test_composed_and_decomposed_letters_are_equal(check):
    assert ids(check(TABLE.replace("é", "e\u0301"))) == ids(check(TABLE))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("A,2026-12-24 09:00,,,,", "A,2026-12-24 09:01,,,,"),
        ("A,2026-12-24 09:00,,,,", "A,2026-12-24 09:00,Asia/Tokyo,,,"),
        ("A,2026-12-24 09:00,,,,", "A,2026-12-24 09:00,,webhook:sales,,"),
        ("A,2026-12-24 09:00,,,,", "A,2026-12-24 09:00,,,weekdays,"),
        ("A,2026-12-24 09:00,,,,", "A,2026-12-24 09:00,,,,Own"),
        ("A,2026-12-24 09:00,,,,", "B,2026-12-24 09:00,,,,"),
        ("A,tomorrow 9am,,,,", "A,today 9am,,,,"),
    ],
)
def test_another_meaning_is_another_row(check, one, other):
    head = "text,date,zone,to,repeat,text:outbox\n"
    assert ids(check(head + one)) != ids(check(head + other))


def test_ways_to_write_one_meaning_are_one_row(check, application):
    application.accounts.connect(Account(destination="webhook:sales", label="Sales"))
    table = (
        "text,date,to\nA,2026-12-24 09:00,Sales\nA,24 Dec 2026 9:00 am,webhook:sales\n"
        'A,2026-12-24T09:00:00,"SALES, webhook"\n'
    )
    first = ids(check("\n".join(table.splitlines()[:2])))
    others = [ids(check("\n".join([table.splitlines()[0], line]))) for line in table.splitlines()[2:]]
    assert others == [first, first]
    assert len(set(ids(check(table)))) == 3  # the order separates equal rows of one table


@pytest.mark.parametrize(
    ("one", "other"), [("mon,wed", "Wed, Mon"), ("cron:0 9 ? * L *", "cron:'0 9  ? * l *'"), ("sometimes", "Sometimes")]
)
def test_ways_to_write_one_rule_are_one_row(check, one, other):
    head = "text,date,repeat\nA,2026-12-24 09:00,"
    assert ids(check(f'{head}"{one}"')) == ids(check(f'{head}"{other}"'))


def test_a_corrected_row_is_found_by_what_the_file_has(check, application):
    table = "text,date\nLate,2020-01-01 09:00\n"
    load(application, check(table, corrections={2: {Column.WHEN: "2026-12-25 09:00"}}))
    assert [each.verdict for each in check(table).rows] == ["there"]
    corrected = check(table.replace("2020-01-01", "2026-12-25"))
    assert [each.reason for each in corrected.rows] == ["The queue has a post with this text at this time."]


def test_the_zone_that_is_chosen_for_the_file_does_not_double_its_rows(check, application):
    load(application, check(TABLE.replace("Free,,", "Free,2026-12-26 09:00,")))
    again = check(TABLE.replace("Free,,", "Free,2026-12-26 09:00,"), zone="Asia/Tokyo")
    assert {each.verdict for each in again.rows} == {"there"}
