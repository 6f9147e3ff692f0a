"""Uploads to X and LinkedIn: a failure leaves no doubt about the post, and no video is sent twice."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from core.media.intake import ingest
from core.publishing.attachments import CannotAttach, check_media
from core.publishing.network import Published, Refused, RetryLater, Unconfirmed
from tests.core.publishing.networks.upload_apis import SECRET, VIDEO, LinkedInApi, XApi


@dataclass(frozen=True, kw_only=True)
class Upload:
    """The upload of pictures or of a video to a network."""

    api: type[XApi] | type[LinkedInApi]
    pictures: int = 0
    """The number of pictures; 0 for a video."""
    steps: tuple[str, ...]
    """The requests of the upload."""
    interruptions: tuple[tuple[str, str], ...]
    """The request whose connection breaks, and the argument `when` of FaultyProxy.break_next."""
    resumable: frozenset[tuple[str, str]] = frozenset()
    """The interruptions after which the next attempt resumes the upload."""


UPLOADS = {
    "x-pictures": Upload(
        api=XApi,
        pictures=1,
        steps=(XApi.UPLOAD, XApi.DESCRIBE),
        interruptions=(
            *product([XApi.UPLOAD], ["before", "after", "during"]),
            *product([XApi.DESCRIBE], ["before", "after"]),
        ),
    ),
    "x-video": Upload(
        api=XApi,
        steps=(XApi.INITIALIZE, XApi.APPEND, XApi.FINALIZE, XApi.STATUS),
        interruptions=(
            *product([XApi.INITIALIZE, XApi.APPEND, XApi.FINALIZE, XApi.STATUS], ["before", "after"]),
            *product([XApi.INITIALIZE, XApi.FINALIZE, XApi.STATUS], ["during"]),
        ),
        resumable=frozenset({(XApi.FINALIZE, "during"), *product([XApi.STATUS], ["before", "after", "during"])}),
    ),
    "linkedin-pictures": Upload(
        api=LinkedInApi,
        pictures=2,
        steps=(LinkedInApi.INITIALIZE_IMAGE, LinkedInApi.PUT_IMAGE),
        interruptions=(
            *product([LinkedInApi.INITIALIZE_IMAGE, LinkedInApi.PUT_IMAGE], ["before", "after"]),
            (LinkedInApi.INITIALIZE_IMAGE, "during"),
        ),
    ),
    "linkedin-video": Upload(
        api=LinkedInApi,
        steps=(LinkedInApi.VIDEO_ACTION, LinkedInApi.PUT_FIRST, LinkedInApi.PUT_SECOND, LinkedInApi.STATUS),
        interruptions=(
            *product(
                ["initializeUpload", LinkedInApi.FIRST_PATH, LinkedInApi.SECOND_PATH, "finalizeUpload"],
                ["before", "after"],
            ),
            ("initializeUpload", "during"),
            *product([LinkedInApi.STATUS], ["before", "after", "during"]),
        ),
        resumable=frozenset(product([LinkedInApi.STATUS], ["before", "after", "during"])),
    ),
}
STATUSES_BY_RESULT = {Refused: (307, 400, 401, 403, 404, 413), RetryLater: (408, 429, 500)}
REJECTIONS = [
    (name, step, status, expected)
    for name, upload in UPLOADS.items()
    for step in upload.steps
    for expected, statuses in STATUSES_BY_RESULT.items()
    for status in statuses
    if (step, status) != (LinkedInApi.STATUS, 403)  # without that permission, the post follows at once
]
VIDEO_REQUEST_COUNTS = {
    "x-video": {XApi.INITIALIZE: 1, XApi.APPEND: 1, XApi.FINALIZE: 1, XApi.STATUS: 1, XApi.POST: 1},
    "linkedin-video": {
        LinkedInApi.VIDEO_ACTION: 2,
        LinkedInApi.PUT_FIRST: 1,
        LinkedInApi.PUT_SECOND: 1,
        LinkedInApi.STATUS: 2,
        LinkedInApi.POST: 1,
    },
}
"""The number of each request, if the first attempt ends during the processing of the video and the second publishes."""


@pytest.fixture
def new_api(stub, pauses) -> Callable[[str], Any]:
    """Build the API of an upload's network, which accepts every request."""
    return lambda name: UPLOADS[name].api(stub, pauses)


