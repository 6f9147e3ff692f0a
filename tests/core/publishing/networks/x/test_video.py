"""A video on X: it is sent once, waited for, and gone on with; a doubt about the post itself waits for a person."""

import dataclasses
from datetime import timedelta
from itertools import product
from urllib.parse import parse_qs, urlsplit

import pytest

from core.accounts.port import Account
from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, check_media
from core.publishing.fence import Fence
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock

SECRET = "s3cret-0123456789"
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 2
ID = "1880028106020515840"
INITIALIZE, APPEND = "POST /2/media/upload/initialize", f"POST /2/media/upload/{ID}/append"
FINALIZE, STATUS, POST = f"POST /2/media/upload/{ID}/finalize", "GET /2/media/upload", "POST /2/tweets"
ACCOUNT = Account(
    destination="x:ada",
    label="@Ada (X)",
    identity="1",
    credentials={"key": "app-key", "key_secret": SECRET, "token": "user-token", "token_secret": SECRET},
)


def processing(state=None, **more):
    """What X answers about the upload."""
    told = {"id": ID, "media_key": f"13_{ID}", "expires_after_secs": 86400}
    return {"data": told if state is None else {**told, "processing_info": {"state": state, **more}}}


@pytest.fixture
def x(stub):
    """What X answers where all is well."""
    stub.respond(INITIALIZE, 200, processing())
    stub.respond(APPEND, 200, {"data": {"expires_at": 1795507230}})
    stub.respond(FINALIZE, 200, processing("pending", check_after_secs=1))
    stub.respond(STATUS, 200, processing("succeeded", progress_percent=100))
    stub.respond(POST, 201, {"data": {"id": "12", "text": "..."}})
    return stub


@pytest.fixture
def pauses():
    """How long was waited each time, had it been waited."""
    return []


@pytest.fixture
def connect(pauses):
    """The network as it is reached at an address."""
    return lambda api: XNetwork(real_clock, api=api, sleep=pauses.append)


@pytest.fixture
def network(x, connect):
    return connect(x.url)


@pytest.fixture
def with_video(with_media, media_store):
    """Build a publication with a video."""

    def build(network, content=VIDEO, **others):
        return with_media(network, ACCOUNT, ingest(media_store, content, alt="A film"), **others)

    return build


def test_a_video_is_announced_sent_in_segments_finished_and_named_by_the_post(
    network, x, with_video, pauses, monkeypatch, publish
):
    monkeypatch.setattr("core.publishing.networks.x.video.SEGMENT_BYTES", 200)
    assert publish(network, with_video(network, text="Look")).url == "https://x.com/ada/status/12"
    [announced] = x.received(INITIALIZE)
    size = len(VIDEO)
    assert announced.json == {"media_type": "video/mp4", "media_category": "tweet_video", "total_bytes": size}
    segments = [request.form for request in x.received(APPEND)]
    assert [segment["segment_index"][2] for segment in segments] == [b"0", b"1", b"2"]
    assert b"".join(segment["media"][2] for segment in segments) == VIDEO
    [asked] = x.received(STATUS)
    assert parse_qs(urlsplit(asked.path).query) == {"command": ["STATUS"], "media_id": [ID]}
    [posted] = x.received(POST)
    assert posted.json == {"text": "Look", "media": {"media_ids": [ID]}}
    assert pauses == [1]
    steps = [urlsplit(request.path).path.rpartition("/")[2] for request in x.requests]
    assert steps == ["initialize", "append", "append", "append", "finalize", "upload", "tweets"]
    assert all(request.headers["authorization"].startswith("OAuth ") for request in x.requests)


def test_a_video_that_needs_no_processing_is_not_asked_about(network, x, with_video, pauses, publish):
    x.respond(FINALIZE, 200, processing())
    assert isinstance(publish(network, with_video(network)), Published)
    assert (x.received(STATUS), pauses) == ([], [])


