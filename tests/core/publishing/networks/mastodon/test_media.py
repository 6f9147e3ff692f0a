"""Pictures and videos on Mastodon."""

import dataclasses
import secrets
from io import BytesIO

import pytest
import requests
from PIL import Image

from core.media.intake import ingest
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.time.instants import real_clock
from tests.small_video import small_video

VIDEO = small_video(500)
UPLOAD, POST = "POST /api/v2/media", "POST /api/v1/statuses"


@pytest.fixture
def text() -> str:
    """Return a text that no other test posts."""
    return secrets.token_hex(8)


def test_the_instance_names_its_limits(network, account):
    limits = network.media_limits(account)
    assert account.limits["picture_bytes"] == 10_485_760
    assert (limits.count, limits.pictures.max_bytes, limits.pictures.alt) == (4, 4_000_000, 1500)
    small = network.media_limits(account.model_copy(update={"limits": {"media": 2, "picture_bytes": 100_000}}))
    assert (small.count, small.pictures.max_bytes) == (2, 100_000)


def test_pictures_are_published_in_order_with_their_descriptions(
    network, account, with_media, publish, make_picture, text, statuses
):
    post = with_media(network, account, make_picture("red", "A red one"), make_picture("blue"), text=text)
    assert isinstance(publish(network, post), Published)
    [status] = statuses(text)
    assert [each["description"] for each in status["media_attachments"]] == ["A red one", None]
    shown = requests.get(status["media_attachments"][0]["url"].replace("localhost", "127.0.0.1"), timeout=10)
    assert Image.open(BytesIO(shown.content)).getpixel((0, 0)) == (255, 0, 0)


@pytest.mark.parametrize("when", ["before", "after", "during"])
@pytest.mark.parametrize("broken_request", [UPLOAD, POST])
def test_a_broken_connection_leaves_one_status(
    network,
    account_at,
    with_media,
    prepare,
    make_picture,
    text,
    statuses,
    faulty_proxy,
    mastodon_server,
    when,
    broken_request,
):
    proxy = faulty_proxy(mastodon_server)
    account = account_at(proxy.url)
    post = prepare(network, with_media(network, account, make_picture("red", "A red one"), text=text))
    proxy.break_next(when, request=broken_request)
    assert isinstance(network.publish(post), RetryLater)
    assert isinstance(network.publish(dataclasses.replace(post, attempt=2)), Published)
    assert len(statuses(text)) == 1


def test_the_same_text_with_other_pictures_is_another_post(
    network, account, with_media, prepare, publish, make_picture, text, statuses
):
    second = prepare(network, with_media(network, account, make_picture("red"), text=text))
    publish(network, with_media(network, account, make_picture("red"), make_picture("blue"), text=text))
    assert isinstance(network.publish(dataclasses.replace(second, attempt=2)), Published)
    assert len(statuses(text)) == 2


def test_a_retried_post_without_a_text_is_unconfirmed(network, account, with_media, prepare, publish, make_picture):
    second = prepare(network, with_media(network, account, make_picture("blue"), text=""))
    elsewhere = MastodonNetwork(real_clock)
    assert isinstance(publish(elsewhere, with_media(network, account, make_picture("red"), text="")), Published)
    assert isinstance(network.publish(dataclasses.replace(second, attempt=2)), Unconfirmed)


@pytest.mark.parametrize(
    ("status", "expected"),
    [(422, Refused), (413, Refused), (403, Refused), (429, RetryLater), (500, RetryLater), (503, RetryLater)],
)
def test_a_failed_upload_leaves_no_doubt_about_the_post(
    network, stub, stub_account, with_media, publish, make_picture, status, expected
):
    stub.respond(UPLOAD, status, {"error": "Validation failed"})
    result = publish(network, with_media(network, stub_account, make_picture("red")))
    assert type(result) is expected
    assert stub.received(POST) == []


def test_a_video_above_ten_megabytes_is_published(network, account, with_media, publish, media_store, text, statuses):
    video = ingest(media_store, small_video(11_000_000), alt="Waves")
    assert isinstance(publish(network, with_media(network, account, video, text=text)), Published)
    [status] = statuses(text)
    assert [each["description"] for each in status["media_attachments"]] == ["Waves"]


