"""The posting server's route: signatures, limits, and the response for each result."""

import base64
import json
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import anyio
import pytest
from starlette.applications import Starlette

from core.accounts.file import FileAccounts
from core.accounts.port import Account
from core.ledger.port import PlanChange
from core.media.intake import ingest
from core.outbox.sqlite import SqliteOutbox
from core.posts.payload import write_invocation
from core.publishing import server
from core.publishing.network import NetworkDependencies, RetryLater
from core.publishing.preparer import Preparer
from core.publishing.publisher import OccurrenceResult, Publisher
from core.publishing.registry import Networks
from core.publishing.server import prepare_route, publish_route
from core.publishing.server_messages import REQUEST_LIMIT
from core.time.instants import real_clock
from lambda_pkg.signature import signed_headers

SECRET = f"whsec_{base64.b64encode(b'a key that only tests know').decode()}"


@pytest.fixture
def networks(database, clock) -> dict[str, Any]:
    return dict(Networks(NetworkDependencies(outbox=SqliteOutbox(database), clock=clock)))


@pytest.fixture
def album(new_network, networks) -> Any:
    """Return a network to which pictures are uploaded before the post."""
    networks["album"] = album = new_network()
    album.uploaded = []
    album.upload = album.uploaded.append
    return album


@pytest.fixture
def application(tmp_path, fence, networks, media_store) -> Starlette:
    """Return an application with the routes, and an account in the album."""
    accounts = FileAccounts(tmp_path / "accounts.json")
    accounts.connect(Account(destination="album:ada", label="Ada"))
    publisher, preparer = Publisher(fence, accounts, networks), Preparer(accounts, networks, media_store)
    secrets = lambda: [SECRET]  # noqa: E731 - both routes read them
    return Starlette(routes=[publish_route(lambda: publisher, secrets), prepare_route(lambda: preparer, secrets)])


@pytest.fixture
def call(application) -> Callable[..., Any]:
    """POST a body with headers to the route, and return the status, the headers and the parsed JSON."""

    def post(body: bytes, headers: dict[str, str], *, method: str = "POST", path: str = "/publish") -> Any:
        return anyio.run(exchange, application, method, iter([body[:1000], body[1000:]]), headers, path)

    return post


async def exchange(
    application: Starlette, method: str, chunks: Iterator[bytes], headers: dict[str, str], path: str = "/publish"
) -> Any:
    """Send an ASGI request whose body comes in chunks."""
    sent: list[Any] = []

    async def receive() -> dict[str, Any]:
        chunk = next(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    async def send(message: Any) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "headers": raw}
    await application(scope, receive, send)
    received = {name.decode(): value.decode() for name, value in sent[0]["headers"]}
    body = b"".join(message["body"] for message in sent[1:])
    return sent[0]["status"], received, json.loads(body) if "json" in received["content-type"] else {}


@pytest.fixture
def body(a_post, payload_for) -> bytes:
    """Return the relay's request body for a post to the outbox."""
    return write_invocation(payload_for(a_post())).encode()


def signed(content: bytes, **changed: Any) -> dict[str, str]:
    """Return the headers that sign a body now, because verification reads the machine's clock."""
    arguments = {"message_id": "k3v9q2m4cx7a", "at": real_clock(), "body": content, "secrets": [SECRET]}
    return signed_headers(**{**arguments, **changed})


def test_a_signed_post_is_published_and_every_destination_has_a_result(call, body):
    status, _, content = call(body, signed(body))
    assert status == 200
    [result] = content["results"]
    assert (result["destination"], result["state"]) == ("outbox", "published")
    assert call(body, signed(body))[2] == content


def test_a_signed_request_to_prepare_uploads_and_publishes_nothing(
    call, album, a_post, payload_for, media_store, encoded_picture, ledger
):
    post = a_post(destinations=("album:ada",), media=(ingest(media_store, encoded_picture()),))
    body = write_invocation(payload_for(post)).encode()
    headers = signed(body, message_id=f"prepare:{post.post_id}")
    status, _, content = call(body, headers, path="/prepare")
    assert (status, content) == (200, {"uploaded": {"album:ada": True}})
    assert [len(publication.media) for publication in album.uploaded] == [1]
    assert (album.published, ledger.occurrence(post.post_id)) == ([], None)


@pytest.mark.parametrize(("path", "message_id"), [("/prepare", "k3v9q2m4cx7a"), ("/publish", "prepare:k3v9q2m4cx7a")])
def test_a_request_to_prepare_is_no_post_and_a_post_is_none(call, body, path, message_id, ledger):
    assert call(body, signed(body, message_id=message_id), path=path)[0] == 401
    assert ledger.history(after=None, limit=10) == []


@pytest.mark.parametrize("character", ["\x00", "\x0b", "\x1b", "\x7f", "\x9b"])
@pytest.mark.parametrize("member", ["text", "variants"])
def test_a_signed_post_with_a_control_character_is_refused_as_compose_does(
    call, a_post, payload_for, character, member
):
    text = f"Hello{character}"
    post = a_post(**{member: text if member == "text" else {"outbox": text}})
    body = write_invocation(payload_for(post)).encode()
    status, _, content = call(body, signed(body))
    assert status == 400
    assert f"U+{ord(character):04X} at position 6" in content["error"]
    assert "Delete it" in content["hint"]