def test_a_video_is_waited_for_as_long_as_x_asks_each_time(x, with_video, publish):
    pauses = []
    answers = [("in_progress", 4), ("uploading", None), ("succeeded", None)]

    def sleep(seconds):
        pauses.append(seconds)
        state, hint = answers[len(pauses) - 1]
        x.respond(STATUS, 200, processing(state, **({"check_after_secs": hint} if hint else {})))

    network = XNetwork(real_clock, api=x.url, sleep=sleep)
    assert isinstance(publish(network, with_video(network)), Published)
    assert pauses == [1, 4, 1]


@pytest.mark.parametrize("hint", [None, 0, -3, "soon", True])
def test_a_hint_that_makes_no_sense_is_a_second(network, x, with_video, pauses, hint, publish):
    x.respond(FINALIZE, 200, processing("pending", check_after_secs=hint))
    assert isinstance(publish(network, with_video(network)), Published)
    assert pauses == [1]


@pytest.mark.parametrize(("hint", "pause"), [(60, 60), (10**9, 3600)])
def test_a_video_that_takes_longer_is_gone_on_with_later_and_not_sent_again(
    network, x, with_video, pauses, hint, pause, publish
):
    x.respond(FINALIZE, 200, processing("pending", check_after_secs=hint))
    post = with_video(network)
    result = publish(network, post)
    said = "X is still processing the video."
    assert result == RetryLater(reason=said, retry_after=timedelta(seconds=pause), upload_id=ID)
    assert x.received(POST) == pauses == []
    assert isinstance(publish(network, dataclasses.replace(post, attempt=2, upload_id=ID)), Published)
    assert (
        len(x.received(INITIALIZE))
        == len(x.received(FINALIZE))
        == len(x.received(STATUS))
        == len(x.received(POST))
        == 1
    )


def test_the_fence_hands_the_upload_from_one_attempt_to_the_next(
    network, x, media_store, ledger, clock, a_post, invoked
):
    x.respond(FINALIZE, 200, processing("pending", check_after_secs=60))
    payload = invoked(a_post(destinations=("x:ada",), media=(ingest(media_store, VIDEO),)))
    fence = Fence(ledger, media_store, clock)
    first = fence.publish_once(payload, ACCOUNT, network)
    assert (first.state, first.retry_after) == ("waiting", timedelta(minutes=1))
    clock.move(minutes=1)
    assert [fence.publish_once(payload, ACCOUNT, network).state for _ in range(2)] == ["published", "published"]
    assert len(x.received(INITIALIZE)) == len(x.received(POST)) == 1


@pytest.mark.parametrize("status", [400, 404, 410])
def test_a_video_that_x_has_forgotten_is_sent_again(network, x, with_video, status, publish):
    x.respond(FINALIZE, 200, processing())
    x.respond(STATUS, status, {"title": "Invalid Request", "detail": "media_id is not valid"})
    post = dataclasses.replace(with_video(network), attempt=2, upload_id="7")
    assert isinstance(publish(network, post), Published)
    assert parse_qs(urlsplit(x.received(STATUS)[0].path).query)["media_id"] == ["7"]
    assert x.received(POST)[0].json["media"] == {"media_ids": [ID]}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        ({"code": 1, "name": "InvalidMedia", "message": f"Not {SECRET}\n please."}, "video: Not ... please. Save it"),
        ({"code": 3, "name": "UnsupportedMedia"}, "video: UnsupportedMedia. Save it"),
        (None, "no reason given"),
        ("broken", "no reason given"),
    ],
)
def test_a_video_that_x_cannot_process_is_refused_in_its_own_words(network, x, with_video, error, said, publish):
    x.respond(STATUS, 200, processing("failed", error=error))
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert said in result.reason
    assert SECRET not in repr(result)
    assert x.received(POST) == []


def test_a_video_that_is_too_long_for_the_account_is_refused_in_xs_own_words(network, x, with_video, publish):
    said = "This user is not allowed to post a video longer than 20 minutes."
    x.respond(POST, 403, {"title": "Forbidden", "detail": said})
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert said in result.reason


