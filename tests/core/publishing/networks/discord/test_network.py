"""What is Discord's own; the rest is in test_at_most_once.py."""

import pytest

from core.publishing.network import CannotConnect, Refused
from core.publishing.networks.discord.network import DiscordNetwork
from core.time.instants import real_clock

WEBHOOK = {"id": "123", "type": 1, "channel_id": "6", "guild_id": "77", "name": "Punctual"}
ANSWERS = {"name": "news", "address": "https://discord.com/api/webhooks/123/abc_DEF-1"}
PLACE = "/webhooks/123/abc_DEF-1"


@pytest.fixture
def network(stub):
    stub.answer(f"GET {PLACE}", 200, WEBHOOK)
    return DiscordNetwork(real_clock, api=stub.url)


def test_connecting_asks_discord_for_the_webhook_and_posts_nothing(network, stub):
    account = network.connect(ANSWERS)
    assert (account.destination, account.identity) == ("discord:news", "77")
    assert not account.deduplicates
    assert network.check(account) is None
    assert {request.method for request in stub.requests} == {"GET"}


@pytest.mark.parametrize("host", ["discordapp.com", "ptb.discord.com", "discord.com"])
def test_every_address_that_discord_gives_is_taken(network, host):
    assert network.connect({**ANSWERS, "address": f" https://{host}/api/v10/webhooks/123/abc_DEF-1 "})


@pytest.mark.parametrize("address", ["", "https://example.com/api/webhooks/123/abc", "https://discord.com/channels/1"])
def test_other_addresses_are_refused(network, address):
    with pytest.raises(CannotConnect):
        network.connect({**ANSWERS, "address": address})


def test_a_webhook_that_is_gone_is_refused_with_discords_words(network, stub):
    stub.answer(f"GET {PLACE}", 404, {"message": "Unknown Webhook", "code": 10015})
    with pytest.raises(CannotConnect, match="Unknown Webhook"):
        network.connect(ANSWERS)


def test_a_webhook_that_follows_another_channel_is_refused(network, stub):
    stub.answer(f"GET {PLACE}", 200, WEBHOOK | {"type": 2})
    with pytest.raises(CannotConnect, match="does not accept messages"):
        network.connect(ANSWERS)


def test_nobody_is_notified_by_what_a_text_says(network, stub, publication):
    stub.answer(f"POST {PLACE}", 200, {"id": "5", "channel_id": "6"})
    network.publish(publication(network.connect(ANSWERS), "@everyone look"))
    (request,) = stub.sent(f"POST {PLACE}")
    assert request.json == {"content": "@everyone look", "allowed_mentions": {"parse": []}}
    assert request.path.endswith("?wait=true")


def test_a_text_that_is_too_long_is_refused(network, stub, publication):
    stub.answer(f"POST {PLACE}", 400, {"message": "Invalid Form Body", "code": 50035})
    assert isinstance(network.publish(publication(network.connect(ANSWERS))), Refused)


def test_code_points_are_counted():
    length = DiscordNetwork(real_clock).measure("👨‍👩‍👧" * 400, None)
    assert (length.count, length.excess) == (2000, 0)