def test_line_breaks_and_tabs_are_no_control_characters(call, a_post, payload_for):
    body = write_invocation(payload_for(a_post(text="One\r\ntwo\tthree"))).encode()
    assert call(body, signed(body))[0] == 200


def test_a_waiting_destination_makes_the_response_503_with_retry_after(call, body, networks, monkeypatch):
    later = RetryLater(reason="Too many requests.", retry_after=timedelta(seconds=6.2))
    monkeypatch.setattr(networks["outbox"], "publish", lambda _: later)
    status, headers, content = call(body, signed(body))
    assert (status, headers["retry-after"]) == (503, "7")
    assert content["results"][0]["state"] == "waiting"


@pytest.mark.parametrize(
    "changed",
    [
        {"secrets": ["whsec_QUJD"]},
        {"at": real_clock() - timedelta(hours=1)},
        {"at": real_clock() + timedelta(hours=1)},
        {"body": b"{}"},
        {"message_id": "another0post"},
    ],
)
def test_an_invalid_signature_is_refused_and_nothing_is_published(call, body, changed, ledger):
    status, _, content = call(body, signed(body, **changed))
    assert status == 401
    assert "signature is not valid" in content["error"]
    assert "signing secret" in content["hint"]
    assert ledger.occurrence("k3v9q2m4cx7a") is None


def test_an_unsigned_request_is_refused(call, body):
    assert call(body, {})[0] == 401


def test_a_signed_body_that_is_not_a_payload_is_refused(call):
    assert call(b"not JSON", signed(b"not JSON"))[0] == 400


@pytest.mark.parametrize(
    "changed",
    [
        {"destinations": [f"webhook:{number}" for number in range(9_000)]},
        {"revision": 2**63},
        {"late_after_minutes": 10**15},
        {"due_at": "9999-12-31T23:59:59Z"},
    ],
)
def test_a_signed_value_out_of_bounds_is_a_400_and_nothing_is_published(call, body, changed, ledger):
    content = json.dumps(json.loads(body) | changed).encode()
    status, _, answer = call(content, signed(content))
    assert status == 400
    assert next(iter(changed)) in answer["error"]
    assert ledger.occurrence("k3v9q2m4cx7a") is None


def test_a_body_above_the_limit_is_refused_even_if_signed(call):
    body = b"x" * (REQUEST_LIMIT + 1)
    assert call(body, signed(body))[0] == 413


def test_a_body_is_not_read_beyond_the_limit(application):
    chunks = iter([b"x" * 100_000] * 50)
    status, _, _ = anyio.run(exchange, application, "POST", chunks, {})
    assert status == 413
    unread = list(chunks)
    assert len(unread) > 40


def test_a_request_whose_client_disconnects_is_a_400(application):
    sent: list[Any] = []

    async def disconnect() -> None:
        messages = iter([{"type": "http.request", "body": b"{", "more_body": True}, {"type": "http.disconnect"}])

        async def receive() -> Any:
            return next(messages)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {"type": "http", "method": "POST", "path": "/publish", "query_string": b"", "headers": []}
        await application(scope, receive, send)

    anyio.run(disconnect)
    assert sent[0]["status"] == 400


def test_a_limited_number_of_posts_is_published_concurrently(a_post, payload_for, monkeypatch):
    monkeypatch.setattr(server, "MAX_CONCURRENT_POSTS", 2)
    running, counts = [], []

    class SlowPublisher:
        def publish(self, payload: Any) -> OccurrenceResult:
            running.append(payload)
            counts.append(len(running))
            time.sleep(0.2)
            running.remove(payload)
            return OccurrenceResult(results=())

    application = Starlette(routes=[publish_route(SlowPublisher, lambda: [SECRET])])

    async def send(number: int) -> None:
        payload = payload_for(a_post(post_id=f"{number:012d}"))
        content = write_invocation(payload).encode()
        headers = signed(content, message_id=payload.post_id)
        assert (await exchange(application, "POST", iter([content]), headers))[0] == 200

    async def burst() -> None:
        async with anyio.create_task_group() as group:
            for number in range(6):
                group.start_soon(send, number)

    anyio.run(burst)
    assert len(counts) == 6
    assert max(counts) == 2


def test_any_method_but_post_is_refused(call, body):
    assert call(body, signed(body), method="GET")[0] == 405


def test_the_response_for_a_cancelled_post_is_200_so_that_the_relay_does_not_retry(call, body, ledger, a_post, clock):
    post = ledger.plan(PlanChange(post=a_post(), schedule_name="x"), now=clock()).post
    ledger.change(
        PlanChange(post=post.model_copy(update={"revision": 2}), desired="cancelled", schedule_name=None), now=clock()
    )
    status, _, content = call(body, signed(body))
    assert (status, content["results"][0]["state"]) == (200, "superseded")


def test_a_zone_that_this_server_does_not_know_is_not_retried(call, body):
    unknown = body.replace(b"Europe/Berlin", b"Mars/Olympus")
    status, _, content = call(unknown, signed(unknown))
    assert status == 400
    assert "Mars/Olympus" in content["error"]