@pytest.fixture
def new_post(with_media, make_picture, media_store) -> Callable[..., Any]:
    """Build a publication with the pictures or the video of UPLOADS[name]."""

    def build(name, network):
        upload = UPLOADS[name]
        pictures = [make_picture(colour, "A red one") for colour in ("red", "blue")[: upload.pictures]]
        return with_media(network, upload.api.account, *(pictures or [ingest(media_store, VIDEO, alt="A film")]))

    return build


@pytest.fixture(params=VIDEO_REQUEST_COUNTS)
def video_name(request) -> str:
    return request.param


@pytest.fixture
def processing(stub, monkeypatch) -> Callable[[Any], None]:
    """Make a network process the video for a minute, which exceeds the time limit of an attempt."""

    def respond(api):
        if api.label == "X":
            stub.respond(api.FINALIZE, 200, api.video("pending", check_after_secs=60))
        else:
            monkeypatch.setattr("core.publishing.networks.linkedin.video.PAUSE_SECONDS", 60.0)
            api.set_state("PROCESSING")

    return respond


def finish_processing(api):
    if api.label == "LinkedIn":
        api.set_state("AVAILABLE")


@pytest.mark.parametrize(
    ("name", "broken_request", "when"),
    [(name, *each) for name, upload in UPLOADS.items() for each in upload.interruptions],
)
def test_an_interrupted_upload_is_retried_and_the_post_published_once(
    new_api, new_post, stub, faulty_proxy, publish, name, broken_request, when
):
    api, proxy = new_api(name), faulty_proxy(stub.url)
    network = api.network(proxy.url)
    post = new_post(name, network)
    proxy.break_next(when, request=broken_request)
    first = publish(network, post)
    assert isinstance(first, RetryLater)
    assert first.upload_id == (api.VIDEO_ID if (broken_request, when) in UPLOADS[name].resumable else None)
    assert stub.received(api.POST) == []
    second = dataclasses.replace(post, attempt=2, upload_id=first.upload_id)
    assert isinstance(publish(network, second), Published)
    assert len(stub.received(api.POST)) == 1


@pytest.mark.parametrize("name", UPLOADS)
@pytest.mark.parametrize(("when", "expected"), [("before", Unconfirmed), ("after", Unconfirmed), ("during", Published)])
def test_an_interrupted_post_with_media_is_not_retried(
    new_api, new_post, stub, faulty_proxy, publish, name, when, expected
):
    api, proxy = new_api(name), faulty_proxy(stub.url)
    network = api.network(proxy.url)
    proxy.break_next(when, request=api.POST)
    assert type(publish(network, new_post(name, network))) is expected
    assert len(stub.received(api.POST)) == (when != "before")


@pytest.mark.parametrize(("name", "step", "status", "expected"), REJECTIONS)
def test_a_rejected_upload_leaves_no_doubt_and_shows_no_secret(
    new_api, new_post, stub, publish, name, step, status, expected
):
    api = new_api(name)
    network = api.network()
    message = f"Not with {SECRET} here" + (f" at {step}?ut=ticket" if step.startswith("PUT") else "")
    stub.respond(step, status, {"title": "No", "detail": message})
    result = publish(network, new_post(name, network))
    assert type(result) is expected
    assert "Not with ... here" in result.reason or (step.startswith("PUT") and "it did not accept" in result.reason)
    assert SECRET not in repr(result)
    assert "ticket" not in repr(result)
    assert stub.received(api.POST) == []


@pytest.mark.parametrize("name", UPLOADS)
def test_an_upload_after_its_time_limit_sends_nothing(new_api, new_post, stub, publish, monkeypatch, name):
    api = new_api(name)
    network = api.network()
    monkeypatch.setattr(f"{type(network).__module__}.upload_seconds", lambda media: 0.0)
    assert isinstance(publish(network, new_post(name, network)), RetryLater)
    assert stub.requests == []


def test_a_video_in_processing_is_resumed_later_and_not_sent_again(
    new_api, new_post, stub, publish, pauses, processing, video_name
):
    api = new_api(video_name)
    network = api.network()
    processing(api)
    post = new_post(video_name, network)
    first = publish(network, post)
    retry_after = timedelta(minutes=1) if api.label == "X" else None
    reason = f"{api.label} is still processing the video."
    assert first == RetryLater(reason=reason, retry_after=retry_after, upload_id=api.VIDEO_ID)
    assert stub.received(api.POST) == pauses == []
    finish_processing(api)
    second = dataclasses.replace(post, attempt=2, upload_id=api.VIDEO_ID)
    assert isinstance(publish(network, second), Published)
    assert {
        request: len(stub.received(request)) for request in VIDEO_REQUEST_COUNTS[video_name]
    } == VIDEO_REQUEST_COUNTS[video_name]


