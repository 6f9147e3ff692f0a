"""Bluesky, against a stand-in and, where it is installed, against Bluesky's own server."""

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests

from core.publishing.network import CannotConnect, Published, Refused, RetryLater
from core.publishing.networks.bluesky.network import BlueskyNetwork, UnresolvedHandle, new_record_key
from core.time.instants import real_clock


@pytest.fixture
def network() -> BlueskyNetwork:
    return BlueskyNetwork(real_clock)


def connect(network, pds_user, server=None):
    answers = {
        "handle": f"@{pds_user.handle.upper()} ",
        "password": pds_user.password,
        "server": server or pds_user.server,
    }
    return network.connect(answers)


def prepared(network, publication):
    return dataclasses.replace(publication, prepared=network.prepare(publication))


def test_connecting_tells_who_you_are_and_keeps_the_did(network, pds_user):
    account = connect(network, pds_user)
    assert account.destination == f"bluesky:{pds_user.handle}"
    assert account.identity == pds_user.did
    assert account.deduplicates
    assert network.check(account) is None


def test_a_wrong_app_password_is_refused_with_the_servers_words_and_without_the_password(network, pds_user):
    answers = {"handle": pds_user.handle, "password": "abcd-efgh-ijkl-mnop", "server": pds_user.server}
    with pytest.raises(CannotConnect, match="Invalid identifier or password") as caught:
        network.connect(answers)
    assert "abcd" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize("handle", ["", "ada", "ada@example.org", "a b.test", "ada.test/x"])
def test_what_is_not_a_handle_is_refused_before_anyone_is_asked(network, handle):
    with pytest.raises(CannotConnect, match="is not a handle"):
        network.connect({"handle": handle, "password": "abcd-efgh-ijkl-mnop", "server": "http://127.0.0.1:1"})


def test_a_post_is_published_under_the_link_that_was_known_before(network, pds_user, publication):
    ready = prepared(network, publication(connect(network, pds_user)))
    result = network.publish(ready)
    assert isinstance(result, Published)
    assert result.url == f"https://bsky.app/profile/{pds_user.did}/post/{ready.prepared['key']}"
    (post,) = pds_user.posts()
    assert post["uri"].endswith(ready.prepared["key"])
    assert post["value"]["text"] == "Grüße aus Köln 🎉"


def test_links_mentions_and_tags_work_where_emoji_and_umlauts_stand_before_them(network, pds_user, publication):
    text = f"🎉 Grüße @{pds_user.handle}, @nobody.test: https://example.com/ü?q=1. #Köln"
    assert isinstance(network.publish(prepared(network, publication(connect(network, pds_user), text))), Published)
    (post,) = pds_user.posts()
    found = {}
    for facet in post["value"]["facets"]:
        stretch = text.encode()[facet["index"]["byteStart"] : facet["index"]["byteEnd"]].decode()
        found[stretch] = {k: v for k, v in facet["features"][0].items() if k != "$type"}
    assert found == {
        f"@{pds_user.handle}": {"did": pds_user.did},
        "https://example.com/ü?q=1": {"uri": "https://example.com/ü?q=1"},
        "#Köln": {"tag": "Köln"},
    }


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_connection_that_breaks_is_tried_again_and_leaves_one_post(network, pds_user, publication, faulty_proxy, when):
    line = faulty_proxy(pds_user.server)
    ready = prepared(network, publication(connect(network, pds_user, line.url)))
    line.break_next(when, what="putRecord")
    first = network.publish(ready)
    assert isinstance(first, RetryLater)
    again = dataclasses.replace(ready, attempt=2)
    assert isinstance(network.publish(again), Published)
    assert isinstance(network.publish(again), Published)
    assert len(pds_user.posts()) == 1


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_connection_that_breaks_while_logging_in_is_tried_again(pds_user, publication, faulty_proxy, when):
    line = faulty_proxy(pds_user.server)
    account = connect(BlueskyNetwork(real_clock), pds_user, line.url)
    network = BlueskyNetwork(real_clock)
    ready = prepared(network, publication(account))
    line.break_next(when, what="createSession")
    assert isinstance(network.publish(ready), RetryLater)
    assert pds_user.posts() == []
    assert isinstance(network.publish(ready), Published)


def test_another_record_under_the_same_key_never_edits_the_post(network, pds_user, publication):
    """As when a mention resolves at the second attempt only, in an older version that made the record then."""
    first = prepared(network, publication(connect(network, pds_user), "first #tag"))
    assert isinstance(network.publish(first), Published)
    other = first.prepared | {"record": first.prepared["record"] | {"facets": []}}
    result = network.publish(dataclasses.replace(first, prepared=other, attempt=2))
    assert isinstance(result, Published)
    assert result.at.isoformat(timespec="seconds")[:19] == first.prepared["record"]["createdAt"][:19]
    (post,) = pds_user.posts()
    assert post["value"]["facets"]


def test_a_key_that_another_post_has_refuses_the_post_and_leaves_the_other(network, pds_user, publication):
    account = connect(network, pds_user)
    first, second = (prepared(network, publication(account, text)) for text in ("first", "second"))
    network.publish(first)
    taken = dataclasses.replace(second, prepared=second.prepared | {"key": first.prepared["key"]})
    assert isinstance(network.publish(taken), Refused)
    assert [post["value"]["text"] for post in pds_user.posts()] == ["first"]


