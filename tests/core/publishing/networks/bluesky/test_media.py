"""Pictures and videos on Bluesky, on a fake server and on Bluesky's own, if it is installed."""

import dataclasses
import struct

import pytest

from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, load_attachments
from core.publishing.network import Published, Refused, RetryLater
from core.publishing.networks.bluesky.media import UploadFailed
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.time.instants import real_clock
from tests.small_video import box, small_video

BLOB = {"$type": "blob", "ref": {"$link": "bafkrei"}, "mimeType": "video/mp4", "size": 9}
LOG_IN, DESCRIBE, UPLOAD, PUT = (
    "POST /xrpc/com.atproto.server.createSession",
    "GET /xrpc/com.atproto.server.describeServer",
    "POST /xrpc/com.atproto.repo.uploadBlob",
    "POST /xrpc/com.atproto.repo.putRecord",
)


@pytest.fixture
def make_video(media_store):
    """Store a video of 320 x 180 pixels with a description."""

    def make(alt="", *, brand=b"mp42", size=1000):
        matrix = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
        header = box(b"tkhd", bytes(40), struct.pack(">9i2I", *matrix, 320 << 16, 180 << 16))
        return ingest(media_store, small_video(size, brand=brand, header=header), alt=alt)

    return make


@pytest.fixture(params=["picture", "video"])
def attachment(request, make_picture, make_video):
    """Return a picture, and a video."""
    return make_picture("red", "Waves") if request.param == "picture" else make_video("Waves")


def test_pictures_are_published_in_order_with_alt_text_and_aspect_ratio(
    network, pds_user, connect, with_media, prepare, make_picture
):
    post = prepare(
        network, with_media(network, connect(), make_picture("red", "A red one"), make_picture("blue", size=(100, 900)))
    )
    assert isinstance(network.publish(post), Published)
    assert isinstance(network.publish(post), Published)
    [record] = pds_user.posts()
    first, second = record["value"]["embed"]["images"]
    assert (first["alt"], first["aspectRatio"]) == ("A red one", {"width": 400, "height": 300})
    assert (second["alt"], second["aspectRatio"]) == ("", {"width": 100, "height": 900})
    assert first["image"]["size"] == len(post.media[0].content)
    assert first["image"]["mimeType"] == "image/png"


def test_a_video_is_published_with_its_description_and_aspect_ratio(
    network, pds_user, connect, with_media, prepare, make_video
):
    post = prepare(network, with_media(network, connect(), make_video("Waves on a beach")))
    assert isinstance(network.publish(post), Published)
    assert isinstance(network.publish(dataclasses.replace(post, attempt=2)), Published)
    [record] = pds_user.posts()
    embed = record["value"]["embed"]
    assert (embed["$type"], embed["alt"]) == ("app.bsky.embed.video", "Waves on a beach")
    assert embed["aspectRatio"] == {"width": 320, "height": 180}
    assert (embed["video"]["mimeType"], embed["video"]["size"]) == ("video/mp4", len(post.media[0].content))


def test_a_video_of_unknown_size_is_published_without_an_aspect_ratio(
    network, pds_user, connect, with_media, publish, media_store
):
    video = ingest(media_store, small_video())
    assert isinstance(publish(network, with_media(network, connect(), video)), Published)
    [record] = pds_user.posts()
    assert "aspectRatio" not in record["value"]["embed"]


@pytest.mark.parametrize("brand", [b"M4V ", b"M4VH", b"avc1", b"iso6", b"MSNV", b"dash"])
def test_every_brand_of_mp4_is_published_as_mp4(network, pds_user, connect, with_media, publish, make_video, brand):
    assert isinstance(publish(network, with_media(network, connect(), make_video(brand=brand))), Published)
    [record] = pds_user.posts()
    assert record["value"]["embed"]["video"]["mimeType"] == "video/mp4"


def test_a_repeated_preparation_refers_to_the_same_files(network, connect, with_media, prepare, attachment):
    account = connect()
    first, second = (prepare(network, with_media(network, account, attachment)) for _ in range(2))
    assert first.prepared["record"]["embed"] == second.prepared["record"]["embed"]


