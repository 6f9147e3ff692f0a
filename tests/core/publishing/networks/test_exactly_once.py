"""Mastodon and Bluesky behind the fence: a retried post is published once, whatever fails in between."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests

from core.accounts.port import Account
from core.ledger.port import ClaimTerms, PlanChange
from core.publishing.fence import LEASE
from core.publishing.network import Network, Publication
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.time.instants import real_clock


@dataclass(frozen=True, kw_only=True)
class Target:
    """An account behind a faulty proxy, the request that publishes, and a count of the posts with a text."""

    network: Network
    account: Account
    proxy: Any
    publish_request: str
    count: Callable[[str], int]


def mastodon(server, proxy) -> Target:
    network = MastodonNetwork(real_clock, sleep=lambda seconds: None)
    account = network.connect({"server": proxy.url, "token": "mock_token"})
    headers = {"Authorization": "Bearer mock_token"}
    url = f"{server}/api/v1/accounts/{account.identity}/statuses"

    def count(text: str) -> int:
        return sum(text in status["content"] for status in requests.get(url, headers=headers, timeout=10).json())

    return Target(network=network, account=account, proxy=proxy, publish_request="POST /api/v1/statuses", count=count)


def bluesky(pds_user, proxy) -> Target:
    network = BlueskyNetwork(real_clock)
    account = network.connect(pds_user.form | {"server": proxy.url})

    def count(text: str) -> int:
        return sum(text in post["value"]["text"] for post in pds_user.posts())

    return Target(network=network, account=account, proxy=proxy, publish_request="putRecord", count=count)


@pytest.fixture(params=["mastodon_server", "fake_pds", "real_pds"])
def target(request, faulty_proxy, pds_user_on) -> Target:
    server = request.getfixturevalue(request.param)
    proxy = faulty_proxy(server)
    return mastodon(server, proxy) if "mastodon" in request.param else bluesky(pds_user_on(server), proxy)


@pytest.fixture
def text() -> str:
    return secrets.token_hex(12)


@pytest.fixture
def payload(target, text, a_post, payload_for, ledger, clock):
    """Return the payload of a planned post to the target."""
    post = a_post(text=text, destinations=(target.account.destination,))
    ledger.plan(PlanChange(post=post, schedule_name=None), now=clock())
    return payload_for(post)


@pytest.fixture
def publish(fence, payload, target):
    """Publish behind the fence."""
    return lambda: fence.publish_once(payload, target.account, target.network)


@pytest.fixture
def claimed(target, payload, publication, prepare, ledger, clock) -> Publication:
    """Claim as the fence does, and return the publication of a process that is killed afterwards."""
    post = prepare(target.network, publication(target.account, payload.text, occurrence_key=payload.occurrence_key))
    terms = ClaimTerms(deduplicates=True, prepared=post.prepared, lease_until=clock() + LEASE, now=clock())
    assert ledger.claim(payload, target.account.destination, terms).verdict == "granted"
    return post


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_two_broken_connections_leave_one_post(target, text, publish, when):
    target.proxy.break_next(when, request=target.publish_request)
    target.proxy.break_next(when, request=target.publish_request)
    states = [publish().state for _ in range(4)]
    assert states[0] == "waiting"
    assert states[-2:] == ["published", "published"]
    assert target.count(text) == 1


@pytest.mark.parametrize("sent", [False, True])
def test_a_process_that_is_killed_before_or_after_sending_leaves_one_post(target, text, publish, claimed, clock, sent):
    if sent:
        target.network.publish(claimed)
    assert publish().state == "waiting"
    clock.move(seconds=LEASE / timedelta(seconds=1) + 1)
    assert publish().state == "published"
    assert target.count(text) == 1


def test_a_second_invocation_returns_the_stored_result_without_a_request(target, text, publish):
    first = publish()
    requests_before = len(target.proxy.forwarded)
    second = publish()
    assert (first.state, second) == ("published", first)
    assert len(target.proxy.forwarded) == requests_before
    assert target.count(text) == 1
