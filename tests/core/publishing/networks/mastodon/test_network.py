"""Mastodon, on mastodon_mock, a third-party server, and behind a proxy that breaks connections."""

import dataclasses
import secrets
from datetime import timedelta

import pytest

from core.publishing.network import CannotConnect, PostingPermission, Published, Refused, RetryLater
from core.publishing.networks.mastodon.text_length import text_length
from core.time.instants import real_clock

POST = "POST /api/v1/statuses"


@pytest.fixture
def text() -> str:
    """Return a text that no other test posts."""
    return f"Grüße 🎉 @nobody@example.org https://example.com/ü?q=1&r=<2> #Köln\n\n{secrets.token_hex(8)}"


def attempt(publication, number):
    return dataclasses.replace(publication, attempt=number)


def test_connecting_reads_the_user_and_the_limits_of_the_instance(network, account, mastodon_server):
    assert account.destination == f"mastodon:testuser@{mastodon_server.removeprefix('http://')}"
    assert account.limits.items() >= {"characters": 500, "url": 23}.items()
    assert account.deduplicates
    assert network.check(account) == PostingPermission()


@pytest.mark.parametrize(
    ("version", "count"),
    [
        ("4.3.0", 23),
        ("10.1.0+glitch", 23),
        ("0.17.3 git-1234", 600),
        ("4.2.1 (compatible; Pleroma 2.5.0)", 600),
        (None, 600),
    ],
)
def test_a_server_that_is_not_mastodon_counts_links_in_full(network, stub, listed, version, count):
    stub.respond("GET /api/v1/accounts/verify_credentials", 200, {"id": "1", "username": "ada"})
    stub.respond("GET /api/v1/accounts/1/statuses", 200, [])
    stub.respond("PUT /api/v1/statuses/0", 404, {})
    stub.respond("GET /api/v2/instance", 200, {"version": version} if version else {})
    account = network.connect({"server": stub.url, "token": "token"})
    assert network.measure("https://example.com/" + "a" * 580, account).count == count
    assert network.measure("👨‍👩‍👧‍👦", account).count == (1 if count == 23 else 7)


def test_a_wrong_token_is_refused_with_the_servers_message_and_without_the_token(network, mastodon_server):
    with pytest.raises(CannotConnect, match="authenticated user") as caught:
        network.connect({"server": mastodon_server, "token": "s3cret-token"})
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"


def test_a_server_without_mastodons_api_is_refused(network, stub):
    stub.respond("GET /api/v1/accounts/verify_credentials", 200, "<html>Welcome</html>")
    with pytest.raises(CannotConnect, match="does not offer Mastodon"):
        network.connect({"server": stub.url, "token": "token"})


def test_a_token_that_cannot_read_statuses_is_refused(network, stub):
    stub.respond("GET /api/v1/accounts/verify_credentials", 200, {"id": "1", "username": "ada"})
    stub.respond("GET /api/v1/accounts/1/statuses", 403, {"error": "This action is outside the authorized scopes"})
    with pytest.raises(CannotConnect, match="outside the authorized scopes"):
        network.connect({"server": stub.url, "token": "token"})


def test_a_post_is_published_and_its_link_returned(network, account, publication, publish, text, statuses):
    result = publish(network, publication(account, text))
    assert isinstance(result, Published)
    assert result.url.startswith("http://localhost")
    assert len(statuses(text)) == 1


@pytest.mark.parametrize("ignores_keys", [False, True])
@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_broken_connection_leaves_one_status(
    network, account_at, publication, prepare, text, statuses, faulty_proxy, mastodon_server, when, ignores_keys
):
    """Also if the server ignores the Idempotency-Key."""
    proxy = faulty_proxy(mastodon_server)
    proxy.dropped_header = "idempotency-key" if ignores_keys else None
    post = prepare(network, publication(account_at(proxy.url), text))
    proxy.break_next(when, request="POST")
    assert isinstance(network.publish(post), RetryLater)
    assert isinstance(network.publish(attempt(post, 2)), Published)
    assert isinstance(network.publish(attempt(post, 3)), Published)
    assert len(statuses(text)) == 1


@pytest.mark.parametrize("changed", [{"address": "http://example.org"}, {"address": None}, {"identity": None}])
def test_an_incomplete_account_sends_its_token_nowhere(network, account, publication, publish, changed):
    result = publish(network, publication(account.model_copy(update=changed)))
    assert isinstance(result, Refused)
    assert "incomplete" in result.reason


def test_all_attempts_send_the_same_key_and_other_accounts_another(network, stub, stub_account, publication, prepare):
    stub.respond(POST, 200, {"id": "1", "url": "https://example.social/@ada/1"})
    other = stub_account.model_copy(update={"destination": "mastodon:eve@example.social"})
    post = prepare(network, publication(stub_account))
    other_post = prepare(network, publication(other, occurrence_key=post.occurrence_key))
    for each in (post, attempt(post, 2), other_post):
        assert network.publish(each).url == "https://example.social/@ada/1"
    keys = [request.headers["idempotency-key"] for request in stub.received(POST)]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("status", "body", "expected", "words"),
    [
        (422, {"error": "Validation failed: Text character limit of 500 exceeded"}, Refused, "limit of 500"),
        (400, {"error": "Bad Request: status too long"}, Refused, "too long"),  # from GoToSocial
        (401, {"error": "The access token is invalid"}, Refused, "Connect the account again"),
        (403, {"error": "Your login is currently disabled"}, Refused, "disabled"),
        (302, "", Refused, "address has changed"),
        (500, "<html>Oops</html>", RetryLater, "Internal Server Error"),
        (503, {"error": "There was a temporary problem"}, RetryLater, "temporary"),
        (200, "<html>Welcome to our Wi-Fi</html>", RetryLater, "incomplete"),
    ],
)
def test_the_response_decides_the_result(
    network, stub, stub_account, publication, publish, status, body, expected, words
):
    stub.respond(POST, status, body)
    result = publish(network, publication(stub_account))
    assert isinstance(result, expected)
    assert words in result.reason
    assert "mock_token" not in result.reason


def test_the_end_of_a_rate_limit_delays_the_next_attempt(network, stub, stub_account, publication, publish):
    reset = (real_clock() + timedelta(seconds=120)).isoformat()
    stub.respond(POST, 429, {"error": "Too many requests"}, X_RateLimit_Reset=reset)
    result = publish(network, publication(stub_account))
    assert isinstance(result, RetryLater)
    assert timedelta(seconds=100) < result.retry_after <= timedelta(seconds=120)


def test_an_unsafe_link_is_not_shown(network, stub, stub_account, publication, publish):
    stub.respond(POST, 200, {"id": "1", "url": "javascript:alert(1)"})
    assert publish(network, publication(stub_account)).url is None


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("https://example.com/" + "a" * 500, 23),
        ("see https://example.com/a.", 28),
        ("example.com", 11),
        ("http://localhost/a", 18),
        ("@ada@example.social hi", 7),
        ("👨‍👩‍👧‍👦🇩🇪é", 3),
    ],
)
def test_links_have_a_fixed_length_and_mentions_count_without_their_server(text, count):
    assert text_length(text, 23) == count
