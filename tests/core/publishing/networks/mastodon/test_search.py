"""The search for a status of an earlier attempt: which status is this post, and which one only looks like it."""

import dataclasses
import secrets
from datetime import UTC, datetime, timedelta

import pytest

from core.publishing.network import PreparationFailed, Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.mastodon.api import created_at
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.mastodon.search import MAX_SEARCHED
from core.time.instants import real_clock

POST = "POST /api/v1/statuses"


@pytest.fixture
def text() -> str:
    """Return a text that no other test posts."""
    return f"Good morning {secrets.token_hex(8)}"


@pytest.fixture
def latest(account) -> str:
    """Return the request for the account's latest statuses."""
    return f"GET /api/v1/accounts/{account.identity}/statuses"


def retried(publication, number=2):
    return dataclasses.replace(publication, attempt=number)


def test_a_status_whose_response_was_lost_is_found_whatever_the_servers_clock_says(
    network, stub, stub_account, listed, publication, prepare
):
    listed.add(6, "earlier")
    post = prepare(network, publication(stub_account))
    listed.add(7, post.text, created_at=(real_clock() - timedelta(minutes=6)).isoformat())
    assert network.publish(retried(post)).reference == {"id": "7"}
    assert stub.received(POST) == []


def test_the_same_text_posted_by_hand_before_the_first_attempt_is_another_post(
    network, account, publication, prepare, publish, text, statuses
):
    publish(network, publication(account, text))
    post = prepare(network, publication(account, text, occurrence_key="another"))
    assert isinstance(network.publish(retried(post)), Published)
    assert len(statuses(text)) == 2


def test_the_parts_of_a_thread_with_the_same_text_are_told_apart_by_the_status_they_reply_to(
    network, account, publication, prepare, text, statuses
):
    first = prepare(network, publication(account, text))
    second = prepare(network, publication(account, text, earlier_references=({"id": "0"},)))
    published = network.publish(first)
    second = dataclasses.replace(second, earlier_references=(published.reference,))
    reply = network.publish(retried(second))
    assert reply.reference != published.reference
    assert len(statuses(text)) == 2
    assert network.publish(retried(second, 3)).reference == reply.reference
    assert network.publish(retried(first)).reference == published.reference
    assert len(statuses(text)) == 2


def test_a_status_of_another_publication_is_not_adopted(network, stub, stub_account, listed, publication, prepare):
    stub.respond(POST, 200, {"id": "9", "url": "https://example.org/9"})
    post = prepare(network, publication(stub_account, belongs_to_another=lambda reference: reference == {"id": "7"}))
    listed.add(7, post.text)
    assert network.publish(retried(post)).reference == {"id": "9"}
    listed.add(8, post.text)
    assert network.publish(retried(post)).reference == {"id": "8"}


def test_two_posts_with_one_text_never_adopt_the_same_status(network, stub, stub_account, listed, publication, prepare):
    stub.respond(POST, 200, {"id": "9", "url": "https://example.org/9"})
    first, second = (prepare(network, publication(stub_account)) for _ in range(2))
    listed.add(7, first.text)
    assert network.publish(retried(first)).reference == {"id": "7"}
    assert network.publish(retried(second)).reference == {"id": "9"}
    assert network.publish(retried(first, 3)).reference == {"id": "7"}
    listed.add(9, first.text)
    third = publication(stub_account, prepared=first.prepared)
    assert isinstance(network.publish(retried(third)), Published)
    assert len(stub.received(POST)) == 2


@pytest.mark.parametrize("knows_since_id", [False, True])
def test_an_earlier_status_is_found_behind_many_newer_ones(
    network, stub, stub_account, listed, publication, prepare, knows_since_id
):
    """Also on a server that lists fewer statuses at once than it is asked for."""
    listed.page, listed.knows_since_id = 5, knows_since_id
    listed.add(6, "earlier")
    post = prepare(network, publication(stub_account))
    listed.add(7, post.text)
    for number in range(8, 8 + 60):
        listed.add(number, f"another, {number}")
    assert network.publish(retried(post)).reference == {"id": "7"}
    assert stub.received(POST) == []


def test_ids_of_more_digits_are_newer(network, stub, stub_account, listed, publication, prepare):
    listed.add(999, "earlier")
    post = prepare(network, publication(stub_account))
    listed.add(1000, post.text)
    assert network.publish(retried(post)).reference == {"id": "1000"}


def test_a_found_status_gives_its_own_link_and_time(network, account, publication, prepare, text):
    post = prepare(network, publication(account, text))
    published = network.publish(post)
    found = network.publish(retried(post))
    assert found.url == published.url
    assert abs(found.at - published.at) < timedelta(seconds=30)


