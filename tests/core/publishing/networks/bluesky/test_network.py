"""Bluesky, on a fake server and on Bluesky's own, if it is installed."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from core.publishing.network import CannotConnect, PostingPermission, Published, Refused, RetryLater
from core.publishing.networks.bluesky.network import BlueskyNetwork, UnresolvedHandle
from core.publishing.networks.bluesky.record_key import new_record_key
from core.time.instants import real_clock

LOG_IN, PUT = "POST /xrpc/com.atproto.server.createSession", "POST /xrpc/com.atproto.repo.putRecord"


def test_connecting_verifies_the_login_and_keeps_the_did(network, pds_user):
    account = network.connect(pds_user.form | {"handle": f"@{pds_user.handle.upper()} "})
    assert account.destination == f"bluesky:{pds_user.handle}"
    assert account.identity == pds_user.did
    assert account.deduplicates
    assert network.check(account) == PostingPermission()


def test_a_wrong_app_password_is_refused_with_the_servers_message_and_without_the_password(network, pds_user):
    with pytest.raises(CannotConnect, match="Invalid identifier or password") as caught:
        network.connect(pds_user.form | {"password": "abcd-efgh-ijkl-mnop"})
    assert "abcd" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("handle", ["", "ada", "ada@example.org", "a b.test", "ada.test/x"])
def test_an_invalid_handle_is_refused_without_a_request(network, handle):
    with pytest.raises(CannotConnect, match="is not a handle"):
        network.connect({"handle": handle, "password": "abcd-efgh-ijkl-mnop", "server": "http://127.0.0.1:1"})


def test_a_post_is_published_under_the_prepared_key(network, pds_user, connect, publication, prepare):
    post = prepare(network, publication(connect()))
    result = network.publish(post)
    assert isinstance(result, Published)
    assert result.url == f"https://bsky.app/profile/{pds_user.did}/post/{post.prepared['key']}"
    (record,) = pds_user.posts()
    assert record["uri"].endswith(post.prepared["key"])
    assert record["value"]["text"] == "Grüße aus Köln 🎉"


def test_links_mentions_and_tags_work_after_emoji_and_umlauts(network, pds_user, connect, publication, publish):
    text = f"🎉 Grüße @{pds_user.handle}, @nobody.test: https://example.com/ü?q=1. #Köln"
    assert isinstance(publish(network, publication(connect(), text)), Published)
    (record,) = pds_user.posts()
    found = {}
    for facet in record["value"]["facets"]:
        range_text = text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        found[range_text] = {name: value for name, value in facet["features"][0].items() if name != "$type"}
    assert found == {
        f"@{pds_user.handle}": {"did": pds_user.did},
        "https://example.com/ü?q=1": {"uri": "https://example.com/ü?q=1"},
        "#Köln": {"tag": "Köln"},
    }


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_broken_connection_is_retried_and_leaves_one_post(
    network, pds_user, connect, publication, prepare, faulty_proxy, when
):
    proxy = faulty_proxy(pds_user.server)
    post = prepare(network, publication(connect(proxy.url)))
    proxy.break_next(when, request="putRecord")
    first = network.publish(post)
    assert isinstance(first, RetryLater)
    second = dataclasses.replace(post, attempt=2)
    assert isinstance(network.publish(second), Published)
    assert isinstance(network.publish(second), Published)
    assert len(pds_user.posts()) == 1


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_login_with_a_broken_connection_is_retried(pds_user, connect, publication, prepare, faulty_proxy, when):
    proxy = faulty_proxy(pds_user.server)
    account = connect(proxy.url)
    network = BlueskyNetwork(real_clock)  # without the session of the account
    post = prepare(network, publication(account))
    proxy.break_next(when, request="createSession")
    assert isinstance(network.publish(post), RetryLater)
    assert pds_user.posts() == []
    assert isinstance(network.publish(post), Published)


def test_another_record_under_the_same_key_never_edits_the_post(network, pds_user, connect, publication, prepare):
    """An older version made the record at each attempt, and a mention could resolve at the second attempt only."""
    first = prepare(network, publication(connect(), "first #tag"))
    assert isinstance(network.publish(first), Published)
    other = first.prepared | {"record": first.prepared["record"] | {"facets": []}}
    result = network.publish(dataclasses.replace(first, prepared=other, attempt=2))
    assert isinstance(result, Published)
    assert result.at.isoformat(timespec="seconds")[:19] == first.prepared["record"]["createdAt"][:19]
    (record,) = pds_user.posts()
    assert record["value"]["facets"]


def test_the_key_of_another_post_refuses_the_post_and_keeps_the_other(network, pds_user, connect, publication, prepare):
    account = connect()
    first, second = (prepare(network, publication(account, text)) for text in ("first", "second"))
    network.publish(first)
    taken = dataclasses.replace(second, prepared=second.prepared | {"key": first.prepared["key"]})
    assert isinstance(network.publish(taken), Refused)
    assert [record["value"]["text"] for record in pds_user.posts()] == ["first"]


def test_simultaneous_attempts_make_one_post(network, pds_user, connect, publication, prepare):
    post = prepare(network, publication(connect()))
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(network.publish, [post] * 16))
    assert all(isinstance(result, Published | RetryLater) for result in results)
    assert any(isinstance(result, Published) for result in results)
    assert len(pds_user.posts()) == 1


def test_an_ended_session_is_replaced_and_the_post_is_published(network, pds_user, connect, publication, publish):
    account = connect()
    publish(network, publication(account))
    for login, session in list(network._sessions.items()):  # as if its two hours had passed
        network._sessions[login] = dataclasses.replace(session, token="ended")
    assert isinstance(publish(network, publication(account, "second")), Published)
    assert len(pds_user.posts()) == 2


def test_a_check_notices_a_revoked_app_password_in_spite_of_a_valid_session(
    network, pds, new_pds_user, publication, publish
):
    user = new_pds_user(pds)
    account = network.connect(user.form)
    user.revoke_app_password()
    assert "Invalid identifier or password" in network.check(account).problem
    result = publish(BlueskyNetwork(real_clock), publication(account))
    assert isinstance(result, Refused)
    assert "Connect the account again" in result.reason
    assert user.password not in result.reason


def test_a_text_above_the_limit_is_refused_with_the_servers_message(network, connect, publication, publish):
    result = publish(network, publication(connect(), "x" * 3001))
    assert isinstance(result, Refused)
    assert "too big" in result.reason


def test_an_unreachable_server_is_retried(network, connect, publication, publish):
    account = connect().model_copy(update={"address": "http://127.0.0.1:9"})
    assert isinstance(publish(network, publication(account)), RetryLater)
    assert "could not be reached" in network.check(account).problem


def test_preparing_fails_while_a_mention_cannot_be_resolved(network, pds_user, connect, publication, faulty_proxy):
    proxy = faulty_proxy(pds_user.server)
    account = connect(proxy.url)
    proxy.break_next("before", request="resolveHandle")
    with pytest.raises(UnresolvedHandle):
        network.prepare(publication(account, f"hello @{pds_user.handle}"))


@pytest.mark.parametrize(
    "document",
    [
        {"service": None},
        {"service": "https://pds.example"},
        {"service": ["https://pds.example", None]},
        {"service": [{"id": "#atproto_pds", "serviceEndpoint": None}]},
        {"service": {"id": "#atproto_pds"}},
        [],
        None,
    ],
)
def test_an_unusable_identity_document_leaves_the_server_of_the_login(stub, document):
    stub.respond(LOG_IN, 200, {"did": "did:plc:1", "accessJwt": "token", "didDoc": document})
    network = BlueskyNetwork(real_clock, entryway=stub.url)
    account = network.connect({"handle": "ada.test", "password": "password"})
    assert network.check(account) == PostingPermission()
    assert {request.target for request in stub.requests} == {LOG_IN, "GET /xrpc/com.atproto.server.describeServer"}


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_lost_login_leaves_no_doubt_about_the_post(pds_user, faulty_proxy, publication, prepare, when):
    proxy = faulty_proxy(pds_user.server)
    account = BlueskyNetwork(real_clock).connect(pds_user.form | {"server": proxy.url})
    network = BlueskyNetwork(real_clock)
    post = prepare(network, publication(account))
    proxy.break_next(when, request="createSession")
    result = network.publish(post)
    assert isinstance(result, RetryLater)
    assert not result.in_doubt


def test_an_error_of_the_login_leaves_no_doubt_about_the_post(stub, publication, prepare):
    stub.respond(LOG_IN, 200, {"did": "did:plc:1", "accessJwt": "token"})
    account = BlueskyNetwork(real_clock, entryway=stub.url).connect({"handle": "ada.test", "password": "password"})
    network = BlueskyNetwork(real_clock, entryway=stub.url)
    stub.respond(LOG_IN, 502, "<html>Bad gateway</html>")
    result = network.publish(prepare(network, publication(account)))
    assert isinstance(result, RetryLater)
    assert not result.in_doubt


def test_a_login_at_bluesky_follows_the_server_that_the_identity_names(stub, publication, publish, pds_user):
    document = {"service": [{"id": "#atproto_pds", "serviceEndpoint": pds_user.server}]}
    credentials = {"identifier": pds_user.handle, "password": pds_user.password}
    url = f"{pds_user.server}/xrpc/com.atproto.server.createSession"
    session = requests.post(url, json=credentials, timeout=10).json()
    stub.respond(LOG_IN, 200, session | {"didDoc": document})
    network = BlueskyNetwork(real_clock, entryway=stub.url)
    account = network.connect({"handle": pds_user.handle, "password": pds_user.password})
    assert isinstance(publish(network, publication(account)), Published)
    assert len(pds_user.posts()) == 1


@pytest.mark.parametrize(
    ("status", "error", "expected"),
    [
        (429, "RateLimitExceeded", RetryLater),
        (500, "InternalServerError", RetryLater),
        (400, "InvalidRequest", Refused),
    ],
)
def test_the_response_decides_the_result(network, stub, connect_to_stub, publication, publish, status, error, expected):
    reset = str(int(real_clock().timestamp()) + 90)
    stub.respond(PUT, status, {"error": error, "message": "some words"}, RateLimit_Reset=reset)
    result = publish(network, publication(connect_to_stub()))
    assert isinstance(result, expected)
    assert "some words" in result.reason
    if status == 429:
        assert timedelta(seconds=80) < result.retry_after <= timedelta(seconds=90)
    assert stub.received(PUT)[0].json["swapRecord"] is None


@pytest.mark.parametrize(
    ("text", "count", "unit", "excess"),
    [
        ("a" * 300, 300, "characters", 0),
        ("a" * 301, 301, "characters", 1),
        ("👨‍👩‍👧‍👦" * 100, 2500, "bytes", 0),
        ("👨‍👩‍👧‍👦" * 121, 3025, "bytes", 25),
        ("ü" * 300, 300, "characters", 0),
    ],
)
def test_the_tighter_limit_of_graphemes_and_bytes_counts(network, text, count, unit, excess):
    length = network.measure(text, None)
    assert (length.count, length.unit, length.excess) == (count, unit, excess)


def test_keys_sort_by_time_and_differ_within_one_instant():
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    keys = {new_record_key(now) for _ in range(200)}
    assert len(keys) > 190
    assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys)
    assert max(keys) < new_record_key(now + timedelta(milliseconds=2))
