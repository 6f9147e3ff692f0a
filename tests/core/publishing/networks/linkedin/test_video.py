"""A video on LinkedIn: it is sent once, waited for, and gone on with; a doubt about the post waits for a person."""

import dataclasses
from datetime import timedelta
from itertools import product

import pytest

from core.accounts.port import Account
from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, check_media
from core.publishing.fence import Fence
from core.publishing.http.client import HttpClient, Response
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.time.instants import real_clock

SECRET = "s3cret-0123456789"
VIDEO = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom" + bytes(range(256)) * 400
HALF = 50_000
URN = "urn:li:video:C5F10AQGKQg_6y2a4sQ"
FIRST, SECOND = "/dms-uploads/C5F10/1/uploadedVideo", "/dms-uploads/C5F10/2/uploadedVideo"
ACT, STATUS, POST = "POST /rest/videos", "GET /rest/videos/urn%3Ali%3Avideo%3AC5F10AQGKQg_6y2a4sQ", "POST /rest/posts"
ACCOUNT = Account(
    destination="linkedin:abc", label="Ada (LinkedIn)", identity="urn:li:person:abc", credentials={"token": SECRET}
)


def asked_for(at, *, token=""):
    """What LinkedIn asks for: the video in two parts."""
    parts = [
        {"uploadUrl": f"{at}{FIRST}?ut=ticket", "firstByte": 0, "lastByte": HALF - 1},
        {"uploadUrl": f"{at}{SECOND}?ut=ticket", "firstByte": HALF, "lastByte": len(VIDEO) - 1},
    ]
    told = {"uploadUrlsExpireAt": 1650567510704, "video": URN, "uploadInstructions": parts, "uploadToken": token}
    return {"value": told}


@pytest.fixture
def pauses():
    """How long was waited each time, had it been waited."""
    return []


@pytest.fixture
def linkedin(stub, pauses):
    """What LinkedIn answers where all is well; `at` is where it wants the video."""

    def answering(at, *, token=""):
        stub.respond(ACT, 200, asked_for(at, token=token))
        stub.respond(f"PUT {FIRST}", 200, ETag='"/ambry-video/1"')
        stub.respond(f"PUT {SECOND}", 200, ETag="/ambry-video/2")
        stub.respond(STATUS, 200, {"id": URN, "owner": "urn:li:person:abc", "status": "AVAILABLE"})
        stub.respond(POST, 201, "<!-- -->", x_restli_id="urn:li:share:7")
        return LinkedInNetwork(real_clock, api=at, sleep=pauses.append)

    return answering


@pytest.fixture
def network(linkedin, stub):
    return linkedin(stub.url)


@pytest.fixture
def with_video(with_media, media_store):
    """Build a publication with a video."""

    def build(network, **others):
        return with_media(network, ACCOUNT, ingest(media_store, VIDEO, alt="A film"), **others)

    return build


def test_a_video_is_announced_sent_in_parts_finished_and_shown(linkedin, stub, with_video, pauses, publish):
    network = linkedin(stub.url, token="ticket")
    published = publish(network, with_video(network, text="Look"))
    assert published.url == "https://www.linkedin.com/feed/update/urn:li:share:7/"
    announced, first, second, finished, asked, posted = stub.requests
    assert announced.path == "/rest/videos?action=initializeUpload"
    told = {"fileSizeBytes": len(VIDEO), "uploadCaptions": False, "uploadThumbnail": False}
    assert announced.json == {"initializeUploadRequest": {"owner": "urn:li:person:abc", **told}}
    assert [(part.method, part.path) for part in (first, second)] == [
        ("PUT", f"{FIRST}?ut=ticket"),
        ("PUT", f"{SECOND}?ut=ticket"),
    ]
    assert first.body + second.body == VIDEO
    assert len(first.body) == HALF
    assert finished.path == "/rest/videos?action=finalizeUpload"
    tags = ["/ambry-video/1", "/ambry-video/2"]
    assert finished.json == {"finalizeUploadRequest": {"video": URN, "uploadToken": "ticket", "uploadedPartIds": tags}}
    assert (posted.json["commentary"], posted.json["content"]) == ("Look", {"media": {"id": URN}})
    spoken = (announced, finished, asked, posted)
    assert all(request.headers["authorization"] == f"Bearer {SECRET}" for request in spoken)
    assert all(request.headers["linkedin-version"] for request in spoken)
    assert pauses == []


