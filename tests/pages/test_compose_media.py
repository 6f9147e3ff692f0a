"""Pictures, videos and variants, from Compose to the post."""

from io import BytesIO

import pytest
from PIL import Image

from core.accounts.port import Account
from core.ledger.refusals import UnknownPost
from core.media.intake import ingest
from core.posts.models import Media
from tests.small_video import small_video


@pytest.fixture
def compose(browse, application):
    application.accounts.connect(
        application.networks["webhook"].connect({"name": "shop", "address": "http://127.0.0.1:1/"})
    )
    session = browse("compose")
    session.address("outbox", "webhook:shop")
    return session


@pytest.fixture
def post(application):
    """Return the post of a scheduled draft."""
    return lambda draft: application.schedules.plan(draft).post


def attach(session, *files: bytes, content_type: str = "image/png") -> list[Media]:
    """Attach files and return all media of the current draft."""
    suffix = content_type.rpartition("/")[2]
    named = [(f"{number}.{suffix}", content, content_type) for number, content in enumerate(files)]
    session.file_uploader[0].set_value(named).run()
    return session.session_state[f"media-{session.draft}"]


def describe(session, media, description):
    session.text_area(key=f"alt-{media.reference}-{session.draft}").set_value(description).run()


def vary(session, text):
    """Write a variant for the shop."""
    session.menu_button(key=f"add-text-{session.draft}").click("shop (webhook)").run()
    session.text_area(key=f"text-webhook:shop-{session.draft}").set_value(text).run()


def test_a_picture_is_posted_with_its_description(compose, application, picture, post):
    draft = compose.draft
    [media] = attach(compose, picture("teal"))
    compose.write("The sea")
    describe(compose, media, "  A teal sea ")
    compose.schedule()
    [posted] = post(draft).media
    assert (posted.reference, posted.alt, posted.kind) == (media.reference, "A teal sea", "picture")
    assert application.media.get(posted.reference) == picture("teal")


def test_a_deleted_picture_can_be_removed_from_a_draft(browse, plan):
    gone = Media(reference="0" * 64, kind="picture", content_type="image/png", size=1, width=1, height=1)
    queued = plan("Look", media=[gone])
    session = browse("queue")
    session.choose("Duplicate", queued)
    assert any("is no longer there" in found.value for found in session.caption)
    session.open("compose").click(f"Remove-{gone.reference}", session.draft)
    assert not any("is no longer there" in found.value for found in session.caption)
    session.schedule()
    assert not session.error


def test_pictures_are_reordered_and_removed(compose, picture, post):
    draft = compose.draft
    first, second, third = attach(compose, picture("red"), picture("green"), picture("blue"))
    compose.click(f"Move up-{third.reference}", draft)
    compose.click(f"Remove-{first.reference}", draft)
    compose.write("Two of three")
    compose.schedule()
    assert [each.reference for each in post(draft).media] == [third.reference, second.reference]


def test_a_picture_without_a_description_has_a_warning(compose, picture):
    attach(compose, picture("teal"))
    assert "No description: blind readers will miss it." in compose.shown


def test_the_same_picture_is_attached_once(compose, picture):
    attach(compose, picture("teal"))
    assert len(attach(compose, picture("teal"))) == 1


def test_each_uploaded_file_has_its_own_result(compose, picture):
    files = [("sea.png", picture("teal"), "image/png"), ("half.mp4", small_video()[:-9], "video/mp4")]
    compose.file_uploader[0].set_value([*files, ("sky.png", picture("blue"), "image/png")]).run()
    assert len(compose.session_state[f"media-{compose.draft}"]) == 2
    assert "half.mp4** was not attached. The video is incomplete" in compose.error[0].value.replace("\\", "")
    compose.click("dismiss-refused", compose.draft)
    assert not compose.error


def test_a_removed_picture_returns_with_its_description_and_to_its_place(compose, picture):
    draft = compose.draft
    first, second = attach(compose, picture("red"), picture("green"))
    describe(compose, first, "Red")
    compose.click(f"Remove-{first.reference}", draft)
    compose.click("restore-media", draft)
    assert [each.reference for each in compose.session_state[f"media-{draft}"]] == [first.reference, second.reference]
    assert compose.text_area(key=f"alt-{first.reference}-{draft}").value == "Red"


def test_a_video_of_another_kind_is_converted_and_the_conversion_can_be_removed(compose):
    attach(compose, b"\x1a\x45\xdf\xa3" + bytes(90), content_type="video/webm")
    compose.run()
    assert compose.session_state[f"media-{compose.draft}"] == []
    running = compose.session_state[f"conversions-{compose.draft}"]
    if running:
        compose.click("cancel-conversion-0", compose.draft)
    assert compose.session_state[f"conversions-{compose.draft}"] == []


def test_a_picture_of_an_earlier_post_is_found_by_its_description_and_attached(compose, plan, application, picture):
    sea = ingest(application.media, picture("teal"), alt="Sea")
    sky = ingest(application.media, picture("blue"), alt="Sky")
    plan("Look", media=[sea])
    plan("Up", media=[sky])
    compose.toggle(key=f"library-{compose.draft}").set_value(True).run()
    compose.text_input(key=f"library-search-{compose.draft}").set_value("sEa").run()
    assert not [button for button in compose.button if button.key == f"add-{sky.reference}-{compose.draft}"]
    compose.click(f"add-{sea.reference}", compose.draft)
    assert [each.alt for each in compose.session_state[f"media-{compose.draft}"]] == ["Sea"]


def test_the_limits_of_the_networks_are_named(compose):
    compose.address("outbox")
    assert "20 pictures, or a video up to 100 MB" in compose.shown


