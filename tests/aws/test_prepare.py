"""Media that the posting function uploads before a post is due, and publishes in another function instance."""

import dataclasses
import json
import threading
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image
from pydantic import SecretStr

from core.accounts.parameter_store import ParameterStoreAccounts
from core.accounts.port import Account
from core.backends.posting_function import build_posting_function
from core.media.intake import ingest
from core.media.s3 import S3Media
from core.posts.models import Media, Post, Repeat
from core.posts.payload import Payload, invocation_of, write_invocation
from lambda_pkg import handler
from lambda_pkg.clients import client
from lambda_pkg.relay import AttemptFailed
from lambda_pkg.settings import RelaySettings
from lambda_pkg.signature import signed_headers
from tests.aws.conftest import ACCOUNTS, KEY, FunctionUrl

DID = "did:plc:ada"
SECRET = f"whsec_{KEY}"


class RecordingPds:
    """A Bluesky server that records its procedures, and may be slow to answer the first upload."""

    def __init__(self) -> None:
        self.procedures: list[str] = []
        self.records: list[dict[str, Any]] = []

    def __call__(self, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        procedure = headers[":path"].rpartition(".")[2]
        self.procedures.append(procedure)
        content: dict[str, Any] = {"did": DID, "accessJwt": "token"}
        if procedure == "uploadBlob":
            size = len(body)
            ref = {"$link": f"bafkrei{size}"}
            content = {"blob": {"$type": "blob", "ref": ref, "mimeType": headers["content-type"], "size": size}}
        if procedure == "putRecord":
            self.records.append(json.loads(body)["record"])
            content = {"uri": f"at://{DID}/app.bsky.feed.post/1", "cid": "bafyrei"}
        return 200, {"content-type": "application/json"}, json.dumps(content).encode()

    @property
    def uploads(self) -> int:
        return self.procedures.count("uploadBlob")


class TwoInstances:
    """The URL of a function with two instances: one handles the uploads, the other the post."""

    def __init__(self, build: Callable[[], Any]) -> None:
        self.preparing, self.publishing = FunctionUrl(build()), FunctionUrl(build())
        self.prepared = threading.Event()

    def __call__(self, headers: dict[str, str], body: bytes) -> Any:
        if headers[":path"] != "/prepare":
            return self.publishing(headers, body)
        try:
            return self.preparing(headers, body)
        finally:
            self.prepared.set()


@pytest.fixture
def pds(function_variables: dict[str, str], clock: Any, serve: Any) -> RecordingPds:
    """Connect an account at a Bluesky server as `bluesky:ada.test`."""
    recording = RecordingPds()
    account = Account(
        destination="bluesky:ada.test",
        label="Ada",
        address=serve(recording).url.rstrip("/"),
        identity=DID,
        deduplicates=True,
        credentials={"password": SecretStr("app-password")},
    )
    ParameterStoreAccounts(client("ssm"), ACCOUNTS, clock).connect(account)
    return recording


@pytest.fixture
def pictures(function_variables: dict[str, str]) -> tuple[Media, ...]:
    """Store four pictures in S3."""
    media = S3Media(client("s3"), function_variables["MEDIA_BUCKET"])

    def store(colour: str) -> Media:
        file = BytesIO()
        Image.new("RGB", (40, 30), colour).save(file, "PNG")
        return ingest(media, file.getvalue(), alt=colour)

    return tuple(map(store, ("red", "green", "blue", "teal")))


@pytest.fixture
def instances(function_variables: dict[str, str], clock: Any) -> TwoInstances:
    return TwoInstances(lambda: build_posting_function(function_variables, clock))


@pytest.fixture
def settings(function_variables: dict[str, str], instances: TwoInstances, serve: Any) -> RelaySettings:
    url = serve(instances).url
    return RelaySettings(
        posting_url=url,
        prepare_url=f"{url}prepare",
        allowed_hosts=frozenset(),
        signing_secret_parameter=function_variables["SIGNING_SECRET_PARAMETER"],
        table_name="ledger",
        dead_letter_url=client("sqs").create_queue(QueueName="dead-letters")["QueueUrl"],
    )


@pytest.fixture
def invoke(settings: RelaySettings, clock: Any) -> Callable[..., Any]:
    return lambda event, **changes: handler.relay_event(
        event, dataclasses.replace(settings, **changes), clock=clock, sleep=clock.sleep
    )


@pytest.fixture
def planned(post: Any, pictures: tuple[Media, ...]) -> Any:
    """Return a post with four pictures that is due in a minute."""
    return post(destinations=("bluesky:ada.test",), media=pictures)


def test_pictures_are_uploaded_before_the_due_instant_and_the_post_goes_out_at_it(
    invoke, event, planned, pds, instances, clock, occurrence_outcome
):
    uploads_when_waiting: list[int] = []

    def wait_for_uploads() -> None:
        assert instances.prepared.wait(20)
        uploads_when_waiting.append(pds.uploads)

    clock.before_sleep = wait_for_uploads
    receipt = invoke(event(planned))
    assert uploads_when_waiting[0] == 4
    assert receipt["posted_at"] == f"{planned.due_at:%Y-%m-%dT%H:%M:%S}.000Z"
    assert (pds.uploads, pds.procedures.count("putRecord")) == (4, 1)
    assert [image["alt"] for image in pds.records[0]["embed"]["images"]] == ["red", "green", "blue", "teal"]
    assert occurrence_outcome().state == "published"


def test_the_relay_of_the_version_before_sends_the_post_alone(invoke, event, planned, pds, instances):
    assert invoke(event(planned), prepare_url=None)["kind"] == "handed_over"
    assert instances.preparing.responses == []
    assert (pds.uploads, len(pds.records)) == (4, 1)


@pytest.mark.parametrize(
    ("path", "message_id", "status"),
    [
        ("/prepare", "prepare:k3v9q2m4cx7a", 200),
        ("/prepare", "k3v9q2m4cx7a", 401),
        ("/", "prepare:k3v9q2m4cx7a", 401),
    ],
)
def test_no_request_to_prepare_is_valid_as_a_post_or_the_reverse(
    event, planned, pds, instances, clock, path, message_id, status
):
    body = json.dumps(event(planned)).encode()
    headers = signed_headers(message_id, clock(), body, [SECRET])
    assert instances({":path": path, **headers}, body)[0] == status
    assert pds.records == []
    assert pds.uploads == (4 if status == 200 else 0)


def run_of_a_series(post: Post) -> Payload:
    """Return a run of a series, due at the instant of a one-time post. Its schedule has no lead."""
    repeat = Repeat(expression="cron(0 9 * * ? *)")
    return invocation_of(post.model_copy(update={"due_at": None, "repeat": repeat}), post.due_at)


@pytest.mark.parametrize("payload_of", [lambda post: invocation_of(post, post.due_at), run_of_a_series])
def test_a_second_attempt_uploads_only_what_is_missing(invoke, planned, payload_of, pds, clock, monkeypatch):
    event = json.loads(write_invocation(payload_of(planned)))
    real, failures = RecordingPds.__call__, ["third"]

    def fail_third(self: RecordingPds, headers: dict[str, str], body: bytes) -> Any:
        if "uploadBlob" in headers[":path"] and self.uploads == 2 and failures:
            failures.pop()
            return 503, {"content-type": "application/json"}, b"{}"
        return real(self, headers, body)

    monkeypatch.setattr(RecordingPds, "__call__", fail_third)
    with pytest.raises(AttemptFailed):
        invoke(event, prepare_url=None)
    assert (pds.uploads, pds.records) == (2, [])
    clock.sleep(60)
    assert invoke(event, prepare_url=None)["kind"] == "handed_over"
    assert (pds.uploads, len(pds.records)) == (4, 1)
