"""Mastodon, against a server that others wrote (mastodon_mock), behind a line that breaks."""

import dataclasses
import secrets
from datetime import timedelta

import pytest
import requests

from core.publishing.network import CannotConnect, Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.mastodon.text_length import text_length
from core.time.instants import real_clock


@pytest.fixture
def network() -> MastodonNetwork:
    return MastodonNetwork(real_clock, sleep=lambda seconds: None)


@pytest.fixture
def account(network, mastodon_server):
    return network.connect({"server": mastodon_server, "token": "mock_token"})


@pytest.fixture
def text() -> str:
    """A text that no other test posts."""
    return f"Grüße 🎉 @nobody@example.org https://example.com/ü?q=1&r=<2> #Köln\n\n{secrets.token_hex(8)}"


@pytest.fixture
def statuses(mastodon_server, account):
    """How often a text stands on the account's page."""

    def count(text: str) -> int:
        headers = {"Authorization": "Bearer mock_token"}
        place = f"{mastodon_server}/api/v1/accounts/{account.identity}/statuses"
        listed = requests.get(place, params={"limit": 40}, headers=headers, timeout=10).json()
        return sum(text.split()[-1] in status["content"] for status in listed)

    return count


def first(network, publication):
    return dataclasses.replace(publication, prepared=network.prepare(publication))


def later(publication, attempt=2):
    return dataclasses.replace(publication, attempt=attempt)


def test_connecting_reads_who_you_are_and_the_limits_of_the_instance(network, account, mastodon_server):
    assert account.destination == f"mastodon:testuser@{mastodon_server.removeprefix('http://')}"
    assert account.limits.items() >= {"characters": 500, "url": 23}.items()
    assert account.deduplicates
    assert network.check(account) is None


def test_a_wrong_token_is_refused_with_the_servers_words_and_without_the_token(network, mastodon_server):
    with pytest.raises(CannotConnect, match="authenticated user") as caught:
        network.connect({"server": mastodon_server, "token": "s3cret-token"})
    assert "s3cret" not in f"{caught.value} {caught.value.hint}"


def test_a_server_that_is_something_else_is_refused(network, stub):
    stub.answer("GET /api/v1/accounts/verify_credentials", 200, "<html>Welcome</html>")
    with pytest.raises(CannotConnect, match="does not offer Mastodon"):
        network.connect({"server": stub.url, "token": "token"})


def test_a_token_that_may_not_read_statuses_is_refused_since_nothing_could_be_looked_for(network, stub):
    stub.answer("GET /api/v1/accounts/verify_credentials", 200, {"id": "1", "username": "ada"})
    stub.answer("GET /api/v1/accounts/1/statuses", 403, {"error": "This action is outside the authorized scopes"})
    with pytest.raises(CannotConnect, match="outside the authorized scopes"):
        network.connect({"server": stub.url, "token": "token"})


def test_a_post_is_published_and_its_link_returned(network, account, publication, text, statuses):
    result = network.publish(first(network, publication(account, text)))
    assert isinstance(result, Published)
    assert result.url.startswith("http://localhost")
    assert statuses(text) == 1


@pytest.mark.parametrize("ignores_keys", [False, True])
@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_connection_that_breaks_leaves_one_status(
    network, account, publication, text, statuses, faulty_proxy, mastodon_server, when, ignores_keys
):
    """Also on a server that pays no heed to the Idempotency-Key."""
    line = faulty_proxy(mastodon_server)
    line.dropped_header = "idempotency-key" if ignores_keys else None
    post = first(network, publication(account.model_copy(update={"address": line.url}), text))
    line.break_next(when, what="POST")
    assert isinstance(network.publish(post), RetryLater)
    assert isinstance(network.publish(later(post)), Published)
    assert isinstance(network.publish(later(post, 3)), Published)
    assert statuses(text) == 1


def test_a_status_that_was_found_is_told_with_its_own_link_and_time(network, account, publication, text):
    post = first(network, publication(account, text))
    published = network.publish(post)
    found = network.publish(later(post))
    assert found.url == published.url
    assert abs(found.at - published.at) < timedelta(seconds=30)


def test_the_same_text_of_an_earlier_day_is_not_taken_for_this_post(network, account, publication, text, statuses):
    network.publish(first(network, publication(account, text)))
    tomorrow = (real_clock() + timedelta(days=1)).isoformat()
    post = publication(account, text, occurrence_key="another", prepared={"since": tomorrow}, attempt=2)
    assert isinstance(network.publish(post), Published)
    assert statuses(text) == 2


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_nothing_is_posted_while_the_look_for_an_earlier_attempt_fails(
    network, account, publication, text, statuses, faulty_proxy, mastodon_server, when
):
    line = faulty_proxy(mastodon_server)
    post = first(network, publication(account.model_copy(update={"address": line.url}), text))
    line.break_next(when, what="GET")
    assert isinstance(network.publish(later(post)), RetryLater)
    assert statuses(text) == 0


def test_a_new_status_that_cannot_be_compared_waits_for_a_person(network, stub, account, publication):
    status = {"id": "7", "created_at": real_clock().isoformat(), "content": "<p>?</p>"}
    stub.answer(f"GET /api/v1/accounts/{account.identity}/statuses", 200, [status])
    post = first(network, publication(account.model_copy(update={"address": stub.url})))
    assert isinstance(network.publish(later(post)), Unconfirmed)
    assert stub.sent("POST /api/v1/statuses") == []


