"""Videos on X; test_uploads.py tests what they share with other uploads."""

import dataclasses
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, check_media
from core.publishing.network import Published, Refused, RetryLater
from tests.core.publishing.networks.upload_apis import SECRET, VIDEO, XApi


@pytest.fixture
def with_video(with_media, media_store):
    """Build a publication with a video."""

    def build(network, **others):
        return with_media(network, XApi.account, ingest(media_store, VIDEO, alt="A film"), **others)

    return build


def test_a_video_is_initialized_appended_finalized_and_named_in_the_post(
    api, network, stub, with_video, pauses, monkeypatch, publish
):
    monkeypatch.setattr("core.publishing.networks.x.video.SEGMENT_BYTES", 40_000)
    assert publish(network, with_video(network, text="Look")).url == "https://x.com/ada/status/12"
    [initialized] = stub.received(api.INITIALIZE)
    content = {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": len(VIDEO)}
    assert initialized.json == content
    segments = [request.form for request in stub.received(api.APPEND)]
    assert [segment["segment_index"][2] for segment in segments] == [b"0", b"1", b"2"]
    assert b"".join(segment["media"][2] for segment in segments) == VIDEO
    [polled] = stub.received(api.STATUS)
    assert parse_qs(urlsplit(polled.path).query) == {"command": ["STATUS"], "media_id": [api.VIDEO_ID]}
    [posted] = stub.received(api.POST)
    assert posted.json == {"text": "Look", "media": {"media_ids": [api.VIDEO_ID]}}
    assert pauses == [1]
    steps = [urlsplit(request.path).path.rpartition("/")[2] for request in stub.requests]
    assert steps == ["initialize", "append", "append", "append", "finalize", "upload", "tweets"]
    assert all(request.headers["authorization"].startswith("OAuth ") for request in stub.requests)


def test_a_video_without_processing_is_not_polled(api, network, stub, with_video, pauses, publish):
    stub.respond(api.FINALIZE, 200, api.video())
    assert isinstance(publish(network, with_video(network)), Published)
    assert (stub.received(api.STATUS), pauses) == ([], [])


def test_each_poll_waits_as_long_as_x_asks(api, stub, with_video, pauses, publish):
    states = [("in_progress", 4), ("uploading", None), ("succeeded", None)]

    def sleep(seconds):
        pauses.append(seconds)
        state, seconds = states[len(pauses) - 1]
        stub.respond(api.STATUS, 200, api.video(state, **({"check_after_secs": seconds} if seconds else {})))

    network = api.network(sleep=sleep)
    assert isinstance(publish(network, with_video(network)), Published)
    assert pauses == [1, 4, 1]


@pytest.mark.parametrize("seconds", [None, 0, -3, "soon", True])
def test_an_invalid_pause_is_one_second(api, network, stub, with_video, pauses, seconds, publish):
    stub.respond(api.FINALIZE, 200, api.video("pending", check_after_secs=seconds))
    assert isinstance(publish(network, with_video(network)), Published)
    assert pauses == [1]


@pytest.mark.parametrize(("seconds", "pause"), [(60, 60), (10**9, 3600)])
def test_a_pause_beyond_the_time_limit_ends_the_attempt_and_is_at_most_an_hour(
    api, network, stub, with_video, seconds, pause, publish
):
    stub.respond(api.FINALIZE, 200, api.video("pending", check_after_secs=seconds))
    reason = "X is still processing the video."
    expected = RetryLater(reason=reason, retry_after=timedelta(seconds=pause), upload_id=api.VIDEO_ID)
    assert publish(network, with_video(network)) == expected


@pytest.mark.parametrize("status", [400, 404, 410])
def test_an_expired_upload_is_sent_again(api, network, stub, with_video, status, publish):
    stub.respond(api.FINALIZE, 200, api.video())
    stub.respond(api.STATUS, status, {"title": "Invalid Request", "detail": "media_id is not valid"})
    post = dataclasses.replace(with_video(network), attempt=2, upload_id="7")
    assert isinstance(publish(network, post), Published)
    assert parse_qs(urlsplit(stub.received(api.STATUS)[0].path).query)["media_id"] == ["7"]
    assert stub.received(api.POST)[0].json["media"] == {"media_ids": [api.VIDEO_ID]}


@pytest.mark.parametrize(
    ("error", "words"),
    [
        ({"code": 1, "name": "InvalidMedia", "message": f"Not {SECRET}\n please."}, "video: Not ... please. Save it"),
        ({"code": 3, "name": "UnsupportedMedia"}, "video: UnsupportedMedia. Save it"),
        (None, "no reason given"),
        ("broken", "no reason given"),
    ],
)
def test_a_failed_processing_is_refused_with_xs_reason(api, network, stub, with_video, error, words, publish):
    stub.respond(api.STATUS, 200, api.video("failed", error=error))
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert words in result.reason
    assert SECRET not in repr(result)
    assert stub.received(api.POST) == []


def test_a_video_too_long_for_the_account_is_refused_with_xs_message(api, network, stub, with_video, publish):
    message = "This user is not allowed to post a video longer than 20 minutes."
    stub.respond(api.POST, 403, {"title": "Forbidden", "detail": message})
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert message in result.reason


def test_an_accepted_segment_is_not_sent_again_if_the_response_is_cut_off(api, stub, with_video, faulty_proxy, publish):
    proxy = faulty_proxy(stub.url)
    network = api.network(proxy.url)
    proxy.break_next("during", request=api.APPEND)
    assert isinstance(publish(network, with_video(network)), Published)
    assert len(stub.received(api.APPEND)) == len(stub.received(api.POST)) == 1


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"id": None}}, {"data": {"id": "../1"}}, "<html>"])
@pytest.mark.parametrize("step", [XApi.INITIALIZE, XApi.FINALIZE, XApi.STATUS])
def test_a_response_without_the_id_is_retried(api, network, stub, with_video, step, body, publish):
    stub.respond(step, 200, body)
    assert isinstance(publish(network, with_video(network)), RetryLater)
    assert stub.received(api.POST) == []
    assert step != api.INITIALIZE or len(stub.requests) == 1


def test_a_post_has_one_video(network, media_store):
    media = ingest(media_store, VIDEO)
    with pytest.raises(CannotAttach, match="either pictures or one video"):
        check_media([media, media], network.media_limits(XApi.account), "X")


def test_an_animated_gif_is_uploaded_as_one_and_described(
    api, network, stub, with_media, publish, media_store, animation
):
    post = with_media(network, XApi.account, ingest(media_store, animation, alt="It blinks"))
    assert isinstance(publish(network, post), Published)
    content = {"media_type": "image/gif", "media_category": "tweet_gif", "total_bytes": len(animation)}
    assert stub.received(api.INITIALIZE)[0].json == content
    [described] = stub.received(api.DESCRIBE)
    assert described.json == {"id": api.VIDEO_ID, "metadata": {"alt_text": {"text": "It blinks"}}}
    assert stub.received(api.POST)[0].json["media"] == {"media_ids": [api.VIDEO_ID]}
