"""Bluesky, and an account on a fake or real server, or on a stub."""

from collections.abc import Callable

import pytest

from core.accounts.port import Account
from core.publishing.networks.bluesky.network import BlueskyNetwork
from core.time.instants import real_clock

SESSION = {"did": "did:plc:ada", "accessJwt": "jwt", "handle": "ada.test"}


@pytest.fixture
def network() -> BlueskyNetwork:
    return BlueskyNetwork(real_clock)


@pytest.fixture
def connect(network, pds_user) -> Callable[..., Account]:
    """Connect the user's account, at another address if one is given."""
    return lambda server=None: network.connect(pds_user.form | {"server": server or pds_user.server})


@pytest.fixture
def connect_to_stub(network, stub) -> Callable[[], Account]:
    """Connect an account on the stub server."""

    def connect() -> Account:
        stub.respond("POST /xrpc/com.atproto.server.createSession", 200, SESSION)
        return network.connect({"handle": "ada.test", "password": "abcd-efgh-ijkl-mnop", "server": stub.url})

    return connect