def test_an_animation_that_an_account_shows_as_a_still_picture_is_named(x_and_linkedin, animated):
    attach(x_and_linkedin, animated, content_type="image/gif")
    assert "The animation is a still picture on Ada (LinkedIn)." in x_and_linkedin.shown


@pytest.fixture
def animated():
    """Return an animated GIF."""
    file, frames = BytesIO(), [Image.new("RGB", (40, 30), colour) for colour in ("red", "blue")]
    frames[0].save(file, "GIF", save_all=True, append_images=frames[1:], duration=200)
    return file.getvalue()


def test_a_file_of_another_kind_is_refused_and_the_text_stays(compose):
    compose.write("Kept")
    assert attach(compose, b"MZ not a picture") == []
    assert "neither a picture nor a video" in compose.error[0].value
    assert compose.text_area(key=f"text-{compose.draft}").value == "Kept"


@pytest.fixture
def bluesky(compose, application):
    """Address the draft to an account whose server takes videos up to 5 MB."""
    account = Account(destination="bluesky:ada.test", label="@ada.test (Bluesky)", limits={"video_bytes": 5_000_000})
    application.accounts.connect(account)
    compose.run()
    compose.address(account.destination)
    return compose


def test_a_video_is_posted_with_its_description(bluesky, post):
    draft = bluesky.draft
    [media] = attach(bluesky, small_video(3024), content_type="video/mp4")
    assert ":material/movie: Video" in [caption.value for caption in bluesky.caption]
    bluesky.write("The sea")
    describe(bluesky, media, "Waves")
    bluesky.schedule()
    assert post(draft).destinations == ("bluesky:ada.test",)
    assert [(each.kind, each.alt) for each in post(draft).media] == [("video", "Waves")]


def test_a_video_too_large_for_the_accounts_server_is_refused_and_the_draft_stays(bluesky, post):
    draft = bluesky.draft
    attach(bluesky, small_video(6_003_024), content_type="video/mp4")
    bluesky.write("The sea")
    bluesky.schedule()
    assert "The video has 6.0 MB; @ada.test (Bluesky) accepts 5 MB." in bluesky.error[0].value.replace("\\", "")
    with pytest.raises(UnknownPost):
        post(draft)
    assert len(bluesky.session_state[f"media-{draft}"]) == 1


def test_a_destination_gets_its_variant(compose, post):
    draft = compose.draft
    compose.write("For all")
    vary(compose, "For the shop")
    compose.schedule()
    assert (post(draft).text_for("outbox"), post(draft).text_for("webhook:shop")) == ("For all", "For the shop")


def test_a_variant_begins_with_the_text_of_all(compose):
    compose.write("For all")
    compose.menu_button(key=f"add-text-{compose.draft}").click("shop (webhook)").run()
    assert compose.text_area(key=f"text-webhook:shop-{compose.draft}").value == "For all"


def test_a_variant_that_is_removed_is_not_posted_and_undo_brings_it_back(compose, post):
    draft = compose.draft
    compose.write("For all")
    vary(compose, "For the shop")
    compose.click("remove-text-webhook:shop", draft)
    assert "shop (webhook) gets the text of All again." in compose.shown
    compose.click("restore-text", draft)
    assert compose.text_area(key=f"text-webhook:shop-{draft}").value == "For the shop"
    compose.click("remove-text-webhook:shop", draft)
    compose.schedule()
    assert post(draft).variants == {}


def test_undo_returns_pictures_and_variants_to_the_form(compose, picture):
    [media] = attach(compose, picture("teal"))
    compose.write("The sea")
    describe(compose, media, "A teal sea")
    vary(compose, "Shop")
    compose.schedule()
    compose.click("undo")
    draft = compose.draft
    assert compose.session_state[f"media-{draft}"] == [media.model_copy(update={"alt": "A teal sea"})]
    assert compose.text_area(key=f"alt-{media.reference}-{draft}").value == "A teal sea"
    assert compose.text_area(key=f"text-webhook:shop-{draft}").value == "Shop"


@pytest.fixture
def x_and_linkedin(browse, application):
    """Open Compose for accounts on X and LinkedIn."""
    for destination, label in (("x:ada", "@ada (X)"), ("linkedin:abc", "Ada (LinkedIn)")):
        application.accounts.connect(Account(destination=destination, label=label, credentials={"token": "1"}))
    session = browse("compose")
    session.address("x:ada", "linkedin:abc")
    return session


def test_the_limit_of_a_network_is_at_most_what_can_be_attached(x_and_linkedin):
    assert "4 pictures, or a video up to 100 MB" in x_and_linkedin.shown


def test_a_video_is_posted_to_x_and_linkedin(x_and_linkedin, application, post):
    draft, video = x_and_linkedin.draft, small_video(10_100_000)
    [media] = attach(x_and_linkedin, video, content_type="video/mp4")
    x_and_linkedin.write("A film")
    x_and_linkedin.schedule()
    assert post(draft).destinations == ("x:ada", "linkedin:abc")
    assert [each.kind for each in post(draft).media] == ["video"]
    assert application.media.get(media.reference) == video


def test_a_video_that_a_network_refuses_is_refused_before_scheduling(x_and_linkedin, post):
    draft = x_and_linkedin.draft
    attach(x_and_linkedin, small_video(50_000), content_type="video/mp4")
    x_and_linkedin.write("A film")
    x_and_linkedin.schedule()
    assert any("accepts none below 75 kB" in error.value for error in x_and_linkedin.error)
    with pytest.raises(UnknownPost):
        post(draft)
