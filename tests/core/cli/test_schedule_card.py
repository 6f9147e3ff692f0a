"""`schedule` fetches the card of the first link, and never fails for it."""

import io
from contextlib import closing

import pytest

from core.accounts.port import Account
from core.application import Application
from core.cli.main import main
from core.posts.models import LinkCard
from core.publishing.http.public_web import CannotFetch
from core.publishing.link_cards.cards import LinkCards
from core.settings import Settings

URL = "https://example.com/"
SCHEDULE = ("schedule", "--text", f"See {URL}", "--at", "2026-11-24T09:00", "--to", "bluesky:ada.example")


@pytest.fixture
def fetched():
    return []


@pytest.fixture
def run(tmp_path, clock, fetched):
    """Run a command with pages in place of the web; return its exit status, its errors and the card in the ledger."""

    def run(*arguments, error=None):
        def fetch(url):
            fetched.append(url)
            if error is not None:
                raise error
            return LinkCard(url=url, title="A page")

        def build():
            application = Application(Settings(home=tmp_path), clock)
            application.accounts.connect(
                Account(destination="bluesky:ada.example", label="Ada", credentials={"password": "p"})
            )
            application.link_cards = LinkCards(clock, fetch)
            return application

        err = io.StringIO()
        status = main((*arguments, "--id", "k3v9q2m4cx7a"), build, io.StringIO(), err)
        with closing(Application(Settings(home=tmp_path), clock)) as reopened:
            card = reopened.ledger.get("k3v9q2m4cx7a").post.card
        return status, err.getvalue(), card

    return run


def test_a_post_with_a_link_gets_its_card(run, fetched):
    status, _, card = run(*SCHEDULE)
    assert (status, card, fetched) == (0, LinkCard(url=URL, title="A page"), [URL])
    assert run(*SCHEDULE)[::2] == (0, card)
    assert fetched == [URL]  # the same id again is the same post


def test_a_page_that_cannot_be_read_is_said_and_the_post_is_scheduled(run):
    status, err, card = run(*SCHEDULE, error=CannotFetch(URL, "could not be reached"))
    assert (status, card) == (0, None)
    assert f"No link card: {URL} could not be reached.\n" in err


def test_no_page_is_read_with_no_card_or_for_a_network_that_makes_its_own(run, fetched):
    assert run(*SCHEDULE, "--no-card")[::2] == (0, None)
    assert fetched == []
