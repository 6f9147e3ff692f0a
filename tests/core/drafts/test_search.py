"""The search of drafts reads batch after batch until it has found enough."""

import pytest

from core.drafts import search
from core.drafts.draft import DraftContent
from core.drafts.search import find_drafts
from core.drafts.sqlite import SqliteDrafts
from core.ledger.sqlite import open_database
from core.posts.models import new_post_id


@pytest.fixture
def find(tmp_path, clock, monkeypatch):
    """Save ten drafts, and return a function that searches them in batches of three."""
    monkeypatch.setattr(search, "BATCH", 3)
    database = open_database(tmp_path / "punctual.db", now=clock())
    drafts = SqliteDrafts(database)
    for number in range(10):
        content = DraftContent(text=f"Number {number}", zone="UTC")
        drafts.save(new_post_id(), content, base=0, now=clock.move(seconds=1))

    def run(words, *, limit, most=100):
        matches = lambda draft: any(word in draft.content.text for word in words)  # noqa: E731
        return find_drafts(lambda count, after: drafts.page(limit=count, after=after), matches, limit=limit, most=most)

    yield run
    database.close()


def texts(found):
    return [each.content.text for each in found.drafts]


def test_the_earliest_draft_is_found_behind_many_others(find):
    found = find("0", limit=2)
    assert texts(found) == ["Number 0"]
    assert (found.more, found.complete, found.looked_at) == (False, True, 10)


def test_the_search_stops_once_it_has_found_enough(find):
    found = find("987", limit=2)
    assert texts(found) == ["Number 9", "Number 8"]
    assert (found.more, found.complete, found.looked_at) == (True, False, 3)


def test_a_search_with_a_limit_says_that_there_are_others(find):
    found = find("0", limit=2, most=7)
    assert (texts(found), found.more, found.complete, found.looked_at) == ([], True, False, 7)


def test_no_drafts(find):
    found = find("", limit=2)
    assert (texts(found), found.complete) == ([], True)
