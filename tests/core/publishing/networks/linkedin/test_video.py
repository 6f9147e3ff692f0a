"""Videos on LinkedIn; test_uploads.py tests what they share with other uploads."""

import dataclasses

import pytest

from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, check_media
from core.publishing.http.client import HttpClient, Response
from core.publishing.network import Published, Refused, RetryLater
from tests.core.publishing.networks.upload_apis import SECRET, VIDEO, LinkedInApi

ACCOUNT = LinkedInApi.account


@pytest.fixture
def with_video(with_media, media_store):
    """Build a publication with a video."""
    return lambda network, **others: with_media(network, ACCOUNT, ingest(media_store, VIDEO, alt="A film"), **others)


@pytest.fixture
def publish_video(network, with_video, publish):
    """Publish a post with a video."""
    return lambda **others: publish(network, with_video(network, **others))


def test_a_video_is_initialized_sent_in_parts_finalized_and_shown(api, stub, publish_video, pauses):
    stub.respond(api.VIDEO_ACTION, 200, api.instructions(stub.url, token="ticket"))
    assert publish_video(text="Look").url == "https://www.linkedin.com/feed/update/urn:li:share:7/"
    initialized, first, second, finalized, polled, posted = stub.requests
    assert initialized.path == "/rest/videos?action=initializeUpload"
    size = {"fileSizeBytes": len(VIDEO), "uploadCaptions": False, "uploadThumbnail": False}
    assert initialized.json == {"initializeUploadRequest": {"owner": "urn:li:person:abc", **size}}
    assert [(part.method, part.path) for part in (first, second)] == [
        ("PUT", f"{api.FIRST_PATH}?ut=ticket"),
        ("PUT", f"{api.SECOND_PATH}?ut=ticket"),
    ]
    assert first.body + second.body == VIDEO
    assert len(first.body) == api.HALF
    assert finalized.path == "/rest/videos?action=finalizeUpload"
    tags = ["/ambry-video/1", "/ambry-video/2"]
    content = {"video": api.VIDEO_ID, "uploadToken": "ticket", "uploadedPartIds": tags}
    assert finalized.json == {"finalizeUploadRequest": content}
    assert (posted.json["commentary"], posted.json["content"]) == ("Look", {"media": {"id": api.VIDEO_ID}})
    calls = (initialized, finalized, polled, posted)
    assert all(request.headers["authorization"] == f"Bearer {SECRET}" for request in calls)
    assert all(request.headers["linkedin-version"] for request in calls)
    assert pauses == []


def test_the_parts_are_sent_without_the_members_token(api, stub, publish_video):
    publish_video()
    parts = stub.received(api.PUT_FIRST) + stub.received(api.PUT_SECOND)
    assert len(parts) == 2
    assert not [part for part in parts if "authorization" in part.headers]


def test_a_video_is_polled_until_linkedin_has_processed_it(api, stub, with_video, pauses, publish):
    def sleep(seconds):
        pauses.append(seconds)
        api.set_state("AVAILABLE" if len(pauses) == 3 else "PROCESSING")

    network = api.network(sleep=sleep)
    api.set_state("WAITING_UPLOAD")
    assert isinstance(publish(network, with_video(network)), Published)
    assert pauses == [2, 2, 2]
    assert len(stub.received(api.POST)) == 1


def test_a_post_follows_at_once_if_the_token_may_not_read_the_state(api, stub, publish_video, pauses):
    stub.respond(api.STATUS, 403, {"message": "Not enough permissions to access: videos.GET", "status": 403})
    assert isinstance(publish_video(), Published)
    assert len(stub.received(api.STATUS)) == len(stub.received(api.POST)) == 1
    assert pauses == []


def test_an_expired_upload_is_sent_again(api, network, stub, with_video, publish):
    post = dataclasses.replace(with_video(network), attempt=2, upload_id="urn:li:video:old")
    assert isinstance(publish(network, post), Published)
    assert len(stub.received("GET /rest/videos/urn%3Ali%3Avideo%3Aold")) == len(stub.received(api.STATUS)) == 1
    assert stub.received(api.POST)[0].json["content"] == {"media": {"id": api.VIDEO_ID}}


