"""Threads on the networks that know what a post replies to."""

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
def thread(publication):
    """Publish three texts as a thread, each attempt repeated, and return what the last attempts brought."""

    def publish(network, account, texts):
        found = []
        for text in texts:
            post = publication(account, text, earlier_references=tuple(each.reference for each in found))
            post = dataclasses.replace(post, prepared=network.prepare(post))
            network.publish(post)
            found.append(network.publish(dataclasses.replace(post, attempt=2)))
        return found

    return publish


def test_on_mastodon_each_status_replies_to_the_one_before(thread, mastodon_server):
    network = MastodonNetwork(real_clock, sleep=lambda seconds: None)
    account = network.connect({"server": mastodon_server, "token": "mock_token"})
    mark = secrets.token_hex(8)
    published = thread(network, account, [f"{mark} {number}" for number in (1, 2, 3)])
    place = f"{mastodon_server}/api/v1/accounts/{account.identity}/statuses"
    listed = requests.get(place, headers={"Authorization": "Bearer mock_token"}, timeout=10).json()
    statuses = [status for status in reversed(listed) if mark in status["content"]]
    assert [status["in_reply_to_id"] for status in statuses] == [None, statuses[0]["id"], statuses[1]["id"]]
    assert [each.reference["id"] for each in published] == [status["id"] for status in statuses]


def test_on_bluesky_each_post_names_the_first_and_the_one_before(thread, pds_user):
    network = BlueskyNetwork(real_clock)
    account = network.connect({"handle": pds_user.handle, "password": pds_user.password, "server": pds_user.server})
    published = thread(network, account, ["one", "two", "three"])
    posts = {post["value"]["text"]: post for post in pds_user.posts()}
    assert "reply" not in posts["one"]["value"]
    root = published[0].reference
    assert root["uri"] == posts["one"]["uri"]
    assert posts["two"]["value"]["reply"] == {"root": root, "parent": root}
    assert posts["three"]["value"]["reply"] == {"root": root, "parent": published[1].reference}
    assert len(posts) == 3


def test_on_x_each_post_replies_to_the_one_before(publication, stub):
    network = XNetwork(real_clock, api=stub.url)
    account = Account(
        destination="x:ada", label="ada", credentials={name: SecretStr(secrets.token_hex(8)) for name in KEYS}
    )
    stub.answer("POST /2/tweets", 201, {"data": {"id": "7", "text": "one"}})
    first = network.publish(publication(account, "one"))
    network.publish(publication(account, "two", earlier_references=(first.reference,)))
    sent = [request.json for request in stub.sent("POST /2/tweets")]
    assert sent == [{"text": "one"}, {"text": "two", "reply": {"in_reply_to_tweet_id": "7"}}]