def test_many_attempts_at_the_same_moment_make_one_post(network, pds_user, publication):
    ready = prepared(network, publication(connect(network, pds_user)))
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(network.publish, [ready] * 16))
    assert all(isinstance(result, Published | RetryLater) for result in results)
    assert any(isinstance(result, Published) for result in results)
    assert len(pds_user.posts()) == 1


def test_a_session_that_ended_is_replaced_and_the_post_goes_out(network, pds_user, publication):
    account = connect(network, pds_user)
    ready = prepared(network, publication(account))
    network.publish(ready)
    kept = network._sessions  # a session ends by itself after two hours; here it is ended by hand
    for login, session in list(kept.items()):
        kept[login] = dataclasses.replace(session, token="ended")
    assert isinstance(network.publish(prepared(network, publication(account, "second"))), Published)
    assert len(pds_user.posts()) == 2


def test_a_revoked_app_password_is_noticed_by_a_check_though_its_session_still_holds(network, pds_user, publication):
    account = connect(network, pds_user)
    pds_user.revoke()
    assert "Invalid identifier or password" in network.check(account)
    fresh = BlueskyNetwork(real_clock)
    result = fresh.publish(prepared(fresh, publication(account)))
    assert isinstance(result, Refused)
    assert "Connect the account again" in result.reason
    assert pds_user.password not in result.reason


def test_a_text_that_is_too_long_is_refused_in_the_servers_words(network, pds_user, publication):
    result = network.publish(prepared(network, publication(connect(network, pds_user), "x" * 3001)))
    assert isinstance(result, Refused)
    assert "too big" in result.reason


def test_a_server_that_is_away_is_tried_again(network, pds_user, publication):
    account = connect(network, pds_user).model_copy(update={"address": "http://127.0.0.1:9"})
    assert isinstance(network.publish(prepared(network, publication(account))), RetryLater)
    assert "could not be reached" in network.check(account)


def test_nothing_is_claimed_while_nobody_can_say_who_is_mentioned(network, pds_user, publication, faulty_proxy):
    line = faulty_proxy(pds_user.server)
    account = connect(network, pds_user, line.url)
    line.break_next("before", what="resolveHandle")
    with pytest.raises(UnresolvedHandle):
        network.prepare(publication(account, f"hello @{pds_user.handle}"))


def test_the_server_that_the_identity_names_is_followed_from_bluesky_itself(stub, publication, pds_user):
    document = {"service": [{"id": "#atproto_pds", "serviceEndpoint": pds_user.server}]}
    own = requests.post(
        f"{pds_user.server}/xrpc/com.atproto.server.createSession",
        json={"identifier": pds_user.handle, "password": pds_user.password},
        timeout=10,
    ).json()
    stub.answer("POST /xrpc/com.atproto.server.createSession", 200, own | {"didDoc": document})
    network = BlueskyNetwork(real_clock, entryway=stub.url)
    account = network.connect({"handle": pds_user.handle, "password": pds_user.password})
    assert isinstance(network.publish(prepared(network, publication(account))), Published)
    assert len(pds_user.posts()) == 1


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [(429, "RateLimitExceeded", RetryLater), (500, "InternalServerError", RetryLater), (400, "InvalidRequest", Refused)],
)
def test_what_the_server_says_decides(stub, publication, status, error, kind):
    session = {"did": "did:plc:abc", "handle": "ada.test", "accessJwt": "token"}
    stub.answer("POST /xrpc/com.atproto.server.createSession", 200, session)
    reset = str(int(real_clock().timestamp()) + 90)
    said = {"error": error, "message": "some words"}
    stub.answer("POST /xrpc/com.atproto.repo.putRecord", status, said, RateLimit_Reset=reset)
    network = BlueskyNetwork(real_clock)
    account = network.connect({"handle": "ada.test", "password": "abcd-efgh", "server": stub.url})
    result = network.publish(prepared(network, publication(account)))
    assert isinstance(result, kind)
    assert "some words" in result.reason
    if status == 429:
        assert timedelta(seconds=80) < result.retry_after <= timedelta(seconds=90)
    assert stub.sent("POST /xrpc/com.atproto.repo.putRecord")[0].json["swapRecord"] is None


@pytest.mark.parametrize(
    ("text", "count", "unit", "over"),
    [
        ("a" * 300, 300, "characters", 0),
        ("a" * 301, 301, "characters", 1),
        ("👨‍👩‍👧‍👦" * 100, 2500, "bytes", 0),
        ("👨‍👩‍👧‍👦" * 121, 3025, "bytes", 25),
        ("ü" * 300, 300, "characters", 0),
    ],
)
def test_graphemes_and_bytes_are_counted_and_the_tighter_of_the_two_is_shown(network, text, count, unit, over):
    length = network.measure(text, None)
    assert (length.count, length.unit, length.excess) == (count, unit, over)


def test_keys_sort_by_time_and_differ_within_one_instant():
    now = datetime(2026, 11, 24, 8, tzinfo=UTC)
    keys = {new_record_key(now) for _ in range(200)}
    assert len(keys) > 190
    assert all(len(key) == 13 and key[0] in "234567abcdefghij" for key in keys)
    assert max(keys) < new_record_key(now + timedelta(milliseconds=2))
