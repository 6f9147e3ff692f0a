import pytest

from core.media.intake import ingest
from core.outbox.port import OutboxPost


@pytest.fixture
def publish(application, clock):
    """Add a post to the outbox, published now."""

    def add(key, text, media=()):
        post = OutboxPost(occurrence_key=key, post_id=key, text=text, published_at=clock.now, media=media)
        application.outbox.add(post)

    return add


@pytest.fixture
def stored(application, picture):
    """Store a picture of one colour, and change members of its description."""
    return lambda colour, **update: ingest(application.media, picture(colour)).model_copy(update=update)


def test_an_empty_outbox_has_a_hint(browse):
    assert "Nothing published here yet" in browse("outbox").shown


def test_posts_appear_as_their_readers_see_them(browse, publish, clock):
    publish("a", "Two lines\nwith *stars* and https://example.com/a_b")
    clock.move(minutes=5)
    feed = browse("outbox")
    assert "Two lines  \nwith \\*stars\\* and <https://example.com/a_b>" in [found.value for found in feed.markdown]
    assert "Mon 2 Nov 2026, 13:00 Europe/Berlin" in feed.shown
    assert "5 minutes ago" in feed.shown


def test_a_post_appears_with_its_pictures_and_their_descriptions(browse, publish, stored):
    publish("a", "Look", media=(stored("red", alt="A red field"), stored("blue")))
    shown = browse("outbox").image
    assert [image.alt for each in shown for image in each.proto.imgs] == ["A red field", ""]


def test_a_deleted_picture_is_replaced_by_a_message(browse, publish, stored):
    publish("a", "Look", media=(stored("red", reference="0" * 64),))
    feed = browse("outbox")
    assert "Look" in feed.shown
    assert "is no longer there" in feed.shown


def test_the_feed_is_shown_newest_first_and_page_by_page(browse, publish, clock):
    for number in range(25):
        clock.move(minutes=1)
        publish(f"post-{number}", f"Number {number} here")
    feed = browse("outbox")
    texts = [found.value for found in feed.markdown if found.value.startswith("Number")]
    assert texts[0] == "Number 24 here"
    assert len(texts) == 20
    feed.click("more")
    assert "Number 0 here" in feed.shown


def test_each_post_has_its_own_address(browse, publish):
    publish("a", "This one")
    publish("b", "Another")
    feed = browse("outbox")
    feed.query_params["post"] = "a"
    feed.run()
    assert "This one" in feed.shown
    assert "Another" not in feed.shown
    feed.click("all-posts")
    assert "Another" in feed.shown
    assert not feed.query_params


def test_the_address_of_a_missing_post_shows_a_message(browse):
    feed = browse("outbox")
    feed.query_params["post"] = "gone"
    feed.run()
    assert "This post is not in the outbox." in feed.shown
