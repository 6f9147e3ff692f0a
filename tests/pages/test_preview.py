"""What Compose gives to the preview in the browser: the posts that core makes of a draft, as core measures them."""

import json

import pytest

from core.accounts.port import Account
from core.media.intake import ingest
from tests.small_video import small_video

FAMILY = "👨\u200d👩\u200d👧"


@pytest.fixture
def compose(browse, application):
    """Open Compose for an account on Mastodon, which has threads, and one on LinkedIn, which has none."""
    for destination, label, name in (
        ("mastodon:ada@example.social", "@ada@example.social (Mastodon)", "Ada"),
        ("linkedin:abc", "Ada Lovelace (LinkedIn)", ""),
    ):
        application.accounts.connect(
            Account(destination=destination, label=label, name=name, handle="", credentials={"token": "1"})
        )
    session = browse("compose")
    session.address("mastodon:ada@example.social", "linkedin:abc")
    return session


def drawn(session):
    """Return the data of the component that draws previews, and of the one that draws rings."""
    found = [json.loads(each.proto.json) for each in session.get("bidi_component") if "pictures" in each.proto.json]
    [cards] = [each for each in found if each["cards"]]
    [rings] = [each["rings"] for each in found if each["rings"]]
    return cards, rings


def test_each_account_gets_its_post_measured_by_core(compose):
    compose.write(f"Family {FAMILY} https://example.com/a/rather/long/path")
    cards, rings = drawn(compose)
    [mastodon, linkedin] = cards["cards"]
    assert [(part["count"], part["limit"]) for part in mastodon["parts"]] == [(32, 500)]
    assert [(part["count"], part["limit"]) for part in linkedin["parts"]] == [(54, 3000)]
    assert [each["parts"] for each in rings["accounts"]] == [mastodon["parts"], linkedin["parts"]]
    assert (mastodon["name"], linkedin["name"]) == ("Ada", "Ada Lovelace")


def test_a_thread_has_its_parts_and_an_account_without_threads_has_one_post(compose):
    compose.write("First\n---\nSecond")
    [mastodon, linkedin] = drawn(compose)[0]["cards"]
    assert [part["text"] for part in mastodon["parts"]] == ["First", "Second"]
    assert [part["text"] for part in linkedin["parts"]] == ["First\n\nSecond"]


def test_a_text_that_is_split_by_its_length_has_the_parts_that_core_makes(compose):
    compose.write("A sentence of words. " * 40)
    compose.toggle(key=f"thread-mastodon:ada@example.social-{compose.draft}").set_value(True).run()
    [mastodon, linkedin] = drawn(compose)[0]["cards"]
    assert [part["count"] <= 500 for part in mastodon["parts"]] == [True, True]
    assert (mastodon["resplit"], linkedin["resplit"]) == ("plain", None)


def test_a_video_is_drawn_with_its_first_frame(compose, application, monkeypatch, picture):
    video = ingest(application.media, small_video())
    monkeypatch.setattr("ui.frame.picture_addresses.first_frame", lambda reference: picture("teal"))
    compose.session_state[f"media-{compose.draft}"] = [video]
    compose.write("Look")
    cards, _ = drawn(compose)
    assert cards["pictures"][video.reference].startswith("data:image/")


def test_the_content_warning_goes_to_the_preview_of_its_account_alone(compose):
    key = f"option-content_warning-mastodon:ada@example.social-{compose.draft}"
    compose.session_state[key] = "Spoilers"
    compose.write("The end")
    assert [each["warning"] for each in drawn(compose)[0]["cards"]] == ["Spoilers", ""]
