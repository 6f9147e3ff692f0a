"""Mastodon, and an account on mastodon_mock, a third-party server, or on a stub."""

from collections.abc import Callable
from typing import Any

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


@pytest.fixture
def stub_account(account_at, stub) -> Account:
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
