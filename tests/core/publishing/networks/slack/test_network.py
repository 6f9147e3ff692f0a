"""What is Slack's own; the rest is in test_at_most_once.py."""

import pytest

from core.publishing.network import CannotConnect, Refused
from core.publishing.networks.slack.network import SlackNetwork
from core.time.instants import real_clock

ANSWERS = {"name": "team", "address": "https://hooks.slack.com/services/T1/B2/abc"}
PLACE = "POST /services/T1/B2/abc"


@pytest.fixture
def network(stub):
    stub.answer(PLACE, 400, "no_text")
    return SlackNetwork(real_clock, hooks=stub.url)


@pytest.mark.parametrize("words", ["no_text", "missing_text_or_fallback_or_attachments", "invalid_payload"])
def test_connecting_sends_a_message_without_a_text_which_slack_does_not_post(network, stub, words):
    stub.answer(PLACE, 400, words)
    account = network.connect(ANSWERS)
    assert account.destination == "slack:team"
    assert network.check(account) is None
    assert all(request.json == {"text": ""} for request in stub.requests)


@pytest.mark.parametrize(
    ("status", "words"), [(404, "no_service"), (403, "invalid_token"), (410, "channel_is_archived")]
)
def test_a_webhook_that_is_gone_is_refused(network, stub, status, words):
    stub.answer(PLACE, status, words)
    with pytest.raises(CannotConnect, match=words):
        network.connect(ANSWERS)


@pytest.mark.parametrize(
    "address", ["", "https://example.com/services/T1/B2/abc", "https://hooks.slack.com/triggers/1/2"]
)
def test_other_addresses_are_refused(network, address):
    with pytest.raises(CannotConnect):
        network.connect({**ANSWERS, "address": address})


@pytest.mark.parametrize(("status", "words"), [(404, "no_service"), (403, "invalid_token")])
def test_a_post_to_a_webhook_that_is_gone_asks_to_connect_again(network, stub, publication, status, words):
    account = network.connect(ANSWERS)
    stub.answer(PLACE, status, words)
    result = network.publish(publication(account))
    assert isinstance(result, Refused)
    assert "Connect the account again" in result.reason


def test_a_text_cannot_call_the_channel(network, stub, publication):
    account = network.connect(ANSWERS)
    stub.answer(PLACE, 200, "ok")
    network.publish(publication(account, "<!channel> & <https://evil.example|bank> *bold* https://a.de?b&c"))
    text = stub.requests[-1].json["text"]
    assert text == "&lt;!channel&gt; &amp; &lt;https://evil.example|bank&gt; *bold* https://a.de?b&amp;c"


def test_the_text_is_counted_as_it_is_sent():
    assert SlackNetwork(real_clock).measure("a & b", None).count == 9


def test_a_text_that_slack_would_break_into_two_messages_is_too_long():
    network = SlackNetwork(real_clock)
    assert [network.measure("🎉" * count, None).excess for count in (4000, 4001)] == [0, 1]