def test_the_parts_are_sent_without_the_members_token(network, stub, with_video, publish):
    publish(network, with_video(network))
    for part in stub.received(f"PUT {FIRST}") + stub.received(f"PUT {SECOND}"):
        assert "authorization" not in part.headers


def test_a_video_is_waited_for_until_linkedin_is_done_with_it(linkedin, stub, with_video, publish):
    pauses = []

    def sleep(seconds):
        pauses.append(seconds)
        stub.respond(STATUS, 200, {"id": URN, "status": "AVAILABLE" if len(pauses) == 3 else "PROCESSING"})

    linkedin(stub.url)
    network = LinkedInNetwork(real_clock, api=stub.url, sleep=sleep)
    stub.respond(STATUS, 200, {"id": URN, "status": "WAITING_UPLOAD"})
    assert isinstance(publish(network, with_video(network)), Published)
    assert pauses == [2, 2, 2]
    assert len(stub.received(POST)) == 1


def test_where_the_token_may_not_ask_the_post_follows_at_once(network, stub, with_video, pauses, publish):
    stub.respond(STATUS, 403, {"message": "Not enough permissions to access: videos.GET", "status": 403})
    assert isinstance(publish(network, with_video(network)), Published)
    assert len(stub.received(STATUS)) == len(stub.received(POST)) == 1
    assert pauses == []


def test_a_video_that_takes_longer_is_gone_on_with_later_and_not_sent_again(
    network, stub, with_video, pauses, monkeypatch, publish
):
    monkeypatch.setattr("core.publishing.networks.linkedin.video.PAUSE_SECONDS", 60.0)
    stub.respond(STATUS, 200, {"id": URN, "status": "PROCESSING"})
    post = with_video(network)
    assert publish(network, post) == RetryLater(reason="LinkedIn is still processing the video.", upload_id=URN)
    assert stub.received(POST) == pauses == []
    stub.respond(STATUS, 200, {"id": URN, "status": "AVAILABLE"})
    assert isinstance(publish(network, dataclasses.replace(post, attempt=2, upload_id=URN)), Published)
    assert len(stub.received(ACT)) == 2
    assert len(stub.received(f"PUT {FIRST}")) == len(stub.received(POST)) == 1


def test_the_fence_hands_the_upload_from_one_attempt_to_the_next(
    network, stub, media_store, ledger, clock, a_post, invoked, monkeypatch
):
    monkeypatch.setattr("core.publishing.networks.linkedin.video.PAUSE_SECONDS", 60.0)
    stub.respond(STATUS, 200, {"id": URN, "status": "PROCESSING"})
    payload = invoked(a_post(destinations=("linkedin:abc",), media=(ingest(media_store, VIDEO),)))
    fence = Fence(ledger, media_store, clock)
    assert fence.publish_once(payload, ACCOUNT, network).state == "waiting"
    stub.respond(STATUS, 200, {"id": URN, "status": "AVAILABLE"})
    clock.move(minutes=1)
    assert [fence.publish_once(payload, ACCOUNT, network).state for _ in range(2)] == ["published", "published"]
    assert len(stub.received(f"PUT {FIRST}")) == len(stub.received(POST)) == 1


def test_a_video_that_linkedin_has_forgotten_is_sent_again(network, stub, with_video, publish):
    post = dataclasses.replace(with_video(network), attempt=2, upload_id="urn:li:video:old")
    assert isinstance(publish(network, post), Published)
    assert len(stub.received("GET /rest/videos/urn%3Ali%3Avideo%3Aold")) == len(stub.received(STATUS)) == 1
    assert stub.received(POST)[0].json["content"] == {"media": {"id": URN}}