def test_a_status_that_its_server_was_still_storing_at_the_first_search_is_found_at_the_second(
    stub, account, publication
):
    statuses = f"GET /api/v1/accounts/{account.identity}/statuses"
    stub.answer(statuses, 200, [])
    pauses = []

    def store(seconds):
        pauses.append(seconds)
        stub.answer(statuses, 200, [{"id": "7", "created_at": real_clock().isoformat()}])

    network = MastodonNetwork(real_clock, sleep=store)
    post = later(first(network, publication(account.model_copy(update={"address": stub.url}))))
    stub.answer("GET /api/v1/statuses/7/source", 200, {"text": post.text})
    assert network.publish(post).reference == {"id": "7"}
    assert pauses == [5]
    assert stub.sent("POST /api/v1/statuses") == []


def test_a_status_without_a_time_counts_as_new(network, stub, account, publication):
    stub.answer(f"GET /api/v1/accounts/{account.identity}/statuses", 200, [{"id": "7"}])
    post = first(network, publication(account.model_copy(update={"address": stub.url})))
    stub.answer("GET /api/v1/statuses/7/source", 200, {"text": post.text})
    assert network.publish(later(post)).reference == {"id": "7"}


@pytest.mark.parametrize("changed", [{"address": "http://example.org"}, {"address": None}, {"identity": None}])
def test_an_account_that_is_not_whole_sends_its_token_nowhere(network, account, publication, changed):
    result = network.publish(first(network, publication(account.model_copy(update=changed))))
    assert isinstance(result, Refused)
    assert "incomplete" in result.reason


def test_more_new_statuses_than_can_be_looked_through_wait_for_a_person(network, stub, account, publication):
    statuses = [{"id": str(number), "created_at": real_clock().isoformat()} for number in range(40)]
    stub.answer(f"GET /api/v1/accounts/{account.identity}/statuses", 200, statuses)
    for status in statuses:
        stub.answer(f"GET /api/v1/statuses/{status['id']}/source", 200, {"text": f"another, {status['id']}"})
    post = first(network, publication(account.model_copy(update={"address": stub.url})))
    result = network.publish(later(post))
    assert isinstance(result, Unconfirmed)
    assert "too many new statuses" in result.reason
    assert stub.sent("POST /api/v1/statuses") == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_where_nobody_may_look_any_more_for_an_earlier_attempt_a_person_has_to(
    network, stub, account, publication, status
):
    stub.answer(f"GET /api/v1/accounts/{account.identity}/statuses", status, {"error": "No."})
    post = first(network, publication(account.model_copy(update={"address": stub.url})))
    result = network.publish(later(post))
    assert isinstance(result, Unconfirmed)
    assert f"answered {status}" in result.reason


def test_a_rate_limit_while_looking_for_an_earlier_attempt_is_waited_for(network, stub, account, publication):
    statuses = [{"id": "7", "created_at": real_clock().isoformat()}]
    stub.answer(f"GET /api/v1/accounts/{account.identity}/statuses", 200, statuses)
    stub.answer("GET /api/v1/statuses/7/source", 429, {"error": "Too many requests"}, Retry_After="30")
    post = first(network, publication(account.model_copy(update={"address": stub.url})))
    assert network.publish(later(post)).retry_after == timedelta(seconds=30)


def test_every_attempt_carries_the_same_key_and_other_accounts_another(network, stub, account, publication):
    stub.answer("POST /api/v1/statuses", 200, {"id": "1", "url": "https://example.social/@ada/1"})
    stub.answer(f"GET /api/v1/accounts/{account.identity}/statuses", 200, [])
    here = account.model_copy(update={"address": stub.url})
    other = here.model_copy(update={"destination": "mastodon:eve@example.social"})
    post = first(network, publication(here))
    for each in (post, later(post), first(network, publication(other, occurrence_key=post.occurrence_key))):
        assert network.publish(each).url == "https://example.social/@ada/1"
    keys = [request.headers["idempotency-key"] for request in stub.sent("POST /api/v1/statuses")]
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("status", "body", "kind", "words"),
    [
        (422, {"error": "Validation failed: Text character limit of 500 exceeded"}, Refused, "limit of 500"),
        (400, {"error": "Bad Request: status too long"}, Refused, "too long"),  # as GoToSocial says it
        (401, {"error": "The access token is invalid"}, Refused, "Connect the account again"),
        (403, {"error": "Your login is currently disabled"}, Refused, "disabled"),
        (302, "", Refused, "address has changed"),
        (500, "<html>Oops</html>", RetryLater, "Internal Server Error"),
        (503, {"error": "There was a temporary problem"}, RetryLater, "temporary"),
        (200, "<html>Welcome to our Wi-Fi</html>", RetryLater, "incomplete"),
    ],
)
def test_what_the_server_says_decides(network, stub, account, publication, status, body, kind, words):
    stub.answer("POST /api/v1/statuses", status, body)
    result = network.publish(first(network, publication(account.model_copy(update={"address": stub.url}))))
    assert isinstance(result, kind)
    assert words in result.reason
    assert "mock_token" not in result.reason


def test_a_rate_limit_tells_when_it_ends(network, stub, account, publication):
    reset = (real_clock() + timedelta(seconds=120)).isoformat()
    stub.answer("POST /api/v1/statuses", 429, {"error": "Too many requests"}, X_RateLimit_Reset=reset)
    result = network.publish(first(network, publication(account.model_copy(update={"address": stub.url}))))
    assert isinstance(result, RetryLater)
    assert timedelta(seconds=100) < result.retry_after <= timedelta(seconds=120)


def test_a_link_that_is_no_link_is_not_shown_as_one(network, stub, account, publication):
    stub.answer("POST /api/v1/statuses", 200, {"id": "1", "url": "javascript:alert(1)"})
    result = network.publish(first(network, publication(account.model_copy(update={"address": stub.url}))))
    assert result.url is None


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
def test_links_count_as_the_instance_says_and_mentions_without_their_server(text, count):
    assert text_length(text, 23) == count
