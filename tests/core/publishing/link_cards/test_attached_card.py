"""The card of a post goes out with one part of it."""

from core.posts.destinations import Destination
from core.posts.models import LinkCard, Media
from core.publishing.link_cards.attached_card import card_for

LINK = "https://example.com/"
CARD = LinkCard(url=LINK, title="T")
PICTURE = Media(reference="0" * 64, kind="picture", content_type="image/png", size=1)


def shown(post):
    return [each.part for each in post.destinations if card_for(post, each)]


def thread(a_post, *texts, **others):
    parts = {Destination("bluesky:ada", number): text for number, text in enumerate(texts, start=1)}
    return a_post(text="---", variants=parts, destinations=tuple(parts), card=CARD, **others)


def test_the_first_part_with_the_link_shows_the_card(a_post):
    assert shown(thread(a_post, "One", f"Two {LINK}", f"Three {LINK}")) == [2]
    assert shown(thread(a_post, "One", "Two")) == [1]


def test_a_part_with_media_shows_no_card(a_post):
    assert shown(thread(a_post, f"One {LINK}", "Two", media=(PICTURE,))) == []
    assert shown(thread(a_post, "One", f"Two {LINK}", media=(PICTURE,))) == [2]


def test_a_first_comment_shows_no_card(a_post):
    post = thread(a_post, "One", f"See {LINK}", options={"bluesky:ada": {"first_comment": f"See {LINK}"}})
    assert shown(post) == [1]


def test_a_post_without_a_card_shows_none(a_post):
    assert card_for(a_post(text=LINK), Destination("outbox")) is None