def test_a_video_is_uploaded_before_the_claim_of_its_post(stub, stub_account, with_media, prepare, media_store):
    network = MastodonNetwork(real_clock)
    stub.respond(UPLOAD, 200, {"id": "8", "url": "https://example.org/8.mp4"})
    stub.respond(POST, 200, {"id": "1", "url": "https://example.org/1"})
    post = prepare(network, with_media(network, stub_account, ingest(media_store, VIDEO)))
    assert len(stub.received(UPLOAD)) == 1
    assert isinstance(network.publish(post), Published)
    assert len(stub.received(UPLOAD)) == 1


def test_the_limit_of_a_video_is_that_of_the_instance(network, account):
    limits = network.media_limits(account.model_copy(update={"limits": {"video_bytes": 103_809_024}}))
    assert limits.max_video_bytes == 103_809_024


@pytest.mark.parametrize("media_id", ["7", "01JD0Z6M3W0000000000000000"])  # the second form is GoToSocial's
def test_a_video_is_polled_until_the_server_has_processed_it(
    stub, stub_account, with_media, publish, media_store, media_id
):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        if len(pauses) == 2:
            stub.respond(f"GET /api/v1/media/{media_id}", 200, {"id": media_id, "url": "https://example.org/7.mp4"})

    network = MastodonNetwork(real_clock, sleep=sleep)
    stub.respond(UPLOAD, 202, {"id": media_id, "url": None})
    stub.respond(f"GET /api/v1/media/{media_id}", 206, {"id": media_id, "url": None})
    stub.respond(POST, 200, {"id": "1", "url": "https://example.org/1"})
    assert isinstance(publish(network, with_media(network, stub_account, ingest(media_store, VIDEO))), Published)
    assert len(pauses) == 2
    assert stub.received(POST)[0].json["media_ids"] == [media_id]


def test_a_video_that_is_processed_after_the_deadline_is_not_sent_again(
    stub, stub_account, with_media, publish, media_store
):
    network = MastodonNetwork(real_clock, sleep=lambda seconds: None, seconds=0.9)
    stub.respond(UPLOAD, 202, {"id": "7", "url": None})
    stub.respond("GET /api/v1/media/7", 206, {"id": "7", "url": None})
    stub.respond(POST, 200, {"id": "1", "url": "https://example.org/1"})
    post = with_media(network, stub_account, ingest(media_store, VIDEO))
    first = publish(network, post)
    assert (first.upload_id, first.in_doubt) == ("7", False)
    assert "still processing" in first.reason
    second = publish(network, dataclasses.replace(post, attempt=2, upload_id="7"))
    assert second.upload_id == "7"
    stub.respond("GET /api/v1/media/7", 200, {"id": "7", "url": "https://example.org/7.mp4"})
    assert isinstance(publish(network, dataclasses.replace(post, attempt=3, upload_id="7")), Published)
    assert len(stub.received(UPLOAD)) == 1
    assert stub.received(POST)[0].json["media_ids"] == ["7"]


def test_a_video_that_the_server_has_deleted_is_sent_again(
    network, stub, stub_account, with_media, publish, media_store
):
    stub.respond(UPLOAD, 200, {"id": "8", "url": "https://example.org/8.mp4"})
    stub.respond(POST, 200, {"id": "1", "url": "https://example.org/1"})
    post = with_media(network, stub_account, ingest(media_store, VIDEO), upload_id="7")
    assert isinstance(publish(network, post), Published)
    assert stub.received(POST)[0].json["media_ids"] == ["8"]


def test_an_upload_without_an_id_is_retried(network, stub, stub_account, with_media, publish, media_store):
    stub.respond(UPLOAD, 202, {"url": None})
    assert isinstance(publish(network, with_media(network, stub_account, ingest(media_store, VIDEO))), RetryLater)


def test_the_focal_point_of_a_picture_is_sent_as_mastodon_counts_it(
    stub, stub_account, with_media, publish, make_picture
):
    stub.respond(UPLOAD, 200, {"id": "7", "url": "https://example.org/7.png"})
    stub.respond(POST, 200, {"id": "1", "url": "https://example.org/1"})
    network = MastodonNetwork(real_clock)
    focused = make_picture("red").model_copy(update={"focus": (0.25, 0.0)})
    assert isinstance(publish(network, with_media(network, stub_account, focused)), Published)
    assert stub.received(UPLOAD)[0].form["focus"][-1] == b"-0.500,1.000"
