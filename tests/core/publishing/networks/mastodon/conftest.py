"""Mastodon, and an account on mastodon_mock, a third-party server, or on a stub."""

from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests

from core.accounts.port import Account
from core.publishing.networks.mastodon.network import MastodonNetwork
from core.time.instants import real_clock


@pytest.fixture
def network() -> MastodonNetwork:
    """Return the network without its pauses."""
    return MastodonNetwork(real_clock, sleep=lambda seconds: None)


@pytest.fixture
def account(network, mastodon_server) -> Account:
    return network.connect({"server": mastodon_server, "token": "mock_token"})


@pytest.fixture
def account_at(account) -> Callable[[str], Account]:
    """Return the account with another server address."""
    return lambda url: account.model_copy(update={"address": url})


class StatusList:
    """The statuses of an account on a stub, listed as servers with Mastodon's API list them, `page` at once.

    Like GoToSocial, it ignores `since_id` unless `knows_since_id` is set.
    """

    def __init__(self, stub: Any, page: int = 20) -> None:
        self._stub = stub
        self._statuses: dict[int, dict[str, Any]] = {}
        self.page = page
        self.knows_since_id = False

    def __call__(self, request: Any) -> list[dict[str, Any]]:
        query = dict(parse_qsl(urlsplit(request.path).query))
        highest = int(query.get("max_id", 10**9))
        lowest = int(query.get("since_id", 0)) if self.knows_since_id else 0
        ids = sorted((each for each in self._statuses if lowest < each < highest), reverse=True)
        return [self._statuses[each] for each in ids[: min(self.page, int(query["limit"]))]]

    def add(self, number: int, text: str | None, **members: Any) -> None:
        """Add a status. Without `text`, its source cannot be read."""
        members = {"id": str(number), "created_at": real_clock().isoformat(), "in_reply_to_id": None, **members}
        self._statuses[number] = members
        self._stub.respond(f"GET /api/v1/statuses/{number}/source", 200, {} if text is None else {"text": text})


@pytest.fixture
def listed(account, stub) -> StatusList:
    """Return the statuses on the stub server, none at first."""
    statuses = StatusList(stub)
    stub.respond(f"GET /api/v1/accounts/{account.identity}/statuses", 200, statuses)
    return statuses


@pytest.fixture
def stub_account(account_at, stub, listed) -> Account:
    """Return the account on the stub server."""
    return account_at(stub.url)


@pytest.fixture
def statuses(mastodon_server, account) -> Callable[[str], list[dict[str, Any]]]:
    """Return the account's statuses that contain the last word of a text."""

    def find(text: str) -> list[dict[str, Any]]:
        url = f"{mastodon_server}/api/v1/accounts/{account.identity}/statuses"
        headers = {"Authorization": "Bearer mock_token"}
        latest = requests.get(url, params={"limit": 40}, headers=headers, timeout=10).json()
        return [status for status in latest if text.split()[-1] in status["content"]]

    return find
