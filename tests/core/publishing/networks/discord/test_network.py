"""Discord; test_at_most_once.py tests what it shares with other networks."""

import json

import pytest

from core.publishing.network import CannotConnect, PostingPermission, Refused, Unconfirmed
from core.publishing.networks.discord.network import DiscordNetwork
from core.time.instants import real_clock

WEBHOOK = {"id": "123", "type": 1, "channel_id": "6", "guild_id": "77", "name": "Punctual"}
FORM = {"name": "news", "address": "https://discord.com/api/webhooks/123/abc_DEF-1"}
PATH = "/webhooks/123/abc_DEF-1"


@pytest.fixture
def network(stub):
    stub.respond(f"GET {PATH}", 200, WEBHOOK)
    return DiscordNetwork(real_clock, api=stub.url)


@pytest.fixture
def account(network):
    return network.connect(FORM)


def test_connecting_reads_the_webhook_and_posts_nothing(network, stub):
    account = network.connect(FORM)
    assert (account.destination, account.identity) == ("discord:news", "77")
    assert not account.deduplicates
    assert network.check(account) == PostingPermission()
    assert {request.method for request in stub.requests} == {"GET"}


@pytest.mark.parametrize("host", ["discordapp.com", "ptb.discord.com", "discord.com"])
def test_every_form_of_a_webhook_url_is_accepted(network, host):
    assert network.connect({**FORM, "address": f" https://{host}/api/v10/webhooks/123/abc_DEF-1 "})


@pytest.mark.parametrize("address", ["", "https://example.com/api/webhooks/123/abc", "https://discord.com/channels/1"])
def test_other_urls_are_refused(network, address):
    with pytest.raises(CannotConnect):
        network.connect({**FORM, "address": address})


def test_a_deleted_webhook_is_refused_with_discords_message(network, stub):
    stub.respond(f"GET {PATH}", 404, {"message": "Unknown Webhook", "code": 10015})
    with pytest.raises(CannotConnect, match="Unknown Webhook"):
        network.connect(FORM)


def test_a_webhook_of_another_type_is_refused(network, stub):
    stub.respond(f"GET {PATH}", 200, WEBHOOK | {"type": 2})
    with pytest.raises(CannotConnect, match="does not accept messages"):
        network.connect(FORM)


def test_a_mention_notifies_nobody(network, account, stub, publication):
    stub.respond(f"POST {PATH}", 200, {"id": "5", "channel_id": "6"})
    network.publish(publication(account, "@everyone look"))
    (request,) = stub.received(f"POST {PATH}")
    assert request.json == {"content": "@everyone look", "allowed_mentions": {"parse": []}}
    assert request.path.endswith("?wait=true")


def test_a_text_above_the_limit_is_refused(network, account, stub, publication):
    stub.respond(f"POST {PATH}", 400, {"message": "Invalid Form Body", "code": 50035})
    assert isinstance(network.publish(publication(account)), Refused)


def test_the_length_of_a_text_is_in_code_points():
    length = DiscordNetwork(real_clock).measure("👨‍👩‍👧" * 400, None)
    assert (length.count, length.excess) == (2000, 0)


def test_pictures_are_sent_as_files_with_descriptions(network, account, stub, with_media, publish, make_picture):
    stub.respond(f"POST {PATH}", 200, {"id": "7", "channel_id": "8"})
    post = with_media(network, account, make_picture("red", "A red one"), make_picture("blue"), text="Grüße 🎉")
    assert publish(network, post).url == "https://discord.com/channels/77/8/7"
    [request] = stub.received(f"POST {PATH}")
    assert request.path.endswith("?wait=true")
    fields = request.form
    content = json.loads(fields["payload_json"][2])
    assert (content["content"], content["allowed_mentions"]) == ("Grüße 🎉", {"parse": []})
    assert [each["description"] for each in content["attachments"]] == ["A red one", ""]
    for number, attachment in enumerate(post.media):
        assert fields[f"files[{number}]"] == (attachment.name, "image/png", attachment.content)
        assert content["attachments"][number]["filename"] == attachment.name


def test_an_ambiguous_attempt_with_pictures_is_unconfirmed(
    account, stub, with_media, publish, make_picture, faulty_proxy
):
    proxy = faulty_proxy(stub.url)
    proxy.break_next("after")
    network = DiscordNetwork(real_clock, api=proxy.url)
    stub.respond(f"POST {PATH}", 200, {"id": "7", "channel_id": "8"})
    assert isinstance(publish(network, with_media(network, account, make_picture("red"))), Unconfirmed)
