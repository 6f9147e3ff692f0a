"""The link card of a draft, from the first letter of a link to the post."""

import pytest
from pydantic import SecretStr

from core.accounts.port import Account
from core.drafts.draft import DraftContent
from core.posts.models import LinkCard
from core.publishing.http.public_web import CannotFetch
from core.publishing.link_cards.cards import LinkCards

LINK = "https://example.com/blog"


class Pages(dict):
    """The card of each page, by its link; other pages cannot be read. `asked` has the links that were fetched."""

    def __init__(self):
        super().__init__()
        self.asked = []

    def fetch(self, url):
        self.asked.append(url)
        if url not in self:
            raise CannotFetch(url, "answers with the status 500")
        return self[url]


@pytest.fixture
def pages(application, clock):
    """Let cards come from these pages."""
    pages = Pages()
    application.link_cards = LinkCards(clock, pages.fetch)
    return pages


@pytest.fixture
def compose(browse, application, pages, picture):
    application.accounts.connect(
        Account(
            destination="bluesky:ada.test",
            label="@ada.test (Bluesky)",
            deduplicates=True,
            credentials={"password": SecretStr("abcd-efgh-ijkl-mnop")},
        )
    )
    reference = application.media.put(picture("teal"))
    pages[LINK] = LinkCard(url=LINK, title="A *page*", description="What it is about", picture=reference)
    session = browse("compose")
    session.address("bluesky:ada.test")
    return session


@pytest.fixture
def wait(application, clock):
    """Let the person pause until the card of a link is there."""

    def pause(session, url=LINK):
        clock.move(seconds=3)
        session.run()
        application.link_cards.wait(url, seconds=10)
        session.run()

    return pause


def title(session):
    return session.text_area(key=f"link-card-title-{session.draft}")


def test_the_card_of_a_link_is_fetched_once_edited_and_posted(compose, pages, wait, application):
    draft = compose.draft
    compose.write(f"Read {LINK}")
    assert "Reading the page of example.com" in compose.shown
    assert pages.asked == []  # the person may still be typing the link
    wait(compose)
    assert title(compose).value == "A *page*"
    title(compose).set_value("Another\ntitle").run()
    compose.run()
    compose.schedule()
    post = application.schedules.plan(draft).post
    assert post.card == pages[LINK].model_copy(update={"title": "Another title"})
    assert pages.asked == [LINK]


def test_a_removed_card_stays_away_until_it_is_brought_back(compose, pages, wait, application):
    compose.write(f"Read {LINK}")
    wait(compose)
    compose.click("link-card-remove-card", compose.draft)
    compose.write(f"Read {LINK} today")
    assert "Link card removed" in compose.shown
    assert application.drafts.get(compose.draft).content.card is None
    compose.click("link-card-undo", compose.draft)
    assert application.drafts.get(compose.draft).content.card == pages[LINK]


def test_a_page_that_cannot_be_read_is_tried_again(compose, pages, wait):
    card = pages.pop(LINK)
    compose.write(f"Read {LINK}")
    wait(compose)
    assert "answers with the status 500" in compose.shown
    pages[LINK] = card
    compose.click("link-card-try-again", compose.draft)
    wait(compose)
    assert title(compose).value == "A *page*"


def test_a_draft_keeps_its_card_and_a_draft_without_one_gets_none(compose, pages, application, clock):
    for draft, card in (("k3v9q2m4cx7a", pages[LINK]), ("0123456789ab", None)):
        content = DraftContent(text=LINK, destinations=("bluesky:ada.test",), card=card, zone="UTC")
        application.drafts.save(draft, content, base=0, now=clock())
        compose.query_params["draft"] = draft
        compose.run()
        assert compose.draft == draft
        assert application.drafts.get(draft).content == content
    clock.move(seconds=3)
    compose.run()
    assert pages.asked == []
    compose.click("link-card-add-a-link-card", compose.draft)
    assert "Reading the page of example.com" in compose.shown


def test_another_link_brings_another_card(compose, pages, wait):
    other = "https://example.org/"
    pages[other] = LinkCard(url=other, title="The other one")
    compose.write(f"Read {LINK}")
    wait(compose)
    compose.write(f"{other} and {LINK}")
    assert title(compose).value == "A *page*"
    compose.write(f"Read {other}")
    wait(compose, other)
    assert title(compose).value == "The other one"


def test_networks_that_make_their_own_cards_get_none(browse, pages):
    session = browse("compose")
    session.address("outbox")
    session.write(f"Read {LINK}")
    session.run()
    assert "Reading the page" not in session.shown


def test_the_edit_dialog_changes_and_removes_the_card(browse, plan, application):
    card = LinkCard(url=LINK, title="A page")
    planned = plan(f"See {LINK}", card=card)
    queue, owner = browse("queue"), f"edit-{planned.post.post_id}"
    queue.click("edit", planned)
    queue.text_area(key=f"link-card-title-{owner}").set_value("Another title")
    queue.click("save-post", planned)
    edited = application.schedules.plan(planned.post.post_id)
    assert edited.post.card == card.model_copy(update={"title": "Another title"})
    queue.click("edit", edited)
    queue.click("link-card-remove-card", owner)
    queue.click("edit", edited)
    assert "Link card removed" in queue.shown
    queue.click("save-post", edited)
    assert application.schedules.plan(planned.post.post_id).post.card is None
