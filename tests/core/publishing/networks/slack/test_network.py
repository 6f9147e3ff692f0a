"""Slack; test_at_most_once.py tests what it shares with other networks."""

import pytest

from core.publishing.attachments import CannotAttach
from core.publishing.network import CannotConnect, PostingPermission, Refused
from core.publishing.networks.slack.network import SlackNetwork
from core.time.instants import real_clock

FORM = {"name": "team", "address": "https://hooks.slack.com/services/T1/B2/abc"}
POST = "POST /services/T1/B2/abc"


@pytest.fixture
def network(stub):
    stub.respond(POST, 400, "no_text")
    return SlackNetwork(real_clock, hooks=stub.url)


@pytest.mark.parametrize("message", ["no_text", "missing_text_or_fallback_or_attachments", "invalid_payload"])
def test_connecting_sends_an_empty_message_which_slack_does_not_post(network, stub, message):
    stub.respond(POST, 400, message)
    account = network.connect(FORM)
    assert account.destination == "slack:team"
    assert network.check(account) == PostingPermission()
    assert all(request.json == {"text": ""} for request in stub.requests)


@pytest.mark.parametrize(
    ("status", "message"), [(404, "no_service"), (403, "invalid_token"), (410, "channel_is_archived")]
)
def test_a_deleted_webhook_is_refused(network, stub, status, message):
    stub.respond(POST, status, message)
    with pytest.raises(CannotConnect, match=message):
        network.connect(FORM)


@pytest.mark.parametrize(
    "address", ["", "https://example.com/services/T1/B2/abc", "https://hooks.slack.com/triggers/1/2"]
)
def test_other_urls_are_refused(network, address):
    with pytest.raises(CannotConnect):
        network.connect({**FORM, "address": address})


@pytest.mark.parametrize(("status", "message"), [(404, "no_service"), (403, "invalid_token")])
def test_a_post_to_a_deleted_webhook_asks_the_user_to_connect_again(network, stub, publication, status, message):
    account = network.connect(FORM)
    stub.respond(POST, status, message)
    result = network.publish(publication(account))
    assert isinstance(result, Refused)
    assert "Connect the account again" in result.reason


def test_a_text_cannot_notify_the_channel(network, stub, publication):
    account = network.connect(FORM)
    stub.respond(POST, 200, "ok")
    network.publish(publication(account, "<!channel> & <https://evil.example|bank> *bold* https://a.de?b&c"))
    text = stub.requests[-1].json["text"]
    assert text == "&lt;!channel&gt; &amp; &lt;https://evil.example|bank&gt; *bold* https://a.de?b&amp;c"


def test_the_length_of_a_text_includes_its_escapes():
    assert SlackNetwork(real_clock).measure("a & b", None).count == 9


def test_a_text_that_slack_would_split_is_above_the_limit():
    network = SlackNetwork(real_clock)
    assert [network.measure("🎉" * count, None).excess for count in (4000, 4001)] == [0, 1]


def test_slack_accepts_no_pictures_through_a_webhook(network, with_media, make_picture):
    with pytest.raises(CannotAttach, match="Slack accepts no pictures"):
        with_media(network, network.connect(FORM), make_picture("red"))