@pytest.mark.parametrize("invalid", [None, "yesterday", "0001-01-01T00:00:00+14:00"])
def test_an_invalid_time_of_a_status_is_ignored(network, stub_account, listed, publication, prepare, invalid):
    assert created_at({"created_at": invalid}) is None
    post = prepare(network, publication(stub_account))
    listed.add(7, post.text, created_at=invalid)
    assert network.publish(retried(post)).reference == {"id": "7"}


@pytest.mark.parametrize(("minutes", "expected"), [(-4, {"id": "7"}), (-6, {"id": "9"})])
def test_an_attempt_of_an_older_version_is_found_by_its_time(
    network, stub, stub_account, listed, publication, minutes, expected
):
    stub.respond(POST, 200, {"id": "9", "url": "https://example.org/9"})
    since = datetime(2026, 11, 24, 8, tzinfo=UTC)
    post = publication(stub_account, prepared={"since": "2026-11-24T08:00:00Z"})
    listed.add(7, post.text, created_at=(since + timedelta(minutes=minutes)).isoformat())
    assert network.publish(retried(post)).reference == expected


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_failed_search_for_an_earlier_attempt_posts_nothing(
    network, account_at, publication, prepare, text, statuses, faulty_proxy, mastodon_server, when
):
    proxy = faulty_proxy(mastodon_server)
    post = prepare(network, publication(account_at(proxy.url), text))
    proxy.break_next(when, request="GET")
    result = network.publish(retried(post))
    assert isinstance(result, RetryLater)
    assert not result.in_doubt
    assert statuses(text) == []


def test_a_new_status_that_cannot_be_compared_leaves_the_post_unconfirmed(
    network, stub, stub_account, listed, publication, prepare
):
    post = prepare(network, publication(stub_account))
    listed.add(7, None)
    assert isinstance(network.publish(retried(post)), Unconfirmed)
    assert stub.received(POST) == []


def test_the_second_search_finds_a_status_that_the_server_was_still_storing(
    stub, stub_account, listed, publication, prepare
):
    pauses = []

    def store(seconds):
        pauses.append(seconds)
        listed.add(7, post.text)

    network = MastodonNetwork(real_clock, sleep=store)
    post = prepare(network, publication(stub_account))
    assert network.publish(retried(post)).reference == {"id": "7"}
    assert pauses == [5]
    assert stub.received(POST) == []


def test_too_many_new_statuses_leave_the_post_unconfirmed(network, stub, stub_account, listed, publication, prepare):
    post = prepare(network, publication(stub_account))
    for number in range(1, MAX_SEARCHED + 50):
        listed.add(number, "another", media_attachments=[{}])
    result = network.publish(retried(post))
    assert isinstance(result, Unconfirmed)
    assert "too many new statuses" in result.reason
    assert stub.received(POST) == []


def test_a_server_that_repeats_its_first_page_leaves_the_post_unconfirmed(
    network, stub, stub_account, latest, publication, prepare
):
    post = prepare(network, publication(stub_account))
    stub.respond(latest, 200, [{"id": "7", "media_attachments": [{}]}])
    assert isinstance(network.publish(retried(post)), Unconfirmed)
    assert stub.received(POST) == []


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_refused_search_for_an_earlier_attempt_leaves_the_post_unconfirmed(
    network, stub, stub_account, latest, publication, prepare, status
):
    post = prepare(network, publication(stub_account))
    stub.respond(latest, status, {"error": "No."})
    result = network.publish(retried(post))
    assert isinstance(result, Unconfirmed)
    assert f"answered {status}" in result.reason


def test_a_rate_limit_of_the_search_delays_the_next_attempt(network, stub, stub_account, listed, publication, prepare):
    post = prepare(network, publication(stub_account))
    listed.add(7, post.text)
    stub.respond("GET /api/v1/statuses/7/source", 429, {"error": "Too many requests"}, Retry_After="30")
    assert network.publish(retried(post)).retry_after == timedelta(seconds=30)


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [(401, {}, Refused), (503, {}, RetryLater), (200, "<html>Wi-Fi</html>", RetryLater), (200, [1], RetryLater)],
)
def test_nothing_is_posted_while_the_newest_status_is_unknown(
    network, stub, stub_account, latest, publication, status, body, expected
):
    stub.respond(latest, status, body)
    with pytest.raises(PreparationFailed) as caught:
        network.prepare(publication(stub_account))
    assert type(caught.value.result) is expected
    assert not getattr(caught.value.result, "in_doubt", False)
