"""The built-in outbox."""

from urllib.parse import parse_qs, urlsplit

import pytest

from core.accounts.port import OUTBOX
from core.outbox.sqlite import SqliteOutbox
from core.publishing.network import CannotConnect, NetworkDependencies, PostingPermission
from core.publishing.networks.outbox.network import OutboxNetwork


@pytest.fixture
def feed(database):
    return SqliteOutbox(database)


@pytest.fixture
def network(feed, clock):
    return OutboxNetwork(NetworkDependencies(outbox=feed, clock=clock))


@pytest.mark.parametrize("key", ["k3v9q2m4cx7a", "k3v9q2m4cx7a#2", "k3v9q2m4cx7a/2026-11-24T08:00:00Z#12"])
def test_the_link_leads_to_the_published_post(network, feed, publication, key):
    url = network.publish(publication(OUTBOX, occurrence_key=key)).url
    assert parse_qs(urlsplit(url).query) == {"post": [key]}
    assert feed.get(key).text == publication(OUTBOX).text


def test_the_post_of_an_earlier_attempt_keeps_its_time(network, feed, publication, clock):
    first = network.publish(publication(OUTBOX, occurrence_key="k3v9q2m4cx7a"))
    clock.move(minutes=1)
    assert network.publish(publication(OUTBOX, occurrence_key="k3v9q2m4cx7a", attempt=2)) == first
    assert [post.published_at for post in feed.feed(limit=9)] == [first.at]


def test_a_second_attempt_publishes_the_post_if_the_first_did_not(network, feed, publication, clock):
    network.publish(publication(OUTBOX, attempt=2))
    assert [post.published_at for post in feed.feed(limit=9)] == [clock()]


def test_the_outbox_cannot_be_connected_and_needs_no_check(network):
    with pytest.raises(CannotConnect, match="built in"):
        network.connect({})
    assert network.check(OUTBOX) == PostingPermission()
