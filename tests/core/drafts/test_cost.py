"""What drafts cost: requests to DynamoDB, and rows that SQLite reads."""

from collections import Counter

import pytest

from core.drafts.draft import DraftContent
from core.drafts.dynamodb import DynamoDrafts
from core.drafts.sqlite import SqliteDrafts
from lambda_pkg.receipts import LIST_PARTITIONS

ID = "k3v9q2m4cx7a"


@pytest.fixture
def requests(table, monkeypatch):
    """Count the requests to DynamoDB by operation."""
    counts = Counter()
    send = table.request

    def count(operation, **parameters):
        counts[operation] += 1
        return send(operation, **parameters)

    monkeypatch.setattr(table, "request", count)
    return counts


def content(text):
    return DraftContent(text=text, destinations=("outbox",), zone="UTC")


def test_a_save_on_aws_is_one_read_and_one_write(table, requests, clock):
    drafts = DynamoDrafts(table)
    first = drafts.save(ID, content("H"), base=0, now=clock())
    assert requests == {"batch_get_item": 1, "put_item": 1}
    drafts.save(ID, content("He"), base=first.version, now=clock.move(seconds=1))
    assert requests == {"batch_get_item": 2, "put_item": 2}


def test_a_save_that_changes_nothing_writes_nothing(table, requests, clock):
    drafts = DynamoDrafts(table)
    first = drafts.save(ID, content("H"), base=0, now=clock())
    requests.clear()
    drafts.save(ID, content("H"), base=first.version, now=clock())
    assert requests == {"batch_get_item": 1}


def test_a_page_on_aws_takes_as_many_requests_with_many_drafts_as_with_few(table, requests, clock):
    drafts = DynamoDrafts(table)
    for number in range(120):
        drafts.save(f"k3v9q2m4c{number:03d}", content(str(number)), base=0, now=clock.move(seconds=1))
    requests.clear()
    assert len(drafts.page(limit=21)) == 21
    assert requests["query"] == LIST_PARTITIONS
    assert requests["batch_get_item"] <= 3
    requests.clear()
    assert drafts.count() == 120
    assert requests == {"query": LIST_PARTITIONS}


@pytest.mark.parametrize(
    ("sql", "plan"),
    [
        (
            "SELECT count(*) FROM draft WHERE template = 0 AND deleted_at IS NULL",
            "SEARCH draft USING COVERING INDEX draft_changed (template=? AND deleted_at=?)",
        ),
        (
            "SELECT * FROM draft WHERE template = ? AND deleted_at IS NULL AND (changed_at, draft_id) < (?, ?)"
            " ORDER BY changed_at DESC, draft_id DESC LIMIT ?",
            "SEARCH draft USING INDEX draft_changed (template=? AND deleted_at=? AND (changed_at,draft_id)<(?,?))",
        ),
        (
            "SELECT * FROM draft WHERE deleted_at > ? AND (deleted_at, draft_id) < (?, ?)"
            " ORDER BY deleted_at DESC, draft_id DESC LIMIT ?",
            "SEARCH draft USING INDEX draft_deleted (deleted_at>? AND (deleted_at,draft_id)<(?,?))",
        ),
    ],
)
def test_sqlite_reads_a_page_and_a_count_from_an_index_without_sorting(database, sql, plan):
    rows = database.read(f"EXPLAIN QUERY PLAN {sql}", [0] * sql.count("?"))
    assert [row["detail"] for row in rows] == [plan]


def test_a_save_on_one_machine_that_changes_nothing_commits_nothing(database, clock):
    drafts = SqliteDrafts(database)
    first = drafts.save(ID, content("H"), base=0, now=clock())
    count = database.change_count()
    drafts.save(ID, content("H"), base=first.version, now=clock())
    drafts.remove("k3v9q2m4cx7b")
    assert database.change_count() == count
