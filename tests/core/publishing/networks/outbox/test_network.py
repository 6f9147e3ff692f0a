"""The built-in outbox: once, with a link to the very entry, at the instant at which it came in."""

from urllib.parse import parse_qs, urlsplit

import pytest

from core.accounts.port import OUTBOX
from core.outbox.sqlite import SqliteOutbox
from core.publishing.network import CannotConnect, NetworkDependencies
from core.publishing.networks.outbox.network import OutboxNetwork


@pytest.fixture
def feed(database):
    return SqliteOutbox(database)


@pytest.fixture
def network(feed, clock):
    return OutboxNetwork(NetworkDependencies(outbox=feed, clock=clock))


@pytest.mark.parametrize("key", ["k3v9q2m4cx7a", "k3v9q2m4cx7a#2", "k3v9q2m4cx7a/2026-11-24T08:00:00Z#12"])
def test_the_link_names_the_entry_that_was_made(network, feed, publication, key):
    url = network.publish(publication(OUTBOX, occurrence_key=key)).url
    assert parse_qs(urlsplit(url).query) == {"post": [key]}
    assert feed.get(key).text == publication(OUTBOX).text


def test_what_an_earlier_attempt_published_is_told_with_the_time_at_which_it_did(network, feed, publication, clock):
    first = network.publish(publication(OUTBOX, occurrence_key="k3v9q2m4cx7a"))
    clock.move(minutes=1)
    assert network.publish(publication(OUTBOX, occurrence_key="k3v9q2m4cx7a", attempt=2)) == first
    assert [entry.published_at for entry in feed.feed(limit=9)] == [first.at]


def test_what_an_earlier_attempt_did_not_publish_goes_out(network, feed, publication, clock):
    network.publish(publication(OUTBOX, attempt=2))
    assert [entry.published_at for entry in feed.feed(limit=9)] == [clock()]


def test_the_outbox_need_not_be_connected(network):
    with pytest.raises(CannotConnect, match="built in"):
        network.connect({})
    assert network.check(OUTBOX) is None
