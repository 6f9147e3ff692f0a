"""Discord, Slack, Telegram, X and LinkedIn: no doubt is ever repeated by itself, and no secret ever shown."""

import logging
import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from core.accounts.port import Account
from core.publishing.network import Network, Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.discord.network import DiscordNetwork
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.slack.network import SlackNetwork
from core.publishing.networks.telegram.network import TelegramNetwork
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock

SECRET = "s3cret-0123456789"


@dataclass(frozen=True, kw_only=True)
class Case:
    """A network, an account on it, where it publishes, and what it answers when it has."""

    make: Any
    account: Account
    place: str
    status: int
    body: Any
    url: str | None
    headers: dict[str, str]


def _account(destination: str, identity: str, **credentials: str) -> Account:
    return Account(destination=destination, label=destination, identity=identity, credentials=credentials)


CASES = {
    "discord": Case(
        make=lambda url: DiscordNetwork(real_clock, api=url),
        account=_account("discord:news", "77", webhook=f"123/{SECRET}"),
        place=f"POST /webhooks/123/{SECRET}",
        status=200,
        body={"id": "5", "channel_id": "6", "content": "..."},
        url="https://discord.com/channels/77/6/5",
        headers={},
    ),
    "slack": Case(
        make=lambda url: SlackNetwork(real_clock, hooks=url),
        account=_account("slack:team", "", webhook=f"T1/B2/{SECRET}"),
        place=f"POST /services/T1/B2/{SECRET}",
        status=200,
        body="ok",
        url=None,
        headers={},
    ),
    "telegram": Case(
        make=lambda url: TelegramNetwork(real_clock, api=url),
        account=_account("telegram:news", "-1001", token=f"1:{SECRET}"),
        place=f"POST /bot1:{SECRET}/sendMessage",
        status=200,
        body={"ok": True, "result": {"message_id": 9, "chat": {"id": -1001, "type": "channel", "username": "news"}}},
        url="https://t.me/news/9",
        headers={},
    ),
    "x": Case(
        make=lambda url: XNetwork(real_clock, api=url),
        account=_account("x:ada", "1", key=f"a{SECRET}", key_secret=f"b{SECRET}", token=SECRET, token_secret=SECRET),
        place="POST /2/tweets",
        status=201,
        body={"data": {"id": "12", "text": "..."}},
        url="https://x.com/ada/status/12",
        headers={},
    ),
    "linkedin": Case(
        make=lambda url: LinkedInNetwork(real_clock, api=url),
        account=_account("linkedin:abc", "urn:li:person:abc", token=SECRET),
        place="POST /rest/posts",
        status=201,
        body="",
        url="https://www.linkedin.com/feed/update/urn:li:share:3/",
        headers={"x_restli_id": "urn:li:share:3"},
    ),
}


@pytest.fixture(params=CASES)
def case(request) -> Case:
    return CASES[request.param]


@pytest.fixture
def published(case, stub) -> Network:
    """The network, which publishes when it is asked to."""
    stub.answer(case.place, case.status, case.body, **case.headers)
    return case.make(stub.url)


def test_a_post_goes_out_with_its_link(case, published, publication, stub):
    result = published.publish(publication(case.account))
    assert isinstance(result, Published)
    assert result.url == case.url
    assert len(stub.sent(case.place)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_connection_that_breaks_leaves_the_post_unconfirmed(case, published, publication, stub, faulty_proxy, when):
    line = faulty_proxy(stub.url)
    line.break_next(when)
    result = case.make(line.url).publish(publication(case.account))
    assert isinstance(result, Unconfirmed)
    assert "check the network" in result.reason
    assert len(stub.sent(case.place)) == (1 if when == "after" else 0)


def test_an_answer_that_breaks_off_after_a_yes_is_a_yes(case, published, publication, stub, faulty_proxy):
    if not case.body:
        pytest.skip("all of its answer is in the headers")
    line = faulty_proxy(stub.url)
    line.break_next("during")
    result = case.make(line.url).publish(publication(case.account))
    assert isinstance(result, Published)
    assert result.url is None


def test_a_yes_that_is_not_from_the_network_leaves_the_post_unconfirmed(case, publication, stub):
    stub.answer(case.place, 200, "<html>Welcome to our Wi-Fi</html>")
    assert isinstance(case.make(stub.url).publish(publication(case.account)), Unconfirmed)


def test_a_network_that_cannot_be_reached_is_tried_again(case, publication):
    assert isinstance(case.make("http://127.0.0.1:9").publish(publication(case.account)), RetryLater)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_a_fault_on_the_other_side_leaves_the_post_unconfirmed(case, publication, stub, status):
    stub.answer(case.place, status, "<html>Bad gateway</html>")
    assert isinstance(case.make(stub.url).publish(publication(case.account)), Unconfirmed)


def test_a_proxys_503_leaves_the_post_unconfirmed_although_it_says_when_to_come_back(case, publication, stub):
    page = "<title>503 Backend fetch failed</title>"  # what Varnish says, whether or not the post arrived
    stub.answer(case.place, 503, page, Retry_After="5")
    assert isinstance(case.make(stub.url).publish(publication(case.account)), Unconfirmed)


@pytest.mark.parametrize("status", [425, 429])
def test_a_network_that_asks_for_a_pause_gets_it(case, publication, stub, status):
    stub.answer(case.place, status, {"message": "slow down"}, Retry_After="7")
    result = case.make(stub.url).publish(publication(case.account))
    assert isinstance(result, RetryLater)
    assert result.retry_after == timedelta(seconds=7)


def test_a_log_in_that_no_longer_holds_asks_to_connect_again(case, publication, stub):
    stub.answer(case.place, 401, {"message": "no"})
    result = case.make(stub.url).publish(publication(case.account))
    assert isinstance(result, Refused)
    assert "Connect the account again" in result.reason


def test_a_redirect_is_not_followed(case, publication, stub):
    stub.answer(case.place, 307, "", Location=f"{stub.url}/elsewhere")
    assert isinstance(case.make(stub.url).publish(publication(case.account)), Refused)
    assert len(stub.requests) == 1


def test_an_answer_of_ten_megabytes_is_not_read_to_its_end(case, publication, stub):
    stub.answer(case.place, 400, {"message": "x" * 10_000_000})
    result = case.make(stub.url).publish(publication(case.account))
    assert isinstance(result, Refused)
    assert len(result.reason) < 300


def test_no_secret_shows_whatever_happens(case, publication, stub, caplog):
    """Not even where the other side repeats it, and not in a log at its chattiest."""
    caplog.set_level(logging.DEBUG)
    said = []
    for status in (400, 401, 403, 404, 429, 500):
        stub.answer(case.place, status, {"message": f"bad token {SECRET}", "description": SECRET, "detail": SECRET})
        said.append(case.make(stub.url).publish(publication(case.account)))
    said += [
        case.make("http://127.0.0.1:9").publish(publication(case.account)),
        case.make(stub.url).check(case.account),
    ]
    shown = f"{said} {case.account!r} {caplog.text}"
    assert "bad token" not in shown or "..." in shown
    assert SECRET not in shown


def test_the_check_says_in_words_what_is_wrong(case, stub):
    assert re.search(r"answered 404|did not|incomplete", case.make(stub.url).check(case.account))
    assert "could not be reached" in case.make("http://127.0.0.1:9").check(case.account)
