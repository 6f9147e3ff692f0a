"""Discord, Slack, Telegram, X and LinkedIn: Punctual never repeats an ambiguous attempt and never shows a secret."""

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest

from core.accounts.port import Account
from core.publishing.network import Network, NetworkResult, Published, Refused, RetryLater, Unconfirmed
from core.publishing.networks.discord.network import DiscordNetwork
from core.publishing.networks.linkedin.network import LinkedInNetwork
from core.publishing.networks.slack.network import SlackNetwork
from core.publishing.networks.telegram.network import TelegramNetwork
from core.publishing.networks.x.network import XNetwork
from core.time.instants import real_clock
from tests.core.publishing.networks.upload_apis import SECRET


@dataclass(frozen=True, kw_only=True)
class Case:
    """A network, an account, the request that publishes, and its successful response."""

    network: Callable[[str], Network]
    """Builds the network with its API at a URL."""
    account: Account
    request: str
    status: int
    body: Any
    url: str | None
    headers: dict[str, str]


def _account(destination: str, identity: str, **credentials: str) -> Account:
    return Account(destination=destination, label=destination, identity=identity, credentials=credentials)


CASES = {
    "discord": Case(
        network=lambda url: DiscordNetwork(real_clock, api=url),
        account=_account("discord:news", "77", webhook=f"123/{SECRET}"),
        request=f"POST /webhooks/123/{SECRET}",
        status=200,
        body={"id": "5", "channel_id": "6", "content": "..."},
        url="https://discord.com/channels/77/6/5",
        headers={},
    ),
    "slack": Case(
        network=lambda url: SlackNetwork(real_clock, hooks=url),
        account=_account("slack:team", "", webhook=f"T1/B2/{SECRET}"),
        request=f"POST /services/T1/B2/{SECRET}",
        status=200,
        body="ok",
        url=None,
        headers={},
    ),
    "telegram": Case(
        network=lambda url: TelegramNetwork(real_clock, api=url),
        account=_account("telegram:news", "-1001", token=f"1:{SECRET}"),
        request=f"POST /bot1:{SECRET}/sendMessage",
        status=200,
        body={"ok": True, "result": {"message_id": 9, "chat": {"id": -1001, "type": "channel", "username": "news"}}},
        url="https://t.me/news/9",
        headers={},
    ),
    "x": Case(
        network=lambda url: XNetwork(real_clock, api=url),
        account=_account("x:ada", "1", key=f"a{SECRET}", key_secret=f"b{SECRET}", token=SECRET, token_secret=SECRET),
        request="POST /2/tweets",
        status=201,
        body={"data": {"id": "12", "text": "..."}},
        url="https://x.com/ada/status/12",
        headers={},
    ),
    "linkedin": Case(
        network=lambda url: LinkedInNetwork(real_clock, api=url),
        account=_account("linkedin:abc", "urn:li:person:abc", token=SECRET),
        request="POST /rest/posts",
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
def publish(case, stub, publication) -> Callable[..., NetworkResult]:
    """Publish a post to the network. The stub accepts it; the URL may be another one."""
    stub.respond(case.request, case.status, case.body, **case.headers)
    return lambda url=stub.url: case.network(url).publish(publication(case.account))


def test_a_post_is_published_with_its_link(case, publish, stub):
    result = publish()
    assert isinstance(result, Published)
    assert result.url == case.url
    assert len(stub.received(case.request)) == 1


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_broken_connection_leaves_the_post_unconfirmed(case, publish, stub, faulty_proxy, when):
    proxy = faulty_proxy(stub.url)
    proxy.break_next(when)
    result = publish(proxy.url)
    assert isinstance(result, Unconfirmed)
    assert "Check the network" in result.reason
    assert len(stub.received(case.request)) == (1 if when == "after" else 0)


def test_a_success_whose_response_is_cut_off_is_published(case, publish, stub, faulty_proxy):
    if not case.body:
        pytest.skip("the whole response is in the headers")
    proxy = faulty_proxy(stub.url)
    proxy.break_next("during")
    result = publish(proxy.url)
    assert isinstance(result, Published)
    assert result.url is None


def test_a_success_that_is_not_from_the_network_leaves_the_post_unconfirmed(case, publish, stub):
    stub.respond(case.request, 200, "<html>Welcome to our Wi-Fi</html>")
    assert isinstance(publish(), Unconfirmed)


def test_an_unreachable_network_is_retried(publish):
    assert isinstance(publish("http://127.0.0.1:9"), RetryLater)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520])
def test_a_server_error_leaves_the_post_unconfirmed(case, publish, stub, status):
    stub.respond(case.request, status, "<html>Bad gateway</html>")
    assert isinstance(publish(), Unconfirmed)


def test_a_503_with_retry_after_leaves_the_post_unconfirmed(case, publish, stub):
    page = "<title>503 Backend fetch failed</title>"  # from Varnish, whether or not the post arrived
    stub.respond(case.request, 503, page, Retry_After="5")
    assert isinstance(publish(), Unconfirmed)


@pytest.mark.parametrize("status", [425, 429])
def test_a_rate_limit_delays_the_next_attempt(case, publish, stub, status):
    stub.respond(case.request, status, {"message": "slow down"}, Retry_After="7")
    result = publish()
    assert isinstance(result, RetryLater)
    assert result.retry_after == timedelta(seconds=7)


def test_an_expired_login_asks_the_user_to_connect_again(case, publish, stub):
    stub.respond(case.request, 401, {"message": "no"})
    result = publish()
    assert isinstance(result, Refused)
    assert "Connect the account again" in result.reason


def test_a_redirect_is_not_followed(case, publish, stub):
    stub.respond(case.request, 307, "", Location=f"{stub.url}/elsewhere")
    assert isinstance(publish(), Refused)
    assert len(stub.requests) == 1


def test_a_response_of_ten_megabytes_gives_a_short_reason(case, publish, stub):
    stub.respond(case.request, 400, {"message": "x" * 10_000_000})
    result = publish()
    assert isinstance(result, Refused)
    assert len(result.reason) < 300


def test_no_result_check_or_log_shows_a_secret(case, publish, stub, caplog):
    """Also if the server repeats it, and also in the debug log."""
    caplog.set_level(logging.DEBUG)
    results = []
    for status in (400, 401, 403, 404, 429, 500):
        stub.respond(case.request, status, {"message": f"bad token {SECRET}", "description": SECRET, "detail": SECRET})
        results.append(publish())
    results += [
        publish("http://127.0.0.1:9"),
        case.network(stub.url).check(case.account),
    ]
    shown = f"{results} {case.account!r} {caplog.text}"
    assert "bad token" not in shown or "..." in shown
    assert SECRET not in shown


def test_a_check_names_the_problem(case, stub):
    assert re.search(r"answered 404|did not|incomplete", case.network(stub.url).check(case.account).problem)
    assert "could not be reached" in case.network("http://127.0.0.1:9").check(case.account).problem