@pytest.mark.parametrize(
    ("what", "when"),
    [
        *product([INITIALIZE, APPEND, FINALIZE, STATUS], ["before", "after"]),
        *product([INITIALIZE, FINALIZE, STATUS], ["during"]),
    ],
)
def test_an_upload_that_breaks_is_tried_again_and_the_post_goes_out_once(
    x, connect, with_video, faulty_proxy, what, when, publish
):
    proxy = faulty_proxy(x.url)
    network = connect(proxy.url)
    post = with_video(network)
    proxy.break_next(when, request=what)
    first = publish(network, post)
    assert isinstance(first, RetryLater)
    assert x.received(POST) == []
    assert isinstance(publish(network, dataclasses.replace(post, attempt=2, upload_id=first.upload_id)), Published)
    assert len(x.received(POST)) == 1
    assert first.upload_id == (ID if what == STATUS or (what, when) == (FINALIZE, "during") else None)


def test_a_segment_that_x_says_it_has_is_not_sent_again_for_a_cut_answer(x, connect, with_video, faulty_proxy, publish):
    proxy = faulty_proxy(x.url)
    network = connect(proxy.url)
    proxy.break_next("during", request=APPEND)
    assert isinstance(publish(network, with_video(network)), Published)
    assert len(x.received(APPEND)) == len(x.received(POST)) == 1


@pytest.mark.parametrize(("when", "expected"), [("before", Unconfirmed), ("after", Unconfirmed), ("during", Published)])
def test_a_post_with_a_video_that_breaks_is_not_tried_again(
    x, connect, with_video, faulty_proxy, when, expected, publish
):
    proxy = faulty_proxy(x.url)
    network = connect(proxy.url)
    proxy.break_next(when, request=POST)
    assert type(publish(network, with_video(network))) is expected
    assert len(x.received(POST)) == (when != "before")


@pytest.mark.parametrize("what", [INITIALIZE, APPEND, FINALIZE, STATUS])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused),
        (401, Refused),
        (403, Refused),
        (413, Refused),
        (408, RetryLater),
        (429, RetryLater),
        (500, RetryLater),
    ],
)
def test_what_x_turns_down_leaves_no_doubt_and_shows_no_secret(network, x, with_video, what, status, expected, publish):
    x.respond(what, status, {"title": "No", "detail": f"Not with {SECRET} here"})
    result = publish(network, with_video(network))
    assert type(result) is expected
    assert "Not with ... here" in result.reason
    assert SECRET not in repr(result)
    assert x.received(POST) == []


def test_a_post_that_x_puts_off_goes_on_with_its_video(network, x, with_video, publish):
    x.respond(POST, 429, {"title": "Too Many Requests"}, Retry_After="7")
    post = with_video(network)
    result = publish(network, post)
    assert (result.retry_after, result.upload_id) == (timedelta(seconds=7), ID)
    x.respond(POST, 201, {"data": {"id": "12"}})
    assert isinstance(publish(network, dataclasses.replace(post, attempt=2, upload_id=ID)), Published)
    assert len(x.received(INITIALIZE)) == 1


@pytest.mark.parametrize("body", [{}, {"data": {}}, {"data": {"id": None}}, {"data": {"id": "../1"}}, "<html>"])
@pytest.mark.parametrize("what", [INITIALIZE, FINALIZE, STATUS])
def test_an_answer_without_the_id_is_tried_again(network, x, with_video, what, body, publish):
    x.respond(what, 200, body)
    result = publish(network, with_video(network))
    assert isinstance(result, RetryLater)
    assert x.received(POST) == []
    assert what != INITIALIZE or len(x.requests) == 1


def test_uploads_that_take_too_long_leave_nothing_out(network, x, with_video, monkeypatch, publish):
    monkeypatch.setattr("core.publishing.networks.x.network.UPLOAD_SECONDS", 0.0)
    assert isinstance(publish(network, with_video(network)), RetryLater)
    assert x.requests == []


def test_ten_megabytes_are_the_most(network, media_store):
    limits = network.media_limits(ACCOUNT)
    media = ingest(media_store, VIDEO)
    check_media([media], limits, "X")
    with pytest.raises(CannotAttach, match=r"has 10\.1 MB; X accepts 10 MB"):
        check_media([media.model_copy(update={"size": 10_100_000})], limits, "X")
    with pytest.raises(CannotAttach, match="either pictures or one video"):
        check_media([media, media], limits, "X")
