"""The link cards of a table: each page is read once, and no row is refused for its card."""

import threading

import pytest

from core.accounts.port import Account
from core.bulk.loading import load
from core.bulk.pictures import Pictures
from core.bulk.report import dry_run_rows, report_rows
from core.media.port import reference_of
from core.posts.models import LinkCard
from core.publishing.http.public_web import CannotFetch

ROWS = """text,datetime,destinations
One https://example.com/a,2026-12-24 09:00,bluesky:ada.example
Two https://example.com/a,2026-12-24 10:00,bluesky:ada.example
Three https://example.com/down,2026-12-24 11:00,bluesky:ada.example
Four https://example.com/a,2026-12-24 12:00,outbox
Five https://example.com/late,2020-12-24 12:00,bluesky:ada.example
"""
PICTURE = b"a picture"


class Pages:
    """Pages whose fetches are counted."""

    def __init__(self):
        self.fetched = []

    def __call__(self, url, store):
        self.fetched.append(url)
        if url.endswith("down"):
            raise CannotFetch(url, "could not be reached")
        return LinkCard(url=url, title="A page", picture=store.put(PICTURE))


@pytest.fixture
def pages(application):
    application.accounts.connect(Account(destination="bluesky:ada.example", label="Ada", credentials={"password": "p"}))
    return Pages()


@pytest.fixture
def check_pages(check, pages):
    return lambda table, **options: check(table, pictures=Pictures(fetch=pages), **options)


def cards(found):
    return [each.post.card.title if each.post and each.post.card else None for each in found.rows]


def test_each_page_is_read_once_and_only_for_rows_that_show_its_card(check_pages, pages):
    checked = check_pages(ROWS)
    assert [each.verdict for each in checked.rows] == [*["create"] * 4, "refused"]
    assert cards(checked) == ["A page", "A page", None, None, None]
    assert sorted(pages.fetched) == ["https://example.com/a", "https://example.com/down"]


def test_a_page_that_cannot_be_read_is_named_and_its_row_is_scheduled(check_pages, application):
    checked = check_pages(ROWS)
    row = dry_run_rows(checked.rows)[2]
    assert (row["result"], row["link_card"]) == ("will be scheduled", "")
    assert row["no_link_card"] == "https://example.com/down could not be reached."
    assert report_rows(load(application, checked))[2]["result"] == "scheduled"


def test_the_load_schedules_the_cards_of_the_dry_run_with_their_pictures(check_pages, application):
    checked = check_pages(ROWS)
    assert not application.media.exists(reference_of(PICTURE))
    report = load(application, checked)
    assert report.count("created") == 4
    assert cards(report) == cards(checked)
    assert application.media.get(reference_of(PICTURE)) == PICTURE
    assert application.ledger.get(report.rows[0].post.post_id).post.card.title == "A page"


def test_without_cards_no_page_is_read(check_pages, pages):
    assert cards(check_pages(ROWS, cards=False)) == [None] * 5
    assert pages.fetched == []


def test_rows_whose_pages_do_not_answer_in_time_go_without_a_card(check, pages, monkeypatch):
    monkeypatch.setattr("core.bulk.dry_run.CARD_SECONDS", 0.0)
    answered = threading.Event()

    def hang(url, store):
        answered.wait(10)
        return LinkCard(url=url, title="Too late")

    checked = check(ROWS, pictures=Pictures(fetch=hang))
    answered.set()
    assert cards(checked) == [None] * 5
    assert checked.rows[0].no_card == "The card of https://example.com/a was not there in time."
    assert checked.rows[0].verdict == "create"


def test_more_links_than_compose_remembers_are_read_a_few_at_a_time(check, pages):
    running, most, lock = [], [], threading.Lock()

    def fetch(url, store):
        with lock:
            running.append(url)
            most.append(len(running))
        with lock:
            running.remove(url)
        return LinkCard(url=url, title=url)

    rows = "".join(f"See https://example.com/{number},,bluesky:ada.example\n" for number in range(250))
    timed = rows.replace(",,", ",2026-12-24 09:00,")
    checked = check(f"text,datetime,destinations\n{timed}", pictures=Pictures(fetch=fetch))
    assert cards(checked) == [f"https://example.com/{number}" for number in range(250)]
    assert max(most) <= 8
