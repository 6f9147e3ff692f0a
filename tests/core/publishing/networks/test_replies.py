"""Threads on networks where a post can reply to another."""

import dataclasses
import secrets

import pytest
import requests
from pydantic import SecretStr

from core.accounts.port import Account
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.publishing.networks.x.network import KEYS, XNetwork
from core.time.instants import real_clock


@pytest.fixture
def thread(publication, prepare):
    """Publish texts as a thread, each in two attempts, and return the results of the second attempts."""

    def publish(network, account, texts):
        results = []
        for text in texts:
            post = publication(account, text, earlier_references=tuple(each.reference for each in results))
            post = prepare(network, post)
            network.publish(post)
            results.append(network.publish(dataclasses.replace(post, attempt=2)))
        return results

    return publish


def test_a_status_on_mastodon_replies_to_the_one_before(thread, mastodon_server):
    network = MastodonNetwork(real_clock, sleep=lambda seconds: None)
    account = network.connect({"server": mastodon_server, "token": "mock_token"})
    mark = secrets.token_hex(8)
    published = thread(network, account, [f"{mark} {number}" for number in (1, 2, 3)])
    url = f"{mastodon_server}/api/v1/accounts/{account.identity}/statuses"
    latest = requests.get(url, headers={"Authorization": "Bearer mock_token"}, timeout=10).json()
    statuses = [status for status in reversed(latest) if mark in status["content"]]
    assert [status["in_reply_to_id"] for status in statuses] == [None, statuses[0]["id"], statuses[1]["id"]]
    assert [each.reference["id"] for each in published] == [status["id"] for status in statuses]


def test_a_post_on_bluesky_refers_to_the_first_and_to_the_one_before(thread, pds_user):
    network = BlueskyNetwork(real_clock)
    account = network.connect(pds_user.form)
    published = thread(network, account, ["one", "two", "three"])
    posts = {post["value"]["text"]: post for post in pds_user.posts()}
    assert "reply" not in posts["one"]["value"]
    root = published[0].reference
    assert root["uri"] == posts["one"]["uri"]
    assert posts["two"]["value"]["reply"] == {"root": root, "parent": root}
    assert posts["three"]["value"]["reply"] == {"root": root, "parent": published[1].reference}
    assert len(posts) == 3


def test_a_post_on_x_replies_to_the_one_before(publication, stub):
    network = XNetwork(real_clock, api=stub.url)
    account = Account(
        destination="x:ada", label="ada", credentials={name: SecretStr(secrets.token_hex(8)) for name in KEYS}
    )
    stub.respond("POST /2/tweets", 201, {"data": {"id": "7", "text": "one"}})
    first = network.publish(publication(account, "one"))
    network.publish(publication(account, "two", earlier_references=(first.reference,)))
    sent = [request.json for request in stub.received("POST /2/tweets")]
    assert sent == [{"text": "one"}, {"text": "two", "reply": {"in_reply_to_tweet_id": "7"}}]
