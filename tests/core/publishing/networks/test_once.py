"""Behind the fence, on the two networks that may be tried again: one post, whatever happens in between."""

import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import requests

from core.accounts.port import Account
from core.media.folder import FolderMedia
from core.publishing.fence import LEASE, Fence
from core.publishing.network import Network, Publication
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.time.instants import real_clock


@dataclass(frozen=True, kw_only=True)
class Place:
    """An account behind a line that breaks, what asks to publish there, and how often a text stands there."""

    network: Network
    account: Account
    line: Any
    publishes: str
    count: Any


def mastodon(mastodon_server, faulty_proxy) -> Place:
    network, line = MastodonNetwork(real_clock, sleep=lambda seconds: None), faulty_proxy(mastodon_server)
    account = network.connect({"server": line.url, "token": "mock_token"})
    headers = {"Authorization": "Bearer mock_token"}
    page = f"{mastodon_server}/api/v1/accounts/{account.identity}/statuses"

    def count(text: str) -> int:
        return sum(text in status["content"] for status in requests.get(page, headers=headers, timeout=10).json())

    return Place(network=network, account=account, line=line, publishes="POST /api/v1/statuses", count=count)


def bluesky(pds_user, faulty_proxy) -> Place:
    network, line = BlueskyNetwork(real_clock), faulty_proxy(pds_user.server)
    account = network.connect({"handle": pds_user.handle, "password": pds_user.password, "server": line.url})

    def count(text: str) -> int:
        return sum(text in post["value"]["text"] for post in pds_user.posts())

    return Place(network=network, account=account, line=line, publishes="putRecord", count=count)


@pytest.fixture(params=["mastodon_server", "fake_pds", "real_pds"])
def place(request, faulty_proxy, new_pds_user) -> Place:
    server = request.getfixturevalue(request.param)
    return (
        mastodon(server, faulty_proxy) if "mastodon" in request.param else bluesky(new_pds_user(server), faulty_proxy)
    )


@pytest.fixture
def text() -> str:
    return secrets.token_hex(12)


@pytest.fixture
def payload(place, text, a_post, invoked, ledger, clock):
    """What the relay hands over of a post to the place."""
    post = a_post(text=text, destinations=(place.account.destination,))
    ledger.plan(post, schedule_name=None, now=clock())
    return invoked(post)


@pytest.fixture
def fence(ledger, tmp_path, clock) -> Fence:
    return Fence(ledger, FolderMedia(tmp_path / "media"), clock)


def claimed(place, payload, ledger, clock) -> Publication:
    """Claim as the fence does, and return what is to be sent, as a process has it that is killed now."""
    publication = Publication(
        occurrence_key=payload.occurrence_key,
        post_id=payload.post_id,
        account=place.account,
        text=payload.text,
        due_at=payload.due,
    )
    ready = replace(publication, prepared=place.network.prepare(publication))
    options = {"deduplicates": True, "prepared": ready.prepared, "lease_until": clock() + LEASE, "now": clock()}
    assert ledger.claim(payload, place.account.destination, **options).verdict == "granted"
    return ready


@pytest.mark.parametrize("when", ["before", "after", "during"])
def test_a_line_that_breaks_twice_makes_one_post(place, text, payload, fence, when):
    place.line.break_next(when, what=place.publishes)
    place.line.break_next(when, what=place.publishes)
    states = [fence.publish_once(payload, place.account, place.network).state for _ in range(4)]
    assert states[0] == "waiting"
    assert states[-2:] == ["published", "published"]
    assert place.count(text) == 1


@pytest.mark.parametrize("sent", [False, True])
def test_a_process_that_was_killed_around_the_call_leaves_one_post(place, text, payload, fence, ledger, clock, sent):
    ready = claimed(place, payload, ledger, clock)
    if sent:
        place.network.publish(ready)
    assert fence.publish_once(payload, place.account, place.network).state == "waiting"
    clock.move(seconds=LEASE / timedelta(seconds=1) + 1)
    assert fence.publish_once(payload, place.account, place.network).state == "published"
    assert place.count(text) == 1


def test_a_second_firing_is_answered_from_the_ledger(place, text, payload, fence):
    first = fence.publish_once(payload, place.account, place.network)
    asked = len(place.line.passed)
    again = fence.publish_once(payload, place.account, place.network)
    assert (first.state, again) == ("published", first)
    assert len(place.line.passed) == asked
    assert place.count(text) == 1
