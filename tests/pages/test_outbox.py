from io import BytesIO

from PIL import Image

from core.media.intake import take_in
from core.outbox.port import Entry


def publish(application, key, text, at, media=()):
    application.outbox.add(Entry(occurrence_key=key, post_id=key, text=text, published_at=at, media=media))


def picture(application, colour):
    content = BytesIO()
    Image.new("RGB", (30, 20), colour).save(content, "PNG")
    return take_in(application.media, content.getvalue())


def said(session):
    return " ".join(found.value for found in [*session.markdown, *session.caption, *session.info])


def test_an_empty_outbox_says_how_to_begin(browse):
    assert "Nothing has been published here yet" in said(browse("outbox"))


def test_the_feed_shows_posts_as_their_readers_see_them(browse, application, clock):
    publish(application, "a", "Two lines\nwith *stars* and https://example.com/a_b", clock.now)
    clock.move(minutes=5)
    feed = browse("outbox")
    assert "Two lines  \nwith \\*stars\\* and <https://example.com/a_b>" in said(feed)
    assert "Mon 2 Nov 2026, 13:00 Europe/Berlin" in said(feed)
    assert "5 minutes ago" in said(feed)


def test_a_post_is_shown_with_its_pictures_and_their_descriptions(browse, application, clock):
    described = picture(application, "red").model_copy(update={"alt": "A red field"})
    publish(application, "a", "Look", clock.now, media=(described, picture(application, "blue")))
    shown = browse("outbox").image
    assert [image.alt for each in shown for image in each.proto.imgs] == ["A red field", ""]


def test_a_picture_that_is_no_longer_kept_is_said(browse, application, clock):
    gone = picture(application, "red").model_copy(update={"reference": "0" * 64})
    publish(application, "a", "Look", clock.now, media=(gone,))
    feed = browse("outbox")
    assert "Look" in said(feed)
    assert "is no longer there" in said(feed)


def test_the_latest_post_comes_first_and_older_ones_page_by_page(browse, application, clock):
    for number in range(25):
        publish(application, f"post-{number}", f"Number {number} here", clock.move(minutes=1))
    feed = browse("outbox")
    texts = [found.value for found in feed.markdown if found.value.startswith("Number")]
    assert texts[0] == "Number 24 here"
    assert len(texts) == 20
    feed.button(key="more").click().run()
    assert "Number 0 here" in said(feed)


def test_each_post_has_an_address_of_its_own(browse, application, clock):
    publish(application, "a", "This one", clock.now)
    publish(application, "b", "Another", clock.now)
    feed = browse("outbox")
    feed.query_params["post"] = "a"
    feed.run()
    assert "This one" in said(feed)
    assert "Another" not in said(feed)
    feed.button(key="whole-feed").click().run()
    assert "Another" in said(feed)
    assert not feed.query_params


def test_an_address_that_leads_nowhere_says_so(browse):
    feed = browse("outbox")
    feed.query_params["post"] = "gone"
    feed.run()
    assert "There is no such post" in said(feed)