@pytest.mark.parametrize("when", ["before", "after", "during"])
@pytest.mark.parametrize("broken_request", ["uploadBlob", "putRecord"])
def test_a_broken_connection_leaves_one_post_with_its_media(
    network, pds_user, connect, attachment, fence, a_post, payload_for, faulty_proxy, when, broken_request
):
    proxy = faulty_proxy(pds_user.server)
    account = connect(proxy.url)
    payload = payload_for(a_post(destinations=(account.destination,), media=(attachment,)))
    proxy.break_next(when, request=broken_request)
    if broken_request == "uploadBlob":
        with pytest.raises(UploadFailed, match=f"A {attachment.kind} was not uploaded"):
            fence.publish_once(payload, account, network)
    else:
        assert fence.publish_once(payload, account, network).state == "waiting"
    assert fence.publish_once(payload, account, network).state == "published"
    assert fence.publish_once(payload, account, network).state == "published"
    [record] = pds_user.posts()
    embed = record["value"]["embed"]
    assert embed.get("images", [embed])[0]["alt"] == "Waves"


def test_the_server_names_the_size_limit_of_videos(network, connect, make_video, media_store):
    account = connect()
    limits = network.media_limits(account)
    assert limits.max_video_bytes == account.limits["video_bytes"] == 5 * 1024 * 1024
    with pytest.raises(CannotAttach, match=r"6\.0 MB; Bluesky accepts 5 MB"):
        load_attachments([make_video(size=6_000_000)], media_store, limits, network.label)


@pytest.mark.parametrize("response", [{}, {"blobUploadLimit": 400_000_000}, {"blobUploadLimit": "much"}, []])
def test_without_a_lower_limit_a_video_may_be_as_large_as_a_record_allows(network, stub, connect_to_stub, response):
    account = connect_to_stub()
    stub.respond(DESCRIBE, 200, response)
    for each in (account, connect_to_stub()):
        assert network.media_limits(each).max_video_bytes == 300_000_000


def test_media_that_the_server_rejects_are_refused_with_its_message(
    network, stub, connect_to_stub, attachment, fence, a_post, payload_for
):
    account = connect_to_stub()
    stub.respond(UPLOAD, 413, {"error": "PayloadTooLarge", "message": "request entity too large"})
    payload = payload_for(a_post(destinations=(account.destination,), media=(attachment,)))
    result = fence.publish_once(payload, account, network)
    assert result.state == "refused"
    assert result.reason == (
        f"Bluesky answered 413 to a {attachment.kind}: request entity too large. Attach a smaller one, then retry."
    )
    assert stub.received(PUT) == []


def test_an_upload_that_exceeds_the_time_limit_is_retried(
    network, stub, connect_to_stub, with_media, prepare, make_video, monkeypatch
):
    monkeypatch.setattr("core.publishing.networks.bluesky.network.upload_seconds", lambda media: 0.0)
    with pytest.raises(UploadFailed, match="A video was not uploaded: Bluesky took too long"):
        prepare(network, with_media(network, connect_to_stub(), make_video()))
    assert stub.received(UPLOAD) == []


@pytest.mark.parametrize(("status", "expected"), [(429, RetryLater), (400, Refused)])
def test_a_rejected_post_with_a_video_gives_the_servers_message(
    network, stub, connect_to_stub, with_media, publish, make_video, status, expected
):
    stub.respond(UPLOAD, 200, {"blob": BLOB})
    stub.respond(PUT, status, {"error": "Some", "message": "some words"})
    result = publish(network, with_media(network, connect_to_stub(), make_video()))
    assert isinstance(result, expected)
    assert "some words" in result.reason
    assert stub.received(UPLOAD)[0].headers["content-type"] == "video/mp4"
    assert stub.received(PUT)[0].json["record"]["embed"]["video"] == BLOB


def test_a_video_at_bluesky_itself_needs_a_confirmed_email_address(
    stub, pds_session, with_media, prepare, make_video, make_picture
):
    stub.respond(LOG_IN, 200, pds_session | {"emailConfirmed": False})
    stub.respond(UPLOAD, 200, {"blob": BLOB})
    network = BlueskyNetwork(real_clock, entryway=stub.url)
    account = network.connect({"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop"})
    with pytest.raises(CannotAttach, match="confirmed email address"):
        prepare(network, with_media(network, account, make_video()))
    assert stub.received(UPLOAD) == []
    assert prepare(network, with_media(network, account, make_picture("red"))).prepared is not None
    stub.respond(LOG_IN, 200, pds_session | {"emailConfirmed": True})
    assert prepare(network, with_media(network, account, make_video())).prepared["record"]["embed"]["video"] == BLOB
    logins = len(stub.received(LOG_IN))
    prepare(network, with_media(network, account, make_video()))
    assert len(stub.received(LOG_IN)) == logins