@pytest.mark.parametrize(
    ("reason", "said"), [(f"Not {SECRET}\n please.", "video: Not ... please. It takes"), (None, "no reason given")]
)
def test_a_video_that_linkedin_cannot_process_is_refused_in_its_own_words(
    network, stub, with_video, reason, said, publish
):
    stub.respond(STATUS, 200, {"id": URN, "status": "PROCESSING_FAILED", "processingFailureReason": reason})
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert said in result.reason
    assert SECRET not in repr(result)
    assert stub.received(POST) == []


@pytest.mark.parametrize(
    ("what", "when"),
    [
        *product(["initializeUpload", FIRST, SECOND, "finalizeUpload", "GET /rest/videos"], ["before", "after"]),
        ("initializeUpload", "during"),
        ("GET /rest/videos", "during"),
    ],
)
def test_an_upload_that_breaks_is_tried_again_and_the_post_goes_out_once(
    linkedin, stub, with_video, faulty_proxy, what, when, publish
):
    proxy = faulty_proxy(stub.url)
    network = linkedin(proxy.url)
    post = with_video(network)
    proxy.break_next(when, request=what)
    first = publish(network, post)
    assert isinstance(first, RetryLater)
    assert first.upload_id == (URN if what.startswith("GET") else None)
    assert stub.received(POST) == []
    assert isinstance(publish(network, dataclasses.replace(post, attempt=2, upload_id=first.upload_id)), Published)
    assert len(stub.received(POST)) == 1


@pytest.mark.parametrize(("when", "expected"), [("before", Unconfirmed), ("after", Unconfirmed), ("during", Published)])
def test_a_post_with_a_video_that_breaks_is_not_tried_again(
    linkedin, stub, with_video, faulty_proxy, when, expected, publish
):
    proxy = faulty_proxy(stub.url)
    network = linkedin(proxy.url)
    proxy.break_next(when, request=POST)
    assert type(publish(network, with_video(network))) is expected
    assert len(stub.received(POST)) == (when != "before")


@pytest.mark.parametrize("what", [ACT, f"PUT {FIRST}", f"PUT {SECOND}", STATUS])
@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, Refused),
        (401, Refused),
        (404, Refused),
        (413, Refused),
        (307, Refused),
        (429, RetryLater),
        (500, RetryLater),
    ],
)
def test_what_linkedin_turns_down_leaves_no_doubt_and_shows_no_secret(
    network, stub, with_video, what, status, expected, publish
):
    said = f"Not with {SECRET} at {FIRST}?ut=ticket" if what.startswith("PUT") else f"Not with {SECRET} here"
    stub.respond(what, status, {"message": said})
    result = publish(network, with_video(network))
    assert type(result) is expected
    assert "Not with ... here" in result.reason or "it did not accept the video" in result.reason
    assert SECRET not in repr(result)
    assert "ticket" not in repr(result)
    assert stub.received(POST) == []


def test_an_end_that_linkedin_turns_down_is_refused_in_its_words(network, stub, with_video, monkeypatch, publish):
    send = HttpClient.send

    def turned_down(proxy, method, url, **options):
        if (options.get("params") or {}).get("action") == "finalizeUpload":
            stub.respond(ACT, 400, {"message": "A part is missing"})
        return send(proxy, method, url, **options)

    monkeypatch.setattr(HttpClient, "send", turned_down)
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert "A part is missing" in result.reason
    assert stub.received(STATUS) + stub.received(POST) == []


def test_a_member_whose_app_may_upload_no_videos_is_told_so_in_linkedins_words(network, stub, with_video, publish):
    said = "Not enough permissions to access: partnerApiVideosExternal"
    stub.respond(ACT, 403, {"message": said, "status": 403, "code": "ACCESS_DENIED"})
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert said in result.reason


def test_a_post_that_linkedin_puts_off_goes_on_with_its_video(network, stub, with_video, publish):
    stub.respond(POST, 429, {"message": "Too many"}, Retry_After="7")
    post = with_video(network)
    result = publish(network, post)
    assert (result.retry_after, result.upload_id) == (timedelta(seconds=7), URN)
    stub.respond(POST, 201, "<!-- -->", x_restli_id="urn:li:share:7")
    assert isinstance(publish(network, dataclasses.replace(post, attempt=2, upload_id=URN)), Published)
    assert len(stub.received(f"PUT {FIRST}")) == 1


