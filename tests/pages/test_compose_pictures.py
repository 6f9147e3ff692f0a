"""Pictures, a video and other words for a destination, from Compose to the post."""

import io
from datetime import timedelta

import pytest
from PIL import Image

from core.accounts.port import Account
from core.ledger.port import UnknownPost
from core.posts.models import Media, Post, new_post_id

VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + b"\0" * 3000


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


def test_a_draft_whose_picture_is_no_longer_kept_can_be_mended(browse, application, clock):
    gone = Media(reference="0" * 64, kind="picture", content_type="image/png", size=1, width=1, height=1)
    post = Post(
        post_id=new_post_id(),
        text="Look",
        destinations=("outbox",),
        zone="UTC",
        wall="2026-11-02T13:00:00",
        due_at=clock.now + timedelta(hours=1),
        media=(gone,),
    )
    application.schedules.schedule(post)
    queue = browse("queue")
    queue.menu_button(key=f"menu-{post.post_id}").click("Duplicate").run()
    assert any("is no longer there" in found.value for found in queue.caption)
    compose = browse("compose", queue)
    compose.button(key=f"Remove-{gone.reference}-{draft(compose)}").click().run()
    assert not any("is no longer there" in found.value for found in compose.caption)
    schedule(compose)
    assert not compose.error


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


@pytest.fixture
def bluesky(compose, application):
    """Send the draft to an account whose server said that it takes 5 MB."""
    account = Account(destination="bluesky:ada.test", label="@ada.test (Bluesky)", limits={"video_bytes": 5_000_000})
    application.accounts.connect(account)
    compose.run()
    compose.pills(key=f"destinations-{draft(compose)}").set_value([account.destination]).run()
    return compose


def test_a_video_goes_with_the_post_where_the_network_takes_it(bluesky, application):
    post_id = draft(bluesky)
    [media] = attach(bluesky, ("sea.mp4", VIDEO, "video/mp4"))
    assert any("with a video" in caption.value for caption in bluesky.caption)
    bluesky.text_area(key=f"text-{post_id}").set_value("The sea")
    bluesky.text_area(key=f"alt-{media.reference}-{post_id}").set_value("Waves").run()
    schedule(bluesky)
    post = application.schedules.plan(post_id).post
    assert post.destinations == ("bluesky:ada.test",)
    assert [(each.kind, each.alt) for each in post.media] == [("video", "Waves")]


def test_a_video_that_is_too_large_for_the_accounts_server_is_refused_and_the_draft_stays(bluesky, application):
    post_id = draft(bluesky)
    attach(bluesky, ("sea.mp4", VIDEO + b"\0" * 6_000_000, "video/mp4"))
    bluesky.text_area(key=f"text-{post_id}").set_value("The sea").run()
    schedule(bluesky)
    assert "The video has 6.0 MB; @ada.test (Bluesky) takes 5 MB." in bluesky.error[0].value.replace("\\", "")
    with pytest.raises(UnknownPost):
        application.schedules.plan(post_id)
    assert len(bluesky.session_state[f"media-{post_id}"]) == 1


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


@pytest.fixture
def films(browse, application):
    """Compose, for accounts on X and LinkedIn."""
    for account in (
        Account(destination="x:ada", label="@ada (X)", credentials={"token": "1"}),
        Account(destination="linkedin:abc", label="Ada (LinkedIn)", credentials={"token": "1"}),
    ):
        application.accounts.connect(account)
    session = browse("compose")
    session.pills(key=f"destinations-{draft(session)}").set_value(["x:ada", "linkedin:abc"]).run()
    return session


def video(size: int) -> tuple[str, bytes, str]:
    return ("film.mp4", b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(size - 24), "video/mp4")


def test_a_video_goes_to_x_and_linkedin(films, application):
    post_id = draft(films)
    [media] = attach(films, video(100_000))
    films.text_area(key=f"text-{post_id}").set_value("A film").run()
    assert [caption.value for caption in films.caption].count(":material/movie: with a video") == 2
    schedule(films)
    post = application.schedules.plan(post_id).post
    assert (post.destinations, [each.kind for each in post.media]) == (("x:ada", "linkedin:abc"), ["video"])
    assert application.media.get(media.reference) == video(100_000)[1]


@pytest.mark.parametrize(
    ("size", "said"), [(50_000, "takes none below 75 kB"), (10_100_000, "has 10.1 MB; @ada (X) takes 10 MB")]
)
def test_a_video_that_a_network_would_not_take_is_refused_before_it_is_scheduled(films, application, size, said):
    post_id = draft(films)
    attach(films, video(size))
    films.text_area(key=f"text-{post_id}").set_value("A film").run()
    schedule(films)
    assert any(said in error.value.replace("\\", "") for error in films.error)
    with pytest.raises(UnknownPost):
        application.schedules.plan(post_id)