@pytest.mark.parametrize(
    ("reason", "words"), [(f"Not {SECRET}\n please.", "video: Not ... please. It accepts"), (None, "no reason given")]
)
def test_a_failed_processing_is_refused_with_linkedins_reason(api, stub, publish_video, reason, words):
    api.set_state("PROCESSING_FAILED", processingFailureReason=reason)
    result = publish_video()
    assert isinstance(result, Refused)
    assert words in result.reason
    assert SECRET not in repr(result)
    assert stub.received(api.POST) == []


def test_a_rejected_finalization_is_refused_with_linkedins_message(api, stub, publish_video, monkeypatch):
    send = HttpClient.send

    def reject(client, method, url, **options):
        if (options.get("params") or {}).get("action") == "finalizeUpload":
            stub.respond(api.VIDEO_ACTION, 400, {"message": "A part is missing"})
        return send(client, method, url, **options)

    monkeypatch.setattr(HttpClient, "send", reject)
    result = publish_video()
    assert isinstance(result, Refused)
    assert "A part is missing" in result.reason
    assert stub.received(api.STATUS) + stub.received(api.POST) == []


def test_an_app_without_the_permission_for_videos_is_refused_with_linkedins_message(api, stub, publish_video):
    message = "Not enough permissions to access: partnerApiVideosExternal"
    stub.respond(api.VIDEO_ACTION, 403, {"message": message, "status": 403, "code": "ACCESS_DENIED"})
    result = publish_video()
    assert isinstance(result, Refused)
    assert message in result.reason


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
def test_no_part_is_sent_if_one_of_them_has_a_foreign_address(api, stub, publish_video, address):
    instructions = api.instructions(stub.url)
    instructions["value"]["uploadInstructions"][1]["uploadUrl"] = address
    stub.respond(api.VIDEO_ACTION, 200, instructions)
    result = publish_video()
    assert isinstance(result, Refused)
    assert "not its own" in result.reason
    assert len(stub.requests) == 1


def test_parts_are_sent_to_linkedins_own_hosts(api, stub, publish_video, monkeypatch):
    """The requests that would leave this machine are recorded, not sent."""
    recorded, send = [], HttpClient.send

    def record(client, method, url, **options):
        if method != "PUT":
            return send(client, method, url, **options)
        recorded.append(url)
        return Response(status=200, headers={"ETag": "1"}, body=b"", complete=True, message="OK")

    monkeypatch.setattr(HttpClient, "send", record)
    stub.respond(api.VIDEO_ACTION, 200, api.instructions("https://www.linkedin.com"))
    assert isinstance(publish_video(), Published)
    assert recorded == [f"https://www.linkedin.com{path}?ut=ticket" for path in (api.FIRST_PATH, api.SECOND_PATH)]


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
def test_instructions_for_less_than_the_whole_video_are_retried(api, stub, publish_video, changed):
    stub.respond(api.VIDEO_ACTION, 200, {"value": api.instructions(stub.url)["value"] | changed})
    assert isinstance(publish_video(), RetryLater)
    assert len(stub.requests) == 1


@pytest.mark.parametrize("step", [LinkedInApi.VIDEO_ACTION, LinkedInApi.PUT_SECOND, LinkedInApi.STATUS])
def test_an_empty_success_is_retried(api, stub, publish_video, step):
    stub.respond(step, 200, {})
    assert isinstance(publish_video(), RetryLater)
    assert stub.received(api.POST) == []


def test_a_video_has_at_least_75_kilobytes(network, media_store):
    media = ingest(media_store, VIDEO).model_copy(update={"size": 74_000})
    with pytest.raises(CannotAttach, match="has 74 kB; LinkedIn accepts none below 75 kB"):
        check_media([media], network.media_limits(ACCOUNT), "LinkedIn")
