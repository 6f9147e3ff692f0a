"""Pictures and other words for a destination, from Compose to the post."""

import io

import pytest
from PIL import Image

from core.models import Media


@pytest.fixture
def compose(browse, application):
    application.accounts.connect(
        application.networks["webhook"].connect({"name": "shop", "address": "http://127.0.0.1:1/"})
    )
    session = browse("compose")
    session.pills(key=f"destinations-{draft(session)}").set_value(["outbox", "webhook:shop"]).run()
    return session


def draft(session) -> str:
    return session.session_state["draft"]


def picture(colour: str) -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (300, 200), colour).save(file, "PNG")
    return file.getvalue()


def attach(session, *files: tuple[str, bytes, str]) -> list[Media]:
    session.file_uploader[0].set_value(list(files)).run()
    assert not session.exception, [found.value for found in session.exception]
    return session.session_state[f"media-{draft(session)}"]


def schedule(session):
    session.button(key=f"schedule-{draft(session)}").click().run()
    assert not session.exception, [found.value for found in session.exception]


def test_a_picture_goes_with_the_post_under_its_description(compose, application):
    post_id = draft(compose)
    [media] = attach(compose, ("sea.png", picture("teal"), "image/png"))
    compose.text_area(key=f"text-{post_id}").set_value("The sea")
    compose.text_area(key=f"alt-{media.reference}-{post_id}").set_value("  A teal sea ").run()
    schedule(compose)
    [sent] = application.schedules.plan(post_id).post.media
    assert (sent.reference, sent.alt, sent.kind) == (media.reference, "A teal sea", "picture")
    assert application.media.get(sent.reference) == picture("teal")


def test_pictures_can_be_put_in_another_order_and_taken_off(compose, application):
    post_id = draft(compose)
    first, second, third = attach(
        compose,
        ("1.png", picture("red"), "image/png"),
        ("2.png", picture("green"), "image/png"),
        ("3.png", picture("blue"), "image/png"),
    )
    compose.button(key=f"Move up-{third.reference}-{post_id}").click().run()
    compose.button(key=f"Remove-{first.reference}-{post_id}").click().run()
    compose.text_area(key=f"text-{post_id}").set_value("Two of three").run()
    schedule(compose)
    sent = application.schedules.plan(post_id).post.media
    assert [each.reference for each in sent] == [third.reference, second.reference]


def test_a_picture_without_a_description_is_warned_about(compose):
    attach(compose, ("sea.png", picture("teal"), "image/png"))
    assert any("Not described" in caption.value for caption in compose.caption)


def test_the_same_picture_is_attached_once(compose):
    attach(compose, ("a.png", picture("teal"), "image/png"))
    assert len(attach(compose, ("b.png", picture("teal"), "image/png"))) == 1


def test_what_only_calls_itself_a_picture_is_refused_and_the_text_stays(compose):
    post_id = draft(compose)
    compose.text_area(key=f"text-{post_id}").set_value("Kept").run()
    assert attach(compose, ("virus.png", b"MZ not a picture", "image/png")) == []
    assert "neither a picture nor a video" in compose.error[0].value
    assert compose.text_area(key=f"text-{post_id}").value == "Kept"


def test_a_destination_can_be_told_other_words(compose, application):
    post_id = draft(compose)
    compose.text_area(key=f"text-{post_id}").set_value("For all").run()
    compose.toggle(key=f"differs-webhook:shop-{post_id}").set_value(True).run()
    other = compose.text_area(key=f"text-webhook:shop-{post_id}")
    assert other.value == "For all"
    other.set_value("For the shop").run()
    schedule(compose)
    post = application.schedules.plan(post_id).post
    assert (post.text_for("outbox"), post.text_for("webhook:shop")) == ("For all", "For the shop")


def test_words_for_a_destination_that_is_no_longer_wanted_do_not_count(compose, application):
    post_id = draft(compose)
    compose.text_area(key=f"text-{post_id}").set_value("For all").run()
    compose.toggle(key=f"differs-webhook:shop-{post_id}").set_value(True).run()
    compose.text_area(key=f"text-webhook:shop-{post_id}").set_value("For the shop").run()
    compose.toggle(key=f"differs-webhook:shop-{post_id}").set_value(False).run()
    schedule(compose)
    assert application.schedules.plan(post_id).post.variants == {}


def test_undo_takes_pictures_and_other_words_back_into_the_form(compose):
    post_id = draft(compose)
    [media] = attach(compose, ("sea.png", picture("teal"), "image/png"))
    compose.text_area(key=f"text-{post_id}").set_value("The sea")
    compose.text_area(key=f"alt-{media.reference}-{post_id}").set_value("A teal sea").run()
    compose.toggle(key=f"differs-webhook:shop-{post_id}").set_value(True).run()
    compose.text_area(key=f"text-webhook:shop-{post_id}").set_value("Shop").run()
    schedule(compose)
    compose.button(key="undo").click().run()
    again = draft(compose)
    assert compose.session_state[f"media-{again}"] == [media.model_copy(update={"alt": "A teal sea"})]
    assert compose.text_area(key=f"alt-{media.reference}-{again}").value == "A teal sea"
    assert compose.text_area(key=f"text-webhook:shop-{again}").value == "Shop"


def test_the_preview_counts_as_each_network_does(compose):
    compose.text_area(key=f"text-{draft(compose)}").set_value("Family 👨‍👩‍👧").run()
    assert [caption.value for caption in compose.caption].count("8 characters") == 2