def test_the_fence_passes_the_upload_to_the_next_attempt(
    new_api, stub, processing, fence, media_store, clock, a_post, payload_for, video_name
):
    api = new_api(video_name)
    network = api.network()
    processing(api)
    payload = payload_for(a_post(destinations=(api.account.destination,), media=(ingest(media_store, VIDEO),)))
    first = fence.publish_once(payload, api.account, network)
    assert first.state == "waiting"
    assert first.retry_after == (timedelta(minutes=1) if api.label == "X" else None)
    finish_processing(api)
    clock.move(minutes=1)
    states = [fence.publish_once(payload, api.account, network).state for _ in range(2)]
    assert states == ["published", "published"]
    assert {
        request: len(stub.received(request)) for request in VIDEO_REQUEST_COUNTS[video_name]
    } == VIDEO_REQUEST_COUNTS[video_name]


def test_a_post_after_a_rate_limit_reuses_its_video(new_api, new_post, stub, publish, video_name):
    api = new_api(video_name)
    network = api.network()
    stub.respond(api.POST, 429, {"title": "Too Many Requests"}, Retry_After="7")
    post = new_post(video_name, network)
    first = publish(network, post)
    assert (first.retry_after, first.upload_id) == (timedelta(seconds=7), api.VIDEO_ID)
    uploads = {step: len(stub.received(step)) for step in UPLOADS[video_name].steps if not step.startswith("GET")}
    api.accept_post()
    second = dataclasses.replace(post, attempt=2, upload_id=api.VIDEO_ID)
    assert isinstance(publish(network, second), Published)
    assert {step: len(stub.received(step)) for step in uploads} == uploads


def test_a_video_may_be_as_large_as_the_network_documents(new_api, media_store, video_name):
    api = new_api(video_name)
    limits = api.network().media_limits(api.account)
    documented = {"X": 8_000_000_000, "LinkedIn": 500_000_000}[api.label]
    media = ingest(media_store, VIDEO)
    check_media([media], limits, api.label)
    check_media([media.model_copy(update={"size": documented})], limits, api.label)
    with pytest.raises(CannotAttach, match=rf"MB; {api.label} accepts {documented // 10**6:,} MB"):
        check_media([media.model_copy(update={"size": documented + 1})], limits, api.label)


@pytest.fixture
def interrupted(new_api, new_post, stub, faulty_proxy, publish, monkeypatch, video_name):
    """Interrupt an upload before its second part; return the API, the network and the post for the next attempt."""
    monkeypatch.setattr("core.publishing.networks.x.video.SEGMENT_BYTES", 40_000)
    api, proxy = new_api(video_name), faulty_proxy(stub.url)
    network = api.network(proxy.url)
    post = new_post(video_name, network)
    proxy.break_next("before", request='name="segment_index"\r\n\r\n1' if api.label == "X" else api.SECOND_PATH)
    assert isinstance(publish(network, post), RetryLater)
    return api, network, dataclasses.replace(post, attempt=2)


def parts_received(api, stub):
    targets = [api.APPEND] if api.label == "X" else [api.PUT_FIRST, api.PUT_SECOND]
    return [request.body for target in targets for request in stub.received(target)]


def test_an_interrupted_video_continues_at_its_first_missing_part(interrupted, stub, publish):
    api, network, post = interrupted
    assert len(parts_received(api, stub)) == 1
    assert isinstance(publish(network, post), Published)
    received = parts_received(api, stub)
    assert len(received) == len(set(received)) == (3 if api.label == "X" else 2)
    assert len(stub.received(api.POST)) == 1


def test_a_video_begins_anew_if_the_network_has_forgotten_its_first_parts(interrupted, stub, publish):
    api, network, post = interrupted
    refused = []

    def forget_once(request):
        if not refused:
            refused.append(request)
            return 404, {}
        return 200, {"ETag": "/ambry-video/2"}

    stub.decide(api.APPEND if api.label == "X" else api.PUT_SECOND, forget_once)
    assert isinstance(publish(network, post), Published)
    begun = stub.received(api.INITIALIZE) if api.label == "X" else stub.received(api.VIDEO_ACTION)
    assert len(begun) == (2 if api.label == "X" else 3)  # LinkedIn's finalization has the same address
    assert len(stub.received(api.POST)) == 1
