"""Cards are fetched once, in the background."""

import threading

import pytest

from core.posts.models import LinkCard
from core.publishing.http.public_web import CannotFetch
from core.publishing.link_cards.cards import CardFailed, LinkCards

URL = "https://example.com/"


class Fetches:
    """A fetch that waits until it may end."""

    def __init__(self):
        self.urls, self.may_end, self.error = [], threading.Event(), None

    def __call__(self, url):
        self.urls.append(url)
        self.may_end.wait(10)
        if self.error is not None:
            raise self.error
        return LinkCard(url=url, title="T")


@pytest.fixture
def fetches():
    return Fetches()


@pytest.fixture
def cards(clock, fetches):
    return LinkCards(clock, fetches)


def ended(cards, fetches):
    fetches.may_end.set()
    cards.wait(URL, seconds=10)
    return cards.card(URL)


def test_a_card_is_fetched_once(cards, fetches):
    assert [cards.card(URL), cards.card(URL)] == [None, None]
    assert ended(cards, fetches) == cards.card(URL) == LinkCard(url=URL, title="T")
    assert fetches.urls == [URL]


def test_a_card_is_fetched_again_after_an_hour_and_when_it_is_asked_for(cards, fetches, clock):
    cards.card(URL)
    ended(cards, fetches)
    clock.move(minutes=61)
    assert cards.card(URL) is None
    ended(cards, fetches)
    cards.forget(URL)
    assert cards.card(URL) is None
    ended(cards, fetches)
    assert fetches.urls == [URL] * 3


@pytest.mark.parametrize(
    ("error", "kind"), [(CannotFetch(URL, "answers with the status 500"), CannotFetch), (RuntimeError(), CardFailed)]
)
def test_the_reason_is_kept_when_there_is_no_card(cards, fetches, error, kind):
    fetches.error = error
    cards.card(URL)
    assert isinstance(ended(cards, fetches), kind)


def test_links_that_nobody_waits_for_any_more_are_forgotten(cards, fetches, monkeypatch):
    monkeypatch.setattr("core.publishing.link_cards.cards.KEPT", 3)
    for number in range(10):
        cards.card(f"{URL}{number}")
    fetches.may_end.set()
    cards.wait(f"{URL}9", seconds=10)
    assert isinstance(cards.card(f"{URL}9"), LinkCard)
    assert len(fetches.urls) < 10