@pytest.mark.parametrize(
    "address",
    [
        "https://example.org/dms-uploads/1",
        "http://www.linkedin.com/dms-uploads/1",
        "https://linkedin.com.example.org/1",
        "https://www.linkedin.com@example.org/1",
        "https://example.org\\.linkedin.com/1",
        "https://www.linkedin.com:8443/1",
        "//www.linkedin.com/1",
        "file:///etc/passwd",
    ],
)
def test_no_part_goes_anywhere_if_one_is_to_go_to_an_address_that_is_not_linkedins(
    network, stub, with_video, address, publish
):
    asked = asked_for(stub.url)
    asked["value"]["uploadInstructions"][1]["uploadUrl"] = address
    stub.respond(ACT, 200, asked)
    result = publish(network, with_video(network))
    assert isinstance(result, Refused)
    assert "not its own" in result.reason
    assert len(stub.requests) == 1


def test_parts_go_to_linkedins_own_hosts(network, stub, with_video, monkeypatch, publish):
    """The requests that would leave this machine are taken down instead of sent."""
    taken, send = [], HttpClient.send

    def caught(proxy, method, url, **options):
        if method != "PUT":
            return send(proxy, method, url, **options)
        taken.append(url)
        return Response(status=200, headers={"ETag": "1"}, body=b"", complete=True, message="OK")

    monkeypatch.setattr(HttpClient, "send", caught)
    stub.respond(ACT, 200, asked_for("https://www.linkedin.com"))
    assert isinstance(publish(network, with_video(network)), Published)
    assert taken == [f"https://www.linkedin.com{place}?ut=ticket" for place in (FIRST, SECOND)]


@pytest.mark.parametrize(
    "changed",
    [
        {"video": None},
        {"video": "urn:li:image:1"},
        {"uploadInstructions": None},
        {"uploadInstructions": []},
        {"uploadInstructions": ["https://www.linkedin.com/1"]},
        {"uploadInstructions": [{"uploadUrl": "https://www.linkedin.com/1", "firstByte": 0, "lastByte": 5}]},
        {"uploadInstructions": [{"uploadUrl": 1, "firstByte": 0, "lastByte": len(VIDEO) - 1}]},
        {"uploadInstructions": [{"uploadUrl": "https://www.linkedin.com/1", "firstByte": 1, "lastByte": len(VIDEO)}]},
        {"uploadInstructions": [{"uploadUrl": "https://www.linkedin.com/1", "firstByte": 0, "lastByte": "all"}]},
    ],
)
def test_an_announcement_that_does_not_ask_for_the_whole_video_is_tried_again(
    network, stub, with_video, changed, publish
):
    asked = asked_for(stub.url)
    stub.respond(ACT, 200, {"value": asked["value"] | changed})
    assert isinstance(publish(network, with_video(network)), RetryLater)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("what", [ACT, f"PUT {SECOND}", STATUS])
def test_an_answer_that_says_nothing_is_tried_again(network, stub, with_video, what, publish):
    stub.respond(what, 200, {})
    assert isinstance(publish(network, with_video(network)), RetryLater)
    assert stub.received(POST) == []


def test_uploads_that_take_too_long_leave_nothing_out(network, stub, with_video, monkeypatch, publish):
    monkeypatch.setattr("core.publishing.networks.linkedin.network.UPLOAD_SECONDS", 0.0)
    assert isinstance(publish(network, with_video(network)), RetryLater)
    assert stub.requests == []


def test_videos_are_between_75_kilobytes_and_ten_megabytes(network, media_store):
    limits = network.media_limits(ACCOUNT)
    media = ingest(media_store, VIDEO)
    check_media([media], limits, "LinkedIn")
    with pytest.raises(CannotAttach, match=r"has 10\.1 MB; LinkedIn accepts 10 MB"):
        check_media([media.model_copy(update={"size": 10_100_000})], limits, "LinkedIn")
    with pytest.raises(CannotAttach, match="has 74 kB; LinkedIn accepts none below 75 kB"):
        check_media([media.model_copy(update={"size": 74_000})], limits, "LinkedIn")
