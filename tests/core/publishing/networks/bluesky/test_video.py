"""Videos on Bluesky, against a stand-in and, where it is installed, against Bluesky's own server."""

import dataclasses
import struct

import pytest

from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, load_attachments
from core.publishing.fence import Fence
from core.publishing.network import Published, Refused, RetryLater
from core.publishing.networks.bluesky.media import UploadFailed
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.time.instants import real_clock

SESSION = {"did": "did:plc:ada", "accessJwt": "jwt", "handle": "ada.test"}
BLOB = {"$type": "blob", "ref": {"$link": "bafkrei"}, "mimeType": "video/mp4", "size": 9}
LOG_IN, DESCRIBE, UPLOAD, PUT = (
    "POST /xrpc/com.atproto.server.createSession",
    "GET /xrpc/com.atproto.server.describeServer",
    "POST /xrpc/com.atproto.repo.uploadBlob",
    "POST /xrpc/com.atproto.repo.putRecord",
)


def box(kind, *content):
    body = b"".join(content)
    return struct.pack(">I4s", len(body) + 8, kind) + body


@pytest.fixture
def filmed(store):
    """A video of 320 x 180 pixels, described."""

    def film(alt="", *, brand=b"mp42", size=1000):
        matrix = (65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
        header = bytes(40) + struct.pack(">9i2I", *matrix, 320 << 16, 180 << 16)
        movie = box(b"moov", box(b"trak", box(b"tkhd", header)))
        return ingest(store, box(b"ftyp", brand, bytes(4), b"mp42isom") + movie + box(b"mdat", bytes(size)), alt=alt)

    return film


@pytest.fixture
def network():
    return BlueskyNetwork(real_clock)


@pytest.fixture
def connect(network, pds_user):
    def join(server=None):
        answers = {"handle": pds_user.handle, "password": pds_user.password, "server": server or pds_user.server}
        return network.connect(answers)

    return join


@pytest.fixture
def recorded_account(network, stub):
    stub.answer(LOG_IN, 200, SESSION)
    return network.connect({"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop", "server": stub.url})


def test_a_video_goes_out_with_its_description_and_shape(network, pds_user, connect, with_pictures, filmed):
    post = with_pictures(network, connect(), filmed("Waves on a beach"))
    assert isinstance(network.publish(post), Published)
    assert isinstance(network.publish(dataclasses.replace(post, attempt=2)), Published)
    [record] = pds_user.posts()
    embed = record["value"]["embed"]
    assert (embed["$type"], embed["alt"]) == ("app.bsky.embed.video", "Waves on a beach")
    assert embed["aspectRatio"] == {"width": 320, "height": 180}
    assert (embed["video"]["mimeType"], embed["video"]["size"]) == ("video/mp4", len(post.media[0].content))


def test_a_video_that_does_not_tell_its_shape_goes_out_without_one(network, pds_user, connect, with_pictures, store):
    film = ingest(store, box(b"ftyp", b"isom", bytes(4)) + box(b"mdat", bytes(500)))
    assert isinstance(network.publish(with_pictures(network, connect(), film)), Published)
    [record] = pds_user.posts()
    assert "aspectRatio" not in record["value"]["embed"]


@pytest.mark.parametrize("brand", [b"M4V ", b"M4VH", b"avc1", b"iso6", b"MSNV", b"dash"])
def test_every_brand_of_mp4_goes_out_as_one(network, pds_user, connect, with_pictures, filmed, brand):
    assert isinstance(network.publish(with_pictures(network, connect(), filmed(brand=brand))), Published)
    [record] = pds_user.posts()
    assert record["value"]["embed"]["video"]["mimeType"] == "video/mp4"


def test_preparing_again_names_the_same_video(network, connect, with_pictures, filmed):
    film, account = filmed(), connect()
    first, second = (with_pictures(network, account, film) for _ in range(2))
    assert first.prepared["record"]["embed"] == second.prepared["record"]["embed"]


@pytest.mark.parametrize("when", ["before", "after", "during"])
@pytest.mark.parametrize("what", ["uploadBlob", "putRecord"])
def test_a_connection_that_breaks_leaves_one_post_with_its_video(
    network, pds_user, connect, filmed, store, ledger, clock, a_post, invoked, faulty_proxy, when, what
):
    line = faulty_proxy(pds_user.server)
    account = connect(line.url)
    payload = invoked(a_post(destinations=(account.destination,), media=(filmed("Waves"),)))
    fence = Fence(ledger, store, clock)
    line.break_next(when, what=what)
    if what == "uploadBlob":
        with pytest.raises(UploadFailed, match="A video was not uploaded"):
            fence.publish_once(payload, account, network)
    else:
        assert fence.publish_once(payload, account, network).state == "waiting"
    assert fence.publish_once(payload, account, network).state == "published"
    assert fence.publish_once(payload, account, network).state == "published"
    [record] = pds_user.posts()
    assert record["value"]["embed"]["alt"] == "Waves"


def test_the_server_says_how_large_a_video_may_be_before_it_is_sent_one(network, connect, filmed, store):
    account = connect()
    limits = network.media_limits(account)
    assert limits.max_video_bytes == account.limits["video_bytes"] == 5 * 1024 * 1024
    with pytest.raises(CannotAttach, match=r"6\.0 MB; Bluesky accepts 5 MB"):
        load_attachments([filmed(size=6_000_000)], store, limits, network.label)


@pytest.mark.parametrize("said", [{}, {"blobUploadLimit": 300_000_000}, {"blobUploadLimit": "much"}, []])
def test_what_can_be_sent_in_time_is_the_limit_elsewhere(network, stub, recorded_account, said):
    stub.answer(DESCRIBE, 200, said)
    answers = {"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop", "server": stub.url}
    for account in (recorded_account, network.connect(answers)):
        assert network.media_limits(account).max_video_bytes == 10_000_000


def test_a_video_that_the_server_finds_too_large_all_the_same_is_refused_and_told(
    network, stub, recorded_account, filmed, store, ledger, clock, a_post, invoked
):
    stub.answer(UPLOAD, 413, {"error": "PayloadTooLarge", "message": "request entity too large"})
    payload = invoked(a_post(destinations=(recorded_account.destination,), media=(filmed(),)))
    verdict = Fence(ledger, store, clock).publish_once(payload, recorded_account, network)
    assert verdict.state == "refused"
    assert verdict.reason == (
        "Bluesky answered 413 to a video: request entity too large. Attach a smaller one, then retry."
    )
    assert stub.sent(PUT) == []


def test_a_video_that_cannot_be_sent_in_time_is_tried_again(
    network, stub, recorded_account, with_pictures, filmed, monkeypatch
):
    monkeypatch.setattr("core.publishing.networks.bluesky.network.UPLOAD_SECONDS", 0.0)
    with pytest.raises(UploadFailed, match="A video was not uploaded: Bluesky took too long"):
        with_pictures(network, recorded_account, filmed())
    assert stub.sent(UPLOAD) == []


@pytest.mark.parametrize(("status", "kind"), [(429, RetryLater), (400, Refused)])
def test_a_video_that_is_refused_with_its_post_is_told(
    network, stub, recorded_account, with_pictures, filmed, status, kind
):
    stub.answer(UPLOAD, 200, {"blob": BLOB})
    stub.answer(PUT, status, {"error": "Some", "message": "some words"})
    result = network.publish(with_pictures(network, recorded_account, filmed()))
    assert isinstance(result, kind)
    assert "some words" in result.reason
    assert stub.sent(UPLOAD)[0].headers["content-type"] == "video/mp4"
    assert stub.sent(PUT)[0].json["record"]["embed"]["video"] == BLOB


def test_bluesky_itself_would_not_show_videos_of_an_unconfirmed_address(stub, with_pictures, filmed, drawn):
    stub.answer(LOG_IN, 200, SESSION | {"emailConfirmed": False})
    stub.answer(UPLOAD, 200, {"blob": BLOB})
    network = BlueskyNetwork(real_clock, entryway=stub.url)
    account = network.connect({"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop"})
    with pytest.raises(CannotAttach, match="confirmed email address"):
        with_pictures(network, account, filmed())
    assert stub.sent(UPLOAD) == []
    assert with_pictures(network, account, drawn("red")).prepared is not None
    stub.answer(LOG_IN, 200, SESSION | {"emailConfirmed": True})
    assert with_pictures(network, account, filmed()).prepared["record"]["embed"]["video"] == BLOB
    asked = len(stub.sent(LOG_IN))
    with_pictures(network, account, filmed())
    assert len(stub.sent(LOG_IN)) == asked
